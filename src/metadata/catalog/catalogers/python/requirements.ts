/**
 * Requirements files of pip: what they pin to one version, with the files that they include (`-r`) and the constraints that pin what
 * they leave open (`-c`). Files that are named for development or tests are for development.
 */
import { AppError } from '../../../../core/index.ts';
import type { FileEntry, FileTree } from '../../../../core/index.ts';
import { SKIP } from '../../cataloger.ts';
import type { Cataloger } from '../../cataloger.ts';
import { catalogFiles, locationOf, textOf } from '../../components.ts';
import type { Finds } from '../../components.ts';
import { onlyHash } from '../../values.ts';
import { folderOf, joinPath } from '../../paths.ts';
import { findRepository, foldName, parseRequirement, pinOf, pypiPurl } from './python-package.ts';
import type { Requirement } from './python-package.ts';

const REQUIREMENTS = /(?:^|\/)(?:[^/]*requirements?[^/]*\.txt|requirements?\/[^/]+\.txt)$/i;
const CONSTRAINTS = /(?:^|\/)[^/]*constraints?[^/]*\.txt$/i;
const DEVELOPMENT = /(?:^|[-_./])(?:dev|develop|development|tests?|testing|lint|docs?)(?=[-_.][^/]*$)/i;
/** Compiled lists with hashes have some 100 KiB. */
const MAX_BYTES = 16 * 1024 * 1024;
/** Files that include each other. */
const MAX_INCLUDES = 64;

export const requirements: Cataloger = {
  id: 'requirements',
  evidence: 'declared',
  names: ['*.txt'],
  select: ({ path }) =>
    (REQUIREMENTS.test(path) || CONSTRAINTS.test(path)) && !/(?:^|\/)(?:site|dist)-packages\//.test(path)
      ? { kind: 'keep', maxBytes: MAX_BYTES }
      : SKIP,
  catalog: async (tree, files, context) =>
    await catalogFiles(
      files.filter(({ path }) => !CONSTRAINTS.test(path)),
      { tree, context, finder: { foundBy: 'requirements', evidence: 'manifest' } },
      async (content, file, finds) => {
        const all: Line[] = [];
        const constraints = new Map<string, string>();
        const skip = (reason: string) => finds.skip(file, reason);
        await collect(content, { tree, path: file.path, all, constraints, seen: new Set([file.path]), skip });
        addLines(finds, file, { all, constraints });
      },
    ),
};

interface Line extends Requirement {
  readonly path: string;
  readonly lines: readonly [number, number];
  readonly hashes: readonly string[];
}

interface Collection {
  readonly tree: FileTree;
  readonly path: string;
  readonly all: Line[];
  readonly constraints: Map<string, string>;
  readonly seen: Set<string>;
  readonly skip: (reason: string) => void;
}

async function collect(content: Uint8Array, into: Collection): Promise<void> {
  if (into.seen.size > MAX_INCLUDES) {
    throw new AppError('invalid-input', `${into.path}: expected at most ${MAX_INCLUDES} files that include each other`);
  }
  for (const { text, lines } of logicalLines(textOf(content))) {
    const included = /^(?:-r|--requirement|-c|--constraint)[\s=]+(\S+)/.exec(text);
    if (included?.[1] !== undefined) await include(included[1], { ...into, isConstraint: /^(?:-c|--c)/.test(text) });
    const [head = '', ...options] = text.split(/\s(?=--?[A-Za-z])/);
    const requirement = parseRequirement(asReference(text) ?? head);
    if (requirement === undefined) {
      if (included === null && ADDRESS.test(text)) into.skip(`${text}: expected a name and one version, found none`);
      continue;
    }
    const hashes = options.flatMap((option) => /^--hash=(\S+)/.exec(option)?.[1] ?? []);
    into.all.push({ ...requirement, path: into.path, lines, hashes });
  }
}

/** What pip installs from a folder, a file or an address, with an option or without. */
const ADDRESS = /^(?:(?:-e|--editable)[\s=]*)?(?:\.{0,2}\/|\.{1,2}(?=\s|$)|[a-z+]+:\/\/)/;

/** `[-e] git+https://host/repository@commit#egg=name` as a requirement that begins with the name. */
function asReference(text: string): string | undefined {
  const [, address, name] = /^(?:(?:-e|--editable)[\s=]*)?(git\+[^\s#]+)#(?:\S+&)?egg=([\w.-]+)/.exec(text) ?? [];
  return address === undefined || name === undefined ? undefined : `${name} @ ${address}`;
}

async function include(target: string, into: Collection & { readonly isConstraint: boolean }): Promise<void> {
  const path = /^[a-z]+:/.test(target) ? undefined : joinPath(folderOf(into.path), target);
  if (path !== undefined && into.seen.has(path)) return;
  const content = path === undefined ? undefined : await into.tree.read(path);
  if (path === undefined || content === undefined) {
    if (!into.isConstraint)
      into.skip(`${into.path} includes "${target}": expected it among requirements files, found none`);
    return;
  }
  into.seen.add(path);
  const all = into.isConstraint ? [] : into.all;
  await collect(content, { ...into, path, all });
  if (!into.isConstraint) return;
  for (const { name, specifier } of all) {
    const version = pinOf(specifier);
    if (version !== undefined) into.constraints.set(foldName(name), version);
  }
}

/** A backslash joins lines; a comment begins at the start or after a blank. */
function* logicalLines(text: string): Generator<{ readonly text: string; readonly lines: readonly [number, number] }> {
  let joined = '';
  let start = 1;
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (joined === '') start = index + 1;
    const bare = line.replace(/(?:^|\s)#.*$/, '').trimEnd();
    if (bare.endsWith('\\')) {
      joined += `${bare.slice(0, -1)} `;
      continue;
    }
    const whole = `${joined}${bare}`.trim();
    joined = '';
    if (whole !== '') yield { text: whole, lines: [start, index + 1] };
  }
  if (joined.trim() !== '') yield { text: joined.trim(), lines: [start, start] };
}

function addLines(
  finds: Finds,
  file: FileEntry,
  found: { readonly all: readonly Line[]; readonly constraints: ReadonlyMap<string, string> },
): void {
  for (const { name, specifier, path, lines, hashes } of found.all) {
    const repository = specifier.startsWith('@') ? findRepository(specifier) : undefined;
    const constraint = specifier === '' ? found.constraints.get(foldName(name)) : undefined;
    const version = pinOf(specifier) ?? constraint ?? (repository === undefined ? undefined : '');
    const bare = version === undefined ? undefined : pypiPurl({ name, version });
    const purl =
      bare === undefined || repository === undefined ? bare : { ...bare, qualifiers: { vcs_url: repository } };
    if (version === undefined) finds.skip(file, `${name} ${specifier}: expected one version, as after ==, found none`);
    if (version === undefined || purl === undefined) continue;
    const own = locationOf(file);
    const locations = path === file.path ? [{ ...own, lines }] : [own, { ...own, path, lines }];
    const scope = DEVELOPMENT.test(file.path) ? ('development' as const) : ('runtime' as const);
    finds.add(file, { name, version, purl, locations, scope, hashes: onlyHash(hashes) });
  }
}
