/** What other threads can do. Nothing imports this file. */
import { encodeLayerIndex, LAYER_ALONE, readLayer } from './artifacts/index.ts';
import { serveTasks } from './io/index.ts';
import { catalogSelector } from './metadata/catalog/index.ts';

const selectors = [catalogSelector, LAYER_ALONE];

serveTasks({
  'read-layer': async ({ selector: id, what = '' }, source, onBytes) => {
    const selector = selectors.find((known) => known.id === id);
    if (selector === undefined) throw new Error(`no selector ${id}`);
    return encodeLayerIndex(await readLayer(source, { selector, what, onBytes }));
  },
});
