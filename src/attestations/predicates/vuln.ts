import { object, optional, record, string } from '../../core/index.ts';
import { jsonFromFile, keeping } from './predicate.ts';
import type { Predicate } from './predicate.ts';

const TYPES: readonly string[] = [
  'https://cosign.sigstore.dev/attestation/vuln/v1',
  'https://in-toto.io/attestation/vulns/v0.1',
  'https://in-toto.io/attestation/vulns/v0.2',
];

/** A vulnerability scan record: cosign's, and in-toto's vulns 0.1 and 0.2. The age of a scan is read from its metadata. */
const decode = keeping(
  object({
    scanner: object({ uri: optional(string), version: optional(string), db: optional(record) }),
    metadata: optional(object({ scanStartedOn: optional(string), scanFinishedOn: optional(string) })),
  }),
);

export const vuln: Predicate = {
  shortNames: ['vuln'],
  type: 'https://cosign.sigstore.dev/attestation/vuln/v1',
  accepts: (found) => TYPES.includes(found),
  decode,
  fromFile: jsonFromFile(decode),
};
