/** Haskell: `cabal.project.freeze`, `stack.yaml` and `stack.yaml.lock`. Of a snapshot of Stackage only its name is in these files. */
import { isRecord, mismatch } from '../../../../core/index.ts';
import { textOf } from '../../components.ts';
import type { Given } from '../../components.ts';
import { parseYaml } from '../../documents.ts';
import { createFileCataloger, linesOf } from '../../file-cataloger.ts';
import type { Reading } from '../../file-cataloger.ts';

export const cabalFreeze = createFileCataloger({
  id: 'cabal-freeze',
  evidence: 'lock',
  names: ['cabal.project.freeze'],
  read: readFreeze,
});

export const stack = createFileCataloger({
  id: 'stack',
  evidence: 'lock',
  names: ['stack.yaml', 'stack.yaml.lock'],
  read: readStack,
});

/** `any.` marks what was resolved: of whatever place in the graph. */
function readFreeze({ content, file, finds }: Reading): void {
  for (const [index, line] of textOf(content).split(/\r?\n/).entries()) {
    if (line.trimStart().startsWith('--')) continue;
    for (const [, name = '', version = ''] of line.matchAll(/\bany\.([A-Za-z0-9][\w-]*) ==([\d.]+)/g))
      finds.add(file, { ...hackage(name, version), locations: linesOf(file, index + 1) });
  }
}

function readStack({ content, file, finds }: Reading): void {
  const document = parseYaml(content, file.path);
  if (!isRecord(document)) throw mismatch(file.path, 'an object', document);
  const entries = [document['extra-deps'], document.packages].flatMap((list): readonly unknown[] =>
    Array.isArray(list) ? list : [],
  );
  for (const entry of entries) {
    const text = isRecord(entry) && isRecord(entry.completed) ? entry.completed.hackage : entry;
    const given = typeof text === 'string' ? findPackage(text) : undefined;
    if (given !== undefined) finds.add(file, given);
    else if (text !== undefined && typeof text === 'string' && text.includes('@'))
      finds.skip(file, `expected a package of Hackage, found "${text.slice(0, 80)}"`);
  }
}

/** `name-1.2.3@sha256:…,size`: the hash is of the package's description, not of the package. Folders and archives are none. */
function findPackage(text: string): Given | undefined {
  const [, name, version, revision] =
    /^([A-Za-z0-9]+(?:-[A-Za-z0-9]+)*)-(\d+(?:\.\d+)*)(?:@(sha256:[0-9a-f]{64}|rev:\d+)(?:,\d+)?)?$/.exec(text) ?? [];
  if (name === undefined || version === undefined) return undefined;
  return { ...hackage(name, version), properties: revision === undefined ? {} : { 'hackage:revision': revision } };
}

function hackage(name: string, version: string): Given {
  return { name, version, purl: { type: 'hackage', name, version } };
}
