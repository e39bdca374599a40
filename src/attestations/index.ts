export {
  decodeEnvelope,
  DSSE_MEDIA_TYPE,
  encodePreAuthentication,
  envelopeValue,
  findEnvelopeSigners,
  formatEnvelope,
  IN_TOTO_PAYLOAD_TYPE,
  isInTotoPayloadType,
  MAX_ENVELOPE_BYTES,
  parseEnvelope,
  signEnvelope,
} from './dsse.ts';
export type { Envelope, EnvelopeSignature } from './dsse.ts';
export { decodeDigestSet } from './resource-descriptor.ts';
export type { DigestSet, ResourceDescriptor } from './resource-descriptor.ts';
export { digestSetOf, encodeStatement, findSubject, parseStatement, STATEMENT_V01, STATEMENT_V1 } from './statement.ts';
export type { Statement, StatementInput, StatementType, Subject } from './statement.ts';
export { isPredicateType, predicateFromFile, predicateTypeOf } from './predicates/index.ts';
export type { Predicate, PredicateContext } from './predicates/index.ts';
export { createSlsaProvenance } from './slsa-provenance.ts';
export type { SlsaProvenanceInput } from './slsa-provenance.ts';
