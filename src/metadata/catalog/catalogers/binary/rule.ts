/** Rules by which a program that no package manager knows is told by its name and by a text in it. */

export interface BinaryRule {
  /** Of the component. */
  readonly name: string;
  /** Names of the files that may hold it. */
  readonly files: RegExp;
  /**
   * Over bytes as Latin-1; the first group is the version. The first pattern found anywhere wins over the later ones, and of it the
   * first place. No pattern may reach further than MAX_REACH characters. As a function where the file's name says what to look for.
   */
  readonly patterns: readonly RegExp[] | ((fileName: string) => readonly RegExp[]);
  /** What in the file says that it is something else. */
  readonly unless?: RegExp;
  /** Where it is not `pkg:generic` and the name. */
  readonly purl?: { readonly type: string; readonly namespace?: string; readonly name: string };
  /** Vendor and product in the CPE dictionary, likeliest first. */
  readonly cpes: readonly (readonly [vendor: string, product: string])[];
}

/** Characters that a pattern may span, and of a version. Texts about versions are short. */
export const MAX_REACH = 512;
