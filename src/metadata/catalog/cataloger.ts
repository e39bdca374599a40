import type { FileEntry, FileTree, Selection, SkippedFile } from '../../core/index.ts';
import type { Distro } from '../ecosystem/index.ts';
import type { Component, Dependency } from '../sbom/index.ts';

/**
 * Finds components in a file tree. Contract: an empty or damaged file gives no crash but an entry in `skipped`;
 * every component has locations; package URLs are valid; the output depends on the tree alone.
 * Several catalogers may choose one file, in different forms; each reads only what it chose, in the form that it chose.
 */
export interface Cataloger {
  readonly id: string;
  /**
   * `installed`: what is there to run. `declared`: what a lock file wants; in an image that is no evidence. `deployed`: what is there to run in
   * an image, and which in a folder of sources another tells who reads what is declared.
   */
  readonly evidence: 'installed' | 'declared' | 'deployed';
  /**
   * Names of the files that `select` is asked about: `package.json`, `*.jar` (the last extension, in lower case), `+x` for those that may
   * run, or `*` for all, where the folder decides. So that a hundred thousand files do not each ask every cataloger.
   */
  readonly names: readonly string[];
  /** It tells of what nobody else does: a file that an OS package owns is not told of again. */
  readonly isFallback?: true;
  select(file: SelectedFile): Choice;
  /** `files` are the regular files that `select` chose and that are not too large for it, sorted by path. */
  catalog(tree: FileTree, files: readonly FileEntry[], context: CatalogContext): Promise<Catalog>;
}

export type SelectedFile = Pick<FileEntry, 'path' | 'mode' | 'size'>;

/** A Selection; what condenses is named, so that catalogers which share a condensed form share the work. */
export type Choice = Exclude<Selection, { readonly kind: 'condense' }> | Condensing;
export type Condensing = Extract<Selection, { readonly kind: 'condense' }> & { readonly id: string };

export interface CatalogContext {
  readonly distro: Distro | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface Catalog {
  readonly components: readonly Component[];
  readonly dependencies: readonly Dependency[];
  readonly skipped: readonly SkippedFile[];
  /** Which component's file list holds a path (no leading slash). */
  readonly owners?: ReadonlyMap<string, string>;
  /** Of components that may be another of the tree: what is known of them by the ids that they have until all are found. */
  readonly placed?: ReadonlyMap<string, Placed>;
}

export interface Placed {
  /** Where it is no other. */
  readonly id: string;
  /** Path of the SBOM that is about it. */
  readonly describedBy?: string | undefined;
  /** Of the tree, of a project without a package URL: another of its name in another folder is another. */
  readonly folder?: string | undefined;
}

export const SKIP: Choice = { kind: 'skip' };

/** Ceiling of one package database or lock file. The largest seen in real images has 30 MiB. */
export const MAX_DATABASE_BYTES = 256 * 1024 * 1024;
