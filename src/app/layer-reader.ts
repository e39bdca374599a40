/** Layers of some size are read on other threads, so that as many processors inflate and hash as there are. */
import { decodeLayerIndex, readLayer, type LayerReader } from '../artifacts/index.ts';
import type { Ports } from '../core/index.ts';

/** Stored bytes: below, handing over costs more than it gains. */
const WORTH_A_THREAD = 8 * 1024 * 1024;

export function layerReader({ threads }: Pick<Ports, 'threads'>): LayerReader {
  if (threads === undefined) return readLayer;
  return async (source, options) => {
    if (options.size < WORTH_A_THREAD) return await readLayer(source, options);
    const { selector, what, onBytes } = options;
    const input = { selector: selector.id, what };
    return decodeLayerIndex(
      await threads.run({
        name: 'read-layer',
        input,
        source,
        isShort: true,
        ...(onBytes === undefined ? {} : { onBytes }),
      }),
    );
  };
}
