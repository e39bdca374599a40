/**
 * yarn.lock of version 1 (a form of its own) and of Berry (YAML). Neither says what is for development: package.json does, of the
 * project and its workspaces.
 */
import { AppError, isRecord } from '../../../../core/index.ts';
import type { FileEntry } from '../../../../core/index.ts';
import type { Cataloger } from '../../cataloger.ts';
import { textOf } from '../../components.ts';
import { parseYaml } from '../../documents.ts';
import { MAX_FILE_BYTES } from '../../file-cataloger.ts';
import type { Locked, Needs } from '../../locked.ts';
import { recordOf } from '../../values.ts';
import { isTarball, npmOrigin } from './npm-origin.ts';
import { integrityHashes, splitAt } from './npm-package.ts';
import type { Raw } from '../../values.ts';
import { folderOf } from '../../paths.ts';
import { workspacesOf } from './project.ts';
import type { Project } from './project.ts';
import { projectLock } from './project-lock.ts';

export const yarnLock: Cataloger = projectLock({
  id: 'yarn-lock',
  name: 'yarn.lock',
  maxBytes: MAX_FILE_BYTES,
  *read(content, { file, projects }) {
    const text = textOf(content);
    const members = workspacesOf(folderOf(file.path), projects);
    const isBerry = /^__metadata:/m.test(text);
    yield isBerry ? readBerry(content, file, projects) : withProjects(readClassic(text, file.path), members);
  },
});

/** Lock files of the largest projects have some ten thousand. */
const MAX_BLOCKS = 500_000;

interface Block {
  readonly patterns: readonly string[];
  readonly fields: ReadonlyMap<string, string>;
  readonly needs: Readonly<Record<'dependencies' | 'optionalDependencies', readonly string[]>>;
}

/** By pattern: one entry stands under each of the patterns that it satisfies. */
function readClassic(text: string, what: string): Map<string, Locked> {
  const locked = new Map<string, Locked>();
  const blocks = parseBlocks(text, what);
  if (blocks.length === 0 && /^[^#\s]/m.test(text)) {
    throw new AppError('invalid-input', `${what}: expected entries of a yarn.lock, found none`);
  }
  for (const block of blocks) {
    const entry = readBlock(block);
    if (entry === undefined) continue;
    for (const pattern of block.patterns) locked.set(pattern, entry);
  }
  return locked;
}

function parseBlocks(text: string, what: string): readonly Block[] {
  const blocks: Block[] = [];
  let fields = new Map<string, string>();
  let needs = { dependencies: [] as string[], optionalDependencies: [] as string[] };
  let list: string[] | undefined;
  for (const line of text.split(/\r?\n/)) {
    const indent = /^ */.exec(line)?.[0].length ?? 0;
    const words = wordsOf(line.trim());
    const [key = '', value = ''] = words;
    if (key === '' || key.startsWith('#')) continue;
    if (indent === 0 && line.trimEnd().endsWith(':')) {
      if (blocks.length >= MAX_BLOCKS)
        throw new AppError('invalid-input', `${what}: expected at most ${MAX_BLOCKS} entries, found more`);
      fields = new Map();
      needs = { dependencies: [], optionalDependencies: [] };
      blocks.push({ patterns: words, fields, needs });
      list = undefined;
    } else if (indent === 2 && (key === 'dependencies' || key === 'optionalDependencies')) list = needs[key];
    else if (indent === 2) {
      fields.set(key, value);
      list = undefined;
    } else if (indent >= 4) list?.push(`${key}@${value}`);
  }
  return blocks;
}

/** Words apart by blanks, commas and a last colon; quotes keep these together. */
function wordsOf(line: string): readonly string[] {
  return [...line.matchAll(/"((?:[^"\\]|\\.)*)"?|[^\s,"]+/g)]
    .map((match) => match[1] ?? match[0].replace(/:$/, ''))
    .filter((word) => word !== '');
}

function readBlock({ patterns: [pattern = ''], fields, needs }: Block): Locked | undefined {
  const { name, range } = splitAt(pattern) ?? { name: pattern, range: '' };
  const version = fields.get('version');
  if (version === undefined) return undefined;
  const resolved = fields.get('resolved') ?? '';
  const sha1 = /#([0-9a-f]{40})$/.exec(resolved)?.[1];
  const hashes = integrityHashes(fields.get('integrity'));
  const isRegistry = resolved.includes('/-/');
  return {
    name: registryName(resolved) ?? aliasOf(range) ?? name,
    version,
    ...npmOrigin(isLocalRange(range) && !isRegistry ? range : resolved),
    isLocal: isLocalRange(range) && !isRegistry && !isTarball(range),
    hashes: hashes.length > 0 || sha1 === undefined || !isRegistry ? hashes : [{ algorithm: 'sha1', value: sha1 }],
    needs: { runtime: needs.dependencies, optional: needs.optionalDependencies },
  };
}

