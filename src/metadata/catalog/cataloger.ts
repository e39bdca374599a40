import type { FileEntry, FileTree, Selection, SkippedFile } from '../../core/index.ts';
import type { Distro } from '../ecosystem/index.ts';
import type { Component, Dependency } from '../sbom/index.ts';

/**
 * Finds components in a file tree. Contract: an empty or damaged file gives no crash but an entry in `skipped`;
 * every component has locations; package URLs are valid; the output depends on the tree alone.
 */
export interface Cataloger {
  readonly id: string;
  /** `installed`: what is there to run. `declared`: what a lock file wants; in an image that is no evidence. */
  readonly evidence: 'installed' | 'declared';
  select(file: { readonly path: string; readonly mode: number; readonly size: number }): Selection;
  /** `files` are the regular files that `select` chose, sorted by path. */
  catalog(tree: FileTree, files: readonly FileEntry[], context: CatalogContext): Promise<Catalog>;
}

export interface CatalogContext {
  readonly distro: Distro | undefined;
}

export interface Catalog {
  readonly components: readonly Component[];
  readonly dependencies: readonly Dependency[];
  readonly skipped: readonly SkippedFile[];
  /** Which component's file list holds a path (no leading slash). */
  readonly owners?: ReadonlyMap<string, string>;
}

export const SKIP: Selection = { kind: 'skip' };

/** Ceiling of one package database or lock file. The largest seen in real images has 30 MiB. */
export const MAX_DATABASE_BYTES = 256 * 1024 * 1024;
