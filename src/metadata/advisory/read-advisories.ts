/** Advisories from files: a document, a pack of documents, or a folder of either. */
import { AppError, parseJson, parseYamlTexts } from '../../core/index.ts';
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
  /** Documents that hold no advisory of a known form; filled while reading. */
  readonly ignored: { count: number };
}

const DOCUMENT = /\.(?:json|ya?ml)$/;

/** Files that are neither JSON, YAML nor a pack are passed over in folders and packs. Throws `not-found`, `invalid-input`. */
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
      if (kind === 'directory' || isPack(name) || DOCUMENT.test(name)) {
        yield* readPath(files, child, { ...walk, depth: walk.depth + 1 });
      }
    }
    return;
  }
  yield* readPack(path, await files.read(path, MAX_PACK_BYTES), walk.ignored);
}

/** One file's bytes: a pack or YAML by its name, else JSON. */
export function* readPack(name: string, bytes: Uint8Array, ignored: { count: number }): Generator<Advisory> {
  if (!isPack(name)) {
    yield* readDocument(name, bytes, ignored);
    return;
  }
  for (const file of unpack(name, bytes)) {
    if (DOCUMENT.test(file.name)) yield* readDocument(`${name}: ${file.name}`, file.content, ignored);
  }
}

/** One record, or a list of records. */
function* readDocument(what: string, bytes: Uint8Array, ignored: { count: number }): Generator<Advisory> {
  for (const entry of parseDocument(what, bytes)) {
    const source = advisorySources.find((candidate) => candidate.recognizes(entry));
    const advisories = source?.read(entry, what) ?? [];
    if (advisories.length === 0) ignored.count++;
    yield* advisories;
  }
}

function parseDocument(what: string, bytes: Uint8Array): readonly unknown[] {
  if (/\.ya?ml$/.test(what)) return parseYamlTexts(new TextDecoder().decode(bytes), what).flat();
  const document = parseJson(bytes, { what, maxBytes: 256 * 1024 * 1024 });
  return Array.isArray(document) ? (document as readonly unknown[]) : [document];
}
