/** How catalogers build components and reasons for skipping. */
import { AppError } from '../../core/index.ts';
import type { FileEntry, FileTree, SkippedFile } from '../../core/index.ts';
import { createPurl, formatPurl } from '../ecosystem/index.ts';
import type { PurlParts } from '../ecosystem/index.ts';
import type { Component, Location } from '../sbom/index.ts';

type Given = Pick<Component, 'name' | 'version' | 'foundBy'> & { readonly locations: readonly Location[] } & {
  readonly purl: PurlParts;
} & Partial<Omit<Component, 'id' | 'purl'>>;

/** A component whose id is its package URL. Throws `invalid-input` when the parts make no package URL. */
export function createComponent(given: Given): Component {
  const purl = formatPurl(createPurl(given.purl));
  return {
    kind: 'library',
    licences: [],
    hashes: [],
    scope: 'runtime',
    properties: {},
    ...given,
    id: purl,
    purl,
  };
}

export function locationOf(entry: FileEntry): Location {
  return entry.layer === undefined ? { path: entry.path } : { path: entry.path, layer: entry.layer.diffId };
}

/** Reads a chosen file as UTF-8, damaged bytes replaced; undefined when it was not at hand. */
export async function readText(tree: FileTree, path: string): Promise<string | undefined> {
  const bytes = await tree.read(path);
  return bytes === undefined
    ? undefined
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}

/** Runs over one file; what the file's own fault is becomes a skipped entry, all else is thrown. */
export async function trying(path: string, skipped: SkippedFile[], work: () => void | Promise<void>): Promise<void> {
  try {
    await work();
  } catch (thrown) {
    if (!(thrown instanceof AppError) || thrown.kind !== 'invalid-input') throw thrown;
    skipped.push({ path, reason: thrown.message });
  }
}
