import type { Sbom } from '../sbom.ts';

/**
 * One form in which documents are written. Contract: output is valid by the official schema; reading it gives an arranged `sbom` again;
 * `write` is a function of its arguments alone.
 */
export interface SbomFormat {
  /** As given to `-o`. */
  readonly id: string;
  /** As given behind it, `ID@VERSION`; the first one when nothing is said. */
  readonly versions: readonly [string, ...string[]];
  readonly mediaType: string;
  write(sbom: Sbom, version: string): string;
}

/** One family of documents, in the shape of their JSON, whatever they were spelled in. */
export interface SbomReader {
  /** Whether a parsed document claims to be of this family. */
  recognizes(document: unknown): boolean;
  /** Throws `invalid-input` naming the path that is wrong. */
  read(document: unknown, options?: ReadOptions): Sbom;
}

export interface ReadOptions {
  /** Of a document that lies inside something else: a package that SPDX describes is one of those that it lists. */
  readonly isPart: boolean;
}
