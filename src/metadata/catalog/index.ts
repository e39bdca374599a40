export { catalogLayers } from './catalog-layers.ts';
export { catalogSelector, catalogTree, catalogers, imageCatalogSelector } from './catalog-tree.ts';
export type { CatalogerSet, CatalogOptions, TreeCatalog } from './catalog-tree.ts';
export type { Cataloger } from './cataloger.ts';
export { createOwnCatalogers, findOwnSelector } from './own-catalogers.ts';