function isLocalRange(range: string): boolean {
  return /^(?:file|link|portal|workspace):/.test(range);
}

/** Registries serve `NAME/-/FILE.tgz`; the name there is the one that was fetched, whatever it is called here. */
function registryName(resolved: string): string | undefined {
  const end = /^https?:\/\/[^/]+\//.test(resolved) ? resolved.indexOf('/-/') : -1;
  const [scope = '', name] = resolved
    .slice(0, Math.max(0, end))
    .replace(/%40/i, '@')
    .replace(/%2f/i, '/')
    .split('/')
    .slice(-2);
  return scope.startsWith('@') ? `${scope}/${name}` : name;
}

function aliasOf(range: string): string | undefined {
  return range.startsWith('npm:') ? splitAt(range.slice('npm:'.length))?.name : undefined;
}

/** What the project and its workspaces need, by the patterns of the lock file. */
function withProjects(locked: Map<string, Locked>, projects: readonly Project[]): ReadonlyMap<string, Locked> {
  const byName = new Map(projects.map(({ name, folder }) => [name, `folder ${folder}`]));
  const find = (wanted: Raw) =>
    Object.entries(wanted).flatMap(([name, range]) => {
      const pattern = `${name}@${String(range)}`;
      return locked.has(pattern) ? [pattern] : (byName.get(name) ?? []);
    });
  const local = projects.map(({ folder, name, version, ...wanted }): readonly [string, Locked] => {
    const needs = {
      runtime: find(wanted.dependencies),
      optional: find(wanted.optionalDependencies),
      development: find(wanted.devDependencies),
    };
    // the first is beside the lock file, the others are below it
    const below = folder.slice(projects[0]?.folder.length);
    return [`folder ${folder}`, { name, version, isLocal: true, folder: below, needs }];
  });
  return withoutUnasked(new Map([...locked, ...local]));
}

/** `resolutions` add a pattern to those of an entry, which nobody asks for; by itself it would be needed for running. */
function withoutUnasked(locked: ReadonlyMap<string, Locked>): ReadonlyMap<string, Locked> {
  const asked = new Set([...locked.values()].flatMap(({ needs = {} }) => Object.values(needs).flat()));
  const known = new Set([...locked].flatMap(([key, entry]) => (asked.has(key) ? [entry] : [])));
  return new Map([...locked].filter(([key, entry]) => asked.has(key) || !known.has(entry)));
}

function readBerry(
  content: Uint8Array,
  file: FileEntry,
  projects: ReadonlyMap<string, Project>,
): ReadonlyMap<string, Locked> {
  const document = parseYaml(content, file.path);
  if (!isRecord(document)) throw new AppError('invalid-input', `${file.path}: expected a map of packages, found none`);
  const locked = new Map<string, Locked>();
  for (const [key, raw] of Object.entries(document)) {
    if (key === '__metadata' || !isRecord(raw)) continue;
    const entry = readEntry(key, raw, { folder: folderOf(file.path), projects });
    for (const pattern of key.split(/,\s*/)) locked.set(pattern, entry);
  }
  const resolutions = readResolutions(projects.get(folderOf(file.path))?.resolutions ?? {});
  const keyOf = keyFinder(locked);
  usePatched(locked);
  return new Map(
    [...locked].map(([key, { needs = {}, ...entry }]) => {
      const resolve = (keys: readonly string[] = []) =>
        keys.map((one) => keyOf(redirect(one, entry.name, resolutions)));
      const resolved: Needs = {
        runtime: resolve(needs.runtime),
        optional: resolve(needs.optional),
        development: resolve(needs.development),
      };
      return [key, { ...entry, needs: resolved }];
    }),
  );
}

/** Keys have the protocol, which was left out of ranges before version 8, and bindings (`::locator=`), which ranges have not. */
function keyFinder(locked: ReadonlyMap<string, Locked>): (pattern: string) => string {
  const bound = new Map([...locked.keys()].map((key) => [key.replace(/::[^:]*$/, ''), key]));
  return (pattern) => (locked.has(pattern) ? pattern : (bound.get(pattern) ?? withProtocol(pattern)));
}

/** What one of `resolutions` puts in the place of a range (yarnpkg.com/configuration/manifest#resolutions). */
interface Resolution {
  readonly from: string | undefined;
  readonly name: string;
  readonly range: string | undefined;
  readonly to: string;
}

