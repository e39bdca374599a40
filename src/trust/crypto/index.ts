export { isSignedBy, readSignatureAlgorithm } from './algorithms.ts';
export { decodeBase64, encodeBase64, findBase64 } from './base64.ts';
export { isEqualBytes } from './bytes.ts';
export { parseCertificate, parseCertificates } from './certificate.ts';
export type { AlternativeName, Certificate } from './certificate.ts';
export { CODE_SIGNING, createCaChain, findChainFault, MAX_CHAIN, TIME_STAMPING } from './chain.ts';
export type { CaChain, ChainFault } from './chain.ts';
export { HASH_BYTES, hashLeaf, hashNode, isConsistent, isIncluded, MAX_PROOF_HASHES } from './merkle.ts';
export {
  cosign,
  findCosignature,
  findNoteFault,
  formatSignatureLine,
  formatVerifierKey,
  NOTE_KEY_TYPE,
  noteKeyId,
  parseCheckpoint,
  parseNote,
  parseVerifierKey,
} from './note.ts';
export type { Checkpoint, CosigningKey, NoteSigner, SignedNote } from './note.ts';
export { formatPem, parsePem, parsePemCertificates } from './pem.ts';
export type { PemBlock } from './pem.ts';
export { formatPublicKey, importPkcs1PublicKey, importPublicKey, importSpki } from './public-key.ts';
export type { HashName, KeyAlgorithm, PublicKey } from './public-key.ts';
export { parseDetachedSct, verifyScts } from './sct.ts';
export type { CtLog, Sct } from './sct.ts';
export { exportPkcs8, generatePkcs8, importPkcs8, importPlainPrivateKey } from './signing-key.ts';
export type { SigningKey } from './signing-key.ts';
export { createServingAuthority, createServingCertificate, issueServingCertificate } from './serving-certificate.ts';
export type { ServingCertificate } from './serving-certificate.ts';
export { parseTimestamp, verifyTimestamp } from './timestamp.ts';
export type { TimestampAuthority } from './timestamp.ts';
export { contextTag, DerReader, encodeDer, TAG } from './der.ts';
export {
  bits,
  certificateTime,
  distinguishedName,
  encodeExtension,
  explicit,
  generalizedTime,
  implicit,
  implicitSetOf,
  natural,
  octets,
  oid,
  positive,
  sequence,
  setOf,
  TRUE,
  uint64,
  vector,
} from './der-build.ts';
export type { Extension } from './der-build.ts';
export { encodeTimestampRequest } from './timestamp-request.ts';
