/** What other threads can do. Nothing imports this file. */
import { encodeLayerIndex, LAYER_ALONE, readLayer } from './artifacts/index.ts';
import type { FileSelector } from './core/index.ts';
import { createFiles, serveTasks } from './io/index.ts';
import { imageCatalogSelector } from './metadata/catalog/index.ts';

const selectors = [imageCatalogSelector, LAYER_ALONE];

serveTasks({
  'read-layer': async ({ selector: id = '', what = '' }, source, { onBytes }) => {
    const selector = selectors.find((known) => known.id === id) ?? (await findOwn(id));
    if (selector === undefined) throw new Error(`no selector ${id}`);
    return encodeLayerIndex(await readLayer(source, { selector, what, onBytes }));
  },
  // loaded where it is wanted: threads that read layers pay nothing for it
  'tell-graph': async ({ graph = '', advisories = '' }, source, { onFault }) => {
    const { tellGraphAt } = await import('./app/tell-graph.ts');
    await tellGraphAt(graph, source, { files: createFiles(), advisories, onFault });
    return new Uint8Array();
  },
});

async function findOwn(id: string): Promise<FileSelector | undefined> {
  const { findOwnSelector } = await import('./metadata/catalog/index.ts');
  return findOwnSelector(id);
}
