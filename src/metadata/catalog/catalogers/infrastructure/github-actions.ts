/**
 * GitHub Actions: what workflows (`.github/workflows/*.yml`) and composite actions (`action.yml`) use. A commit with a version in the
 * comment behind it, as pinning tools write it, has that version.
 */
import { isRecord, mismatch, recordsOf } from '../../../../core/index.ts';
import { textOf } from '../../components.ts';
import type { Given } from '../../components.ts';
import { parseYaml } from '../../documents.ts';
import { createFileCataloger, linesOf } from '../../file-cataloger.ts';
import type { Reading } from '../../file-cataloger.ts';
import { recordOf } from '../../values.ts';

const WORKFLOW = /(?:^|\/)\.github\/workflows\/[^/]+\.ya?ml$/;
const ACTION = /(?:^|\/)action\.ya?ml$/;

/** Packages are published with the workflows of their repositories, which run nowhere else. */
const INSTALLED = /(?:^|\/)(?:node_modules|site-packages|dist-packages|vendor|gems)\//;

export const githubActions = createFileCataloger({
  id: 'github-actions',
  evidence: 'manifest',
  names: ['*.yml', '*.yaml'],
  isChosen: (path) => (WORKFLOW.test(path) || ACTION.test(path)) && !INSTALLED.test(path),
  maxBytes: 4 * 1024 * 1024,
  read,
});

function read({ content, file, finds }: Reading): void {
  const document = parseYaml(content, file.path);
  if (!isRecord(document)) throw mismatch(file.path, 'an object', document);
  const jobs = Object.values(recordOf(document.jobs)).map(recordOf);
  const steps = [...jobs, recordOf(document.runs)].flatMap(({ steps: list }) => recordsOf(list));
  const places = findPlaces(textOf(content));
  const used = new Set([...jobs, ...steps].flatMap(({ uses }) => (typeof uses === 'string' ? [uses.trim()] : [])));
  for (const text of used) {
    const lines = places.get(text) ?? [];
    const given = describe(text, lines.find(({ version }) => version !== undefined)?.version);
    if (given === undefined) finds.skip(file, `expected an action and its reference, found "${text.slice(0, 80)}"`);
    else
      finds.add(file, {
        ...given,
        scope: 'development',
        ...(lines.length === 0 ? {} : { locations: lines.flatMap(({ line }) => linesOf(file, line)) }),
      });
  }
}

interface Place {
  readonly line: number;
  /** Of the comment. */
  readonly version: string | undefined;
}

function findPlaces(text: string): ReadonlyMap<string, readonly Place[]> {
  const places = new Map<string, Place[]>();
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const [, used, comment] = /^[\s-]*uses:\s*["']?([^\s"'#]+)["']?\s*(?:#\s*(\S+))?/.exec(line) ?? [];
    if (used === undefined) continue;
    const version = /^v?\d+(?:\.\d+)*(?:-[\w.]+)?$/.test(comment ?? '') ? comment : undefined;
    const known = places.get(used);
    const place = { line: index + 1, version };
    if (known === undefined) places.set(used, [place]);
    else known.push(place);
  }
  return places;
}

/** `owner/repository[/folder]@reference`, `./folder` of the same repository, or `docker://image`. */
function describe(text: string, commented: string | undefined): Given | undefined {
  if (text.startsWith('./')) return { name: text, version: '', kind: 'application' };
  const [, namespace, image, tag] =
    /^docker:\/\/((?:[^\s@/]+\/)*)([^\s@/:]+)(?::([\w.-]+))?(?:@sha256:[0-9a-f]{64})?$/.exec(text) ?? [];
  if (image !== undefined) {
    const purl = { type: 'docker', namespace, name: image, version: tag };
    return { name: `${namespace}${image}`, version: tag ?? '', purl };
  }
  const [, owner, repository, folder, reference] = /^([\w.-]+)\/([\w.-]+)((?:\/[\w.-]+)*)@([^\s@]+)$/.exec(text) ?? [];
  if (owner === undefined || repository === undefined || reference === undefined) return undefined;
  const isCommit = /^[0-9a-f]{40}$/.test(reference);
  const version = isCommit && commented !== undefined ? commented : reference;
  return {
    name: text.slice(0, text.indexOf('@')),
    version,
    purl: { type: 'github', namespace: owner, name: repository, version, subpath: folder },
    properties: isCommit ? { 'github:commit': reference } : {},
  };
}
