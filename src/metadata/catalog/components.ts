/** How catalogers build components and reasons for skipping. */
import { AppError } from '../../core/index.ts';
import type { FileEntry, FileTree, SkippedFile } from '../../core/index.ts';
import { createPurl, formatPurl } from '../ecosystem/index.ts';
import type { PurlParts } from '../ecosystem/index.ts';
import { isHash, repositoryAddress, tellablePlace, tellableText } from '../sbom/index.ts';
import type { Component, Dependency, Evidence, Location } from '../sbom/index.ts';
import type { Catalog, CatalogContext, Placed } from './cataloger.ts';

/** Of a component, what its finder knows. */
export type Given = Pick<Component, 'name' | 'version'> & { readonly purl?: PurlParts | undefined } & Partial<
    Omit<Component, 'id' | 'purl' | 'foundBy'>
  > &
  Omit<Placed, 'id'>;

/**
 * A component whose id is its package URL, or its finder, name and version where it has none. Throws `invalid-input` when the parts
 * make no package URL.
 */
function createComponent(
  given: Given & { readonly foundBy: string; readonly locations: readonly Location[] },
): Component {
  const { purl: parts, ...rest } = given;
  const sourceRepository = rest.sourceRepository ?? (parts === undefined ? undefined : findRepository(parts));
  const purl = parts === undefined ? undefined : formatPurl(createPurl(tellable(parts)));
  return {
    kind: 'library',
    licences: [],
    scope: 'runtime',
    properties: {},
    ...rest,
    hashes: (rest.hashes ?? []).filter(isHash),
    id: purl ?? `${given.foundBy}:${given.name}@${given.version}`,
    ...(purl === undefined ? {} : { purl }),
    ...(sourceRepository === undefined ? {} : { sourceRepository }),
  };
}

/** With addresses that do not say who may read what is there. */
function tellable(parts: PurlParts): PurlParts {
  if (parts.qualifiers === undefined) return parts;
  const qualifiers = Object.entries(parts.qualifiers).map(
    ([key, value]) => [key, value !== undefined && key.endsWith('_url') ? tellablePlace(value) : value] as const,
  );
  return { ...parts, qualifiers: Object.fromEntries(qualifiers) };
}

/** Some package URLs say which repository they mean: by its address, or by where Go and others look for such names. */
function findRepository({ type, namespace, name, qualifiers }: PurlParts): string | undefined {
  const url = qualifiers?.vcs_url;
  if (url !== undefined) return repositoryAddress(url.replace(/^((?:\w+\+)?[a-z+]+:\/\/[^/]+\/[^@]*)@.*$/i, '$1'));
  const path = `${type === 'github' || type === 'bitbucket' ? `${type}.${type === 'github' ? 'com' : 'org'}/` : ''}${namespace}/${name}`;
  const [repository] = /^(?:github\.com|bitbucket\.org)\/[\w.-]+\/[\w.-]+/.exec(path) ?? [];
  return repository === undefined || !['golang', 'swift', 'github', 'bitbucket'].includes(type)
    ? undefined
    : `https://${repository}`;
}

export function locationOf(entry: FileEntry): Location {
  return entry.layer === undefined ? { path: entry.path } : { path: entry.path, layer: entry.layer.diffId };
}

/** Reads a chosen file as UTF-8, damaged bytes replaced; undefined when it was not at hand. */
export async function readText(tree: FileTree, path: string): Promise<string | undefined> {
  const bytes = await tree.read(path);
  return bytes === undefined ? undefined : textOf(bytes);
}

/** UTF-8, or UTF-16 where a byte order mark says so; damaged bytes are replaced. */
export function textOf(bytes: Uint8Array): string {
  const mark = (bytes[0] ?? 0) * 256 + (bytes[1] ?? 0);
  if (mark === 0xfffe || mark === 0xfeff)
    return new TextDecoder(mark === 0xfffe ? 'utf-16le' : 'utf-16be').decode(bytes);
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  return text.startsWith('\ufeff') ? text.slice(1) : text;
}

/** Runs over one file; what the file's own fault is becomes a skipped entry, all else is thrown. */
export async function trying(path: string, skipped: SkippedFile[], work: () => void | Promise<void>): Promise<void> {
  try {
    await work();
  } catch (thrown) {
    if (!(thrown instanceof AppError) || thrown.kind !== 'invalid-input') throw thrown;
    skipped.push({ path, reason: tellableText(thrown.message) });
  }
}

