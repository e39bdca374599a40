/** What the tests of readers share: hostile input, and how it must end. */
export { fuzz, fuzzValues, refusal } from '../../core/fuzz-testing.ts';
export { NOTE_KEY_TYPE, noteKeyId } from './note.ts';
export { oid } from './der-build.ts';
export { formatPublicKey } from './public-key.ts';
export {
  createCertificate,
  createDetachedSct,
  createTestKey,
  createTimestamp,
  extension,
  sha256,
} from './testing-certificates.ts';
export type {
  CertificateInput,
  TestCertificate,
  TestExtension,
  TestKey,
  TimestampInput,
} from './testing-certificates.ts';
