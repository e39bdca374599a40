import type { Sbom } from '../sbom.ts';

/**
 * One document format. Contract: output is valid by the official schema; `read(write(sbom))` equals an arranged `sbom`;
 * `write` is a function of its argument alone.
 */
export interface SbomFormat {
  /** As given to `-o`. */
  readonly id: string;
  readonly mediaType: string;
  write(sbom: Sbom): string;
  /** Whether a parsed document claims to be of this format. */
  recognizes(document: unknown): boolean;
  /** Throws `invalid-input` naming the path that is wrong. */
  read(document: unknown): Sbom;
}
