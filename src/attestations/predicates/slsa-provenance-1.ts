import { arrayOf, object, optional, record, string } from '../../core/index.ts';
import { decodeResourceDescriptor } from '../resource-descriptor.ts';
import { jsonFromFile, keeping } from './predicate.ts';
import type { Predicate } from './predicate.ts';

const fields = object({
  buildDefinition: object({
    buildType: string,
    externalParameters: record,
    internalParameters: optional(record),
    resolvedDependencies: optional(arrayOf(decodeResourceDescriptor)),
  }),
  runDetails: object({
    builder: object({ id: string }),
    metadata: optional(
      object({ invocationId: optional(string), startedOn: optional(string), finishedOn: optional(string) }),
    ),
    byproducts: optional(arrayOf(decodeResourceDescriptor)),
  }),
});

/** SLSA provenance v1 (slsa.dev/provenance/v1); some producers write v1.0. */
const decode = keeping(fields);

export const slsaProvenance1: Predicate = {
  shortNames: ['slsaprovenance1'],
  type: 'https://slsa.dev/provenance/v1',
  accepts: (found) => found === 'https://slsa.dev/provenance/v1' || found === 'https://slsa.dev/provenance/v1.0',
  decode,
  fromFile: jsonFromFile(decode),
};
