/**
 * An image's file system as one tar: what all layers come to, in one stream. A first pass learns the paths of each layer (from its
 * cached index, if there is one) and which of them are left in the end; a second one takes these out of the layers, lowest first,
 * with owners, times and extended attributes as they are. Memory holds paths, never contents.
 * Folders that no layer mentions come first; others come where their layer has them, which may be after files in them.
 * Not done: sparse files, which are refused.
 */
import { AppError } from '../../core/index.ts';
import { indexLayers, type Image, type TreeOptions } from './image.ts';
import { inflate } from './inflate.ts';
import { indexedPath, LAYER_ALONE } from './layer-index.ts';
import { findSources } from './overlay.ts';
import { TarParser, type TarEntry, type TarSink } from './tar.ts';
import { copyEntry, folderEntry, linkEntry, padding, TAR_END } from './tar-writer.ts';

/** Throws at the end of a layer that is not what its digest says: act on nothing before the stream's end. */
export async function* flattenImage(image: Image, options: TreeOptions): AsyncGenerator<Uint8Array> {
  const placed = await indexLayers(image, LAYER_ALONE, options);
  const { folders, rows } = findSources(placed);
  for (const path of folders) yield* folderEntry(path);
  for (const [at, layer] of image.layers.entries()) {
    const index = placed[at]?.index;
    const paths = index === undefined ? undefined : rows.get(index);
    // a layer of which nothing is left is not fetched again
    if (paths === undefined || paths.size === 0) continue;
    const what = `${image.repository.name}: layer ${layer.descriptor.digest}`;
    const stored = image.repository.streamBlob(layer.descriptor, options.signal);
    yield* takeLayer(inflate(stored, what), { paths, what });
  }
  yield TAR_END;
}

interface LayerPass {
  /** By the row of what it is made of. */
  readonly paths: Map<number, readonly string[]>;
  readonly what: string;
}

async function* takeLayer(tar: AsyncIterable<Uint8Array>, pass: LayerPass): AsyncGenerator<Uint8Array> {
  const out: Uint8Array[] = [];
  let row = -1;
  const parser = new TarParser(pass.what, (entry) => {
    if (indexedPath(entry.path) === undefined) return undefined;
    row += 1;
    return take(entry, row, { ...pass, out });
  });
  for await (const chunk of tar) {
    parser.push(chunk);
    yield* out.splice(0);
  }
  parser.finish();
}

/** Under its first path; the others become hard links to that. */
function take(
  entry: TarEntry,
  row: number,
  { paths, what, out }: LayerPass & { readonly out: Uint8Array[] },
): TarSink | undefined {
  const [first, ...others] = paths.get(row) ?? [];
  if (first === undefined) return undefined;
  if (entry.isSparse)
    throw new AppError('invalid-input', `${what}: ${first}: expected a plain file, found a sparse one`);
  // the same layer may come twice
  paths.delete(row);
  out.push(...copyEntry(entry, first));
  const links = others.flatMap((path) => [...linkEntry(entry, path, first)]);
  return {
    write: (chunk) => void out.push(chunk),
    end: () => void out.push(padding(entry.size), ...links),
  };
}