/** Reads binary content whose numbers may point outside it. Throws `invalid-input` then. */
export function withinBounds<T>(what: string, read: () => T): T {
  try {
    return read();
  } catch (thrown) {
    if (!(thrown instanceof RangeError)) throw thrown;
    throw new AppError('invalid-input', `${what}: expected more bytes, found the end`, { cause: thrown });
  }
}

/** Who finds, and how sure what it reads is. */
export interface Finder {
  readonly foundBy: string;
  readonly evidence: Evidence;
}

/** Of one file: a hostile one may have a million entries that are none, and an SBOM repeats the reasons. */
const MAX_REASONS = 100;

/** Of one cataloger in all files: the largest systems and projects have some ten thousand. */
const MAX_FOUND = 500_000;

/** What one cataloger found so far in the file at hand. An entry that makes no component hides no other: it is said to be skipped. */
export class Finds {
  readonly components: Component[] = [];
  readonly dependencies: Dependency[] = [];
  readonly skipped: SkippedFile[] = [];
  readonly placed = new Map<string, Placed>();
  readonly #finder: Finder;
  readonly #reasons = new Map<string, number>();

  constructor(finder: Finder) {
    this.#finder = finder;
  }

  /** Located in `file` and introduced by its layer, unless told otherwise. */
  add(file: FileEntry, { describedBy, folder, ...given }: Given): Component | undefined {
    if (this.components.length >= MAX_FOUND)
      throw new AppError(
        'invalid-input',
        `${file.path}: expected at most ${MAX_FOUND} components in all files, found more`,
      );
    try {
      const found = createComponent({
        ...this.#finder,
        locations: [locationOf(file)],
        ...(file.layer === undefined ? {} : { introducedBy: file.layer }),
        ...given,
      });
      const component = this.#place(found, { describedBy, folder });
      this.components.push(component);
      return component;
    } catch (thrown) {
      if (!(thrown instanceof AppError) || thrown.kind !== 'invalid-input') throw thrown;
      this.skip(file, thrown.message);
      return undefined;
    }
  }

  #place(component: Component, place: Omit<Placed, 'id'>): Component {
    const path = place.describedBy ?? place.folder;
    if (path === undefined) return component;
    // no path has a NUL
    const id = `${component.id}\0${path}`;
    this.placed.set(id, { id: component.id, ...place });
    return { ...component, id };
  }

  depend(from: Component | undefined, to: readonly (Component | undefined)[]): void {
    const known = to.flatMap((component) => component?.id ?? []).filter((id) => id !== from?.id);
    if (from !== undefined && known.length > 0) this.dependencies.push({ from: from.id, to: known });
  }

  skip(file: FileEntry, reason: string): void {
    const count = (this.#reasons.get(file.path) ?? 0) + 1;
    this.#reasons.set(file.path, count);
    if (count <= MAX_REASONS) this.skipped.push({ path: file.path, reason: tellableText(reason) });
    else if (count === MAX_REASONS + 1) this.skipped.push({ path: file.path, reason: 'and further entries' });
  }
}

/** Twice those of the largest lock files: in memory a line takes some hundred bytes, however short it is. */
const MAX_LINES = 2_000_000;
const LINE_END = 10;

/** Throws `invalid-input` for a text of more lines than there are anywhere. */
export function refuseFlood(text: Uint8Array, what: string): void {
  if (text.length <= MAX_LINES) return;
  let lines = 0;
  for (let at = text.indexOf(LINE_END); at >= 0; at = text.indexOf(LINE_END, at + 1)) {
    if (++lines > MAX_LINES)
      throw new AppError('invalid-input', `${what}: expected at most ${MAX_LINES} lines, found more`);
  }
}

/** One file at a time; one that is damaged is said to be skipped. `read` is not called for files without content at hand. */
export async function catalogFiles(
  files: readonly FileEntry[],
  given: { readonly tree: FileTree; readonly context: CatalogContext; readonly finder: Finder },
  read: (content: Uint8Array, file: FileEntry, finds: Finds) => void | Promise<void>,
): Promise<Catalog> {
  const { evidence } = given.finder;
  const finds = new Finds(given.finder);
  for (const file of files) {
    given.context.signal?.throwIfAborted();
    await trying(file.path, finds.skipped, async () => {
      const content = await given.tree.read(file.path);
      if (content === undefined) return;
      // what else is read is no text, or a database of the system's
      if (evidence === 'lock' || evidence === 'manifest') refuseFlood(content, file.path);
      await read(content, file, finds);
    });
  }
  const { components, dependencies, skipped, placed } = finds;
  return { components, dependencies, skipped, placed };
}
