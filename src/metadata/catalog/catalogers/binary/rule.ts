/** Rules by which a program that no package manager knows is told by its name and by a text in it. */
import type { PurlParts } from '../../../ecosystem/index.ts';

/** A RegExp, or what finds as one does. */
export interface VersionPattern {
  exec(text: string): { readonly index: number; readonly 0: string; readonly 1?: string | undefined } | null;
}

/** What is looked for in a file, and what it then is. */
export interface VersionRule {
  /** Of the component. */
  readonly name: string;
  /**
   * Over bytes as Latin-1; the first group is the version. The first pattern found anywhere wins over the later ones, and of it the
   * first place. No pattern may reach further than MAX_REACH characters. As a function where the file's name says what to look for.
   */
  readonly patterns: readonly VersionPattern[] | ((fileName: string) => readonly VersionPattern[]);
  /** What in the file says that it is something else. */
  readonly unless?: { test(text: string): boolean };
  /** Where it is not `pkg:generic` and the name. */
  readonly purl?: Omit<PurlParts, 'version'>;
  /** Vendor and product in the CPE dictionary, likeliest first; or whole names of CPE 2.3 with any version. */
  readonly cpes: readonly (CpeName | string)[];
}

type CpeName = readonly [vendor: string, product: string];

export interface BinaryRule extends VersionRule {
  /** Names of the files that may hold it. */
  readonly files: RegExp;
}

/** Of the user's own. */
export interface OwnRule extends VersionRule {
  readonly isFor: (path: string) => boolean;
}

/** Characters that a pattern may span, and of a version. Texts about versions are short. */
export const MAX_REACH = 512;
