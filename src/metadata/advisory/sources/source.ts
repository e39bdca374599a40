import type { Advisory } from '../advisory.ts';

/**
 * One form in which advisories are published. Contract: reading is a function of the document alone; a document of another
 * form is not recognised; a broken one throws `invalid-input`.
 */
export interface AdvisorySource {
  readonly id: string;
  recognizes(document: unknown): boolean;
  /** One document can hold many: a database of a whole release. */
  read(document: unknown, what: string): readonly Advisory[];
}
