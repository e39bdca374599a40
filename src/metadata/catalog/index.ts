export { catalogLayers } from './catalog-layers.ts';
export { catalogSelector, catalogTree, catalogers } from './catalog-tree.ts';
export type { CatalogOptions, TreeCatalog } from './catalog-tree.ts';
export type { Cataloger } from './cataloger.ts';
