/**
 * What was found in an image, kept: its layers, what was asked, and the program decide it alone. So an image that was looked at is not put
 * together again. Where it is not known which program this is, as with sources that may change, nothing is kept.
 */
import { isRecord, parseJson, type Ports } from '../core/index.ts';
import type { TreeCatalog } from '../metadata/catalog/index.ts';
import type { OpenedImage } from './open-source.ts';

/** Bytes of JSON; the largest images have some ten thousand components of half a KiB. */
const MAX_BYTES = 64 * 1024 * 1024;

const LISTS = ['components', 'dependencies', 'skipped'];

export interface CatalogQuestion {
  readonly image: Pick<OpenedImage, 'layers'>;
  /** Id of what the catalogers wanted to see, which names them all. */
  readonly selector: string;
  readonly allLayers: boolean;
}

/** Answers from the cache, or with what `look` finds, which is then kept. */
export async function rememberCatalog(
  { cache, build }: Pick<Ports, 'cache' | 'build'>,
  { image, selector, allLayers }: CatalogQuestion,
  look: () => Promise<TreeCatalog>,
): Promise<TreeCatalog> {
  const program = await build?.();
  if (program === undefined) return await look();
  const layers = image.layers.map(({ descriptor, diffId }) => `${descriptor.digest} ${diffId}`);
  const key = ['image-catalog', program, JSON.stringify({ selector, allLayers }), ...layers].join('\n');
  const known = decode(await cache.load(key));
  if (known !== undefined) return known;
  const found = await look();
  const bytes = Buffer.from(JSON.stringify(found));
  if (bytes.length <= MAX_BYTES) await cache.save(key, bytes);
  return found;
}

/** Undefined when there is none, or another thing: then the image is looked at. */
function decode(stored: Uint8Array | undefined): TreeCatalog | undefined {
  if (stored === undefined) return undefined;
  const found = parse(stored);
  const isCatalog = isRecord(found) && LISTS.every((name) => Array.isArray(found[name]));
  // what this same program wrote, whole, as the cache's sum and the key say
  return isCatalog ? (found as unknown as TreeCatalog) : undefined;
}

function parse(stored: Uint8Array): unknown {
  try {
    return parseJson(stored, { what: 'catalog of an image', maxBytes: MAX_BYTES });
  } catch {
    // a damaged entry is as good as none
    return undefined;
  }
}
