/** Advisories from files: a document, a pack of documents, or a folder of either. */
import { AppError, parseJson } from '../../core/index.ts';
import type { Files } from '../../core/index.ts';
import type { Advisory } from './advisory.ts';
import { isPack, unpack } from './archives.ts';
import { alpineSecdb } from './sources/alpine-secdb.ts';
import { osv } from './sources/osv.ts';
import type { AdvisorySource } from './sources/source.ts';

const advisorySources: readonly AdvisorySource[] = [osv, alpineSecdb];

/** Ceiling of one pack on disk: the largest public one, with all ecosystems, has about 1 GiB. */
const MAX_PACK_BYTES = 2 * 1024 * 1024 * 1024;
/** How deep folders are followed. */
const MAX_DEPTH = 16;

export interface ReadAdvisories {
  readonly advisories: AsyncIterable<Advisory>;
  /** JSON documents that are no advisory of a known form; filled while reading. */
  readonly ignored: { count: number };
}

/** Files that are neither JSON nor a pack are passed over in folders and packs. Throws `not-found`, `invalid-input`. */
export function readAdvisories(files: Files, path: string, signal?: AbortSignal): ReadAdvisories {
  const ignored = { count: 0 };
  return {
    ignored,
    advisories: readPath(files, path, { ignored, depth: 0, ...(signal === undefined ? {} : { signal }) }),
  };
}

interface Walk {
  readonly ignored: { count: number };
  readonly depth: number;
  readonly signal?: AbortSignal;
}

async function* readPath(files: Files, path: string, walk: Walk): AsyncGenerator<Advisory> {
  walk.signal?.throwIfAborted();
  const stat = await files.stat(path);
  if (stat === undefined) throw new AppError('not-found', `${path}: no such file or folder`);
  if (stat.kind === 'directory') {
    if (walk.depth >= MAX_DEPTH)
      throw new AppError('invalid-input', `${path}: expected at most ${MAX_DEPTH} levels of folders`);
    for (const name of await files.list(path)) {
      const child = `${path.replace(/\/$/, '')}/${name}`;
      const kind = (await files.stat(child))?.kind;
      if (kind === 'directory' || isPack(name) || name.endsWith('.json')) {
        yield* readPath(files, child, { ...walk, depth: walk.depth + 1 });
      }
    }
    return;
  }
  yield* readPack(path, await files.read(path, MAX_PACK_BYTES), walk.ignored);
}

/** One file's bytes: a pack by its name, else a JSON document. */
export function* readPack(name: string, bytes: Uint8Array, ignored: { count: number }): Generator<Advisory> {
  if (!isPack(name)) {
    yield* readDocument(name, bytes, ignored);
    return;
  }
  for (const file of unpack(name, bytes)) {
    if (file.name.endsWith('.json')) yield* readDocument(`${name}: ${file.name}`, file.content, ignored);
  }
}

/** One record, or a list of records. */
function* readDocument(what: string, bytes: Uint8Array, ignored: { count: number }): Generator<Advisory> {
  const document = parseJson(bytes, { what, maxBytes: 256 * 1024 * 1024 });
  for (const entry of Array.isArray(document) ? (document as unknown[]) : [document]) {
    const source = advisorySources.find((candidate) => candidate.recognizes(entry));
    if (source === undefined) ignored.count++;
    else yield* source.read(entry, what);
  }
}
