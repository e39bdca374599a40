import { anything, object, optional, record, string } from '../../core/index.ts';
import { jsonFromFile, keeping } from './predicate.ts';
import type { Predicate } from './predicate.ts';

const TYPES: readonly string[] = ['https://in-toto.io/Link/v1', 'https://in-toto.io/attestation/link/v0.3'];

/** An in-toto link: one step of a supply chain. */
const decode = keeping(
  object({ name: optional(string), command: anything, materials: anything, byproducts: optional(record) }),
);

export const link: Predicate = {
  shortNames: ['link'],
  type: 'https://in-toto.io/Link/v1',
  accepts: (found) => TYPES.includes(found),
  decode,
  fromFile: jsonFromFile(decode),
};