/** `name`, `name@range`, `from/name`; `**` is any package. */
const SELECTOR = /^(?:(\*\*|(?:@[^/@]+\/)?[^/@]+)(?:@[^/]+)?\/)?((?:@[^/@]+\/)?[^/@]+)(?:@(.+))?$/;

function readResolutions(raw: Raw): ReadonlyMap<string, readonly Resolution[]> {
  const read = Object.entries(raw).flatMap(([selector, to]): readonly Resolution[] => {
    const [, from, name, range] = SELECTOR.exec(selector) ?? [];
    return name === undefined || typeof to !== 'string'
      ? []
      : [{ from: from === '**' ? undefined : from, name, range, to }];
  });
  return Map.groupBy(read, ({ name }) => name);
}

function redirect(pattern: string, from: string, resolutions: ReadonlyMap<string, readonly Resolution[]>): string {
  const { name, range } = splitAt(pattern) ?? { name: pattern, range: '' };
  const found = resolutions
    .get(name)
    ?.find((one) => (one.from ?? from) === from && (one.range === undefined || sameRange(one.range, range)));
  return found === undefined ? pattern : `${name}@${found.to}`;
}

function sameRange(a: string, b: string): boolean {
  return a.replace(/^npm:/, '') === b.replace(/^npm:/, '');
}

/**
 * What is patched stands in the lock file beside its patch (yarnpkg.com/protocol/patch), and is the package that counts. Who needs the patch
 * needs it; yarn's own patches are needed by nobody, since the project names what they patch.
 */
function usePatched(locked: Map<string, Locked>): void {
  for (const key of locked.keys()) {
    const patched = /^@?[^@]+@patch:([^#]+)#/.exec(key)?.[1];
    if (patched === undefined) continue;
    const base = patched.replaceAll(/%3a/gi, ':').replaceAll(/%40/gi, '@');
    const found = locked.has(base) ? base : withProtocol(base);
    const entry = locked.get(found);
    if (entry === undefined || key.includes('builtin<')) locked.delete(key);
    else locked.set(key, { ...entry, needs: { ...entry.needs, runtime: [...(entry.needs?.runtime ?? []), found] } });
  }
}

/** `name@npm:range` of `name@range`. */
function withProtocol(pattern: string): string {
  return pattern.replace(/(?<=.)@(?!npm:)/, '@npm:');
}

interface Source {
  readonly folder: string;
  readonly projects: ReadonlyMap<string, Project>;
}

function readEntry(key: string, raw: Raw, source: Source): Locked {
  const resolution = typeof raw.resolution === 'string' ? raw.resolution : (key.split(',', 1)[0] ?? '');
  const { name, range } = splitAt(resolution) ?? { name: resolution, range: '' };
  const project = projectAt(range, source);
  const origin = /^(?:npm|patch|workspace|link|portal):/.test(range) ? {} : npmOrigin(range);
  const optional = new Set(
    Object.entries(recordOf(raw.dependenciesMeta)).flatMap(([needed, meta]) =>
      recordOf(meta).optional === 'true' ? [needed] : [],
    ),
  );
  const kindOf = (needed: string) => {
    if (Object.hasOwn(project?.devDependencies ?? {}, needed)) return 'development';
    return optional.has(needed) || Object.hasOwn(project?.optionalDependencies ?? {}, needed) ? 'optional' : 'runtime';
  };
  const wanted = Object.entries(recordOf(raw.dependencies));
  const needs = (kind: string) =>
    wanted.filter(([needed]) => kindOf(needed) === kind).map(([needed, to]) => `${needed}@${String(to)}`);
  const version = typeof raw.version === 'string' ? raw.version : '';
  return {
    name,
    version: version === '0.0.0-use.local' && project !== undefined ? project.version : version,
    ...origin,
    folder: /^workspace:(.*)/.exec(range)?.[1],
    isLocal: raw.linkType === 'soft' || (isLocalRange(range) && !isTarball(range)),
    properties: {
      ...origin.properties,
      ...(typeof raw.checksum === 'string' ? { 'yarn:checksum': raw.checksum } : {}),
    },
    needs: { runtime: needs('runtime'), optional: needs('optional'), development: needs('development') },
  };
}

function projectAt(range: string, { folder, projects }: Source): Project | undefined {
  if (!range.startsWith('workspace:')) return undefined;
  const path = range.slice('workspace:'.length);
  return projects.get(path === '.' ? folder : `${folder}${path}/`);
}
