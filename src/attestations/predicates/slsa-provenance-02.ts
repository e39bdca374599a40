import { arrayOf, object, optional, record, string } from '../../core/index.ts';
import { decodeDigestSet } from '../resource-descriptor.ts';
import { jsonFromFile, keeping } from './predicate.ts';
import type { Predicate } from './predicate.ts';

/** SLSA provenance v0.2 (slsa.dev/provenance/v0.2). */
const decode = keeping(
  object({
    builder: object({ id: string }),
    buildType: string,
    invocation: optional(record),
    buildConfig: optional(record),
    metadata: optional(record),
    materials: optional(arrayOf(object({ uri: optional(string), digest: optional(decodeDigestSet) }))),
  }),
);

export const slsaProvenance02: Predicate = {
  shortNames: ['slsaprovenance', 'slsaprovenance02'],
  type: 'https://slsa.dev/provenance/v0.2',
  accepts: (found) => found === 'https://slsa.dev/provenance/v0.2',
  decode,
  fromFile: jsonFromFile(decode),
};
