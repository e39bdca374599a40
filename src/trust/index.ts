export { formatPublicKey, importPublicKey } from './crypto/index.ts';
export type { KeyAlgorithm, PublicKey, SigningKey } from './crypto/index.ts';
export { generatePkcs8, importPkcs8, parseDetachedSct } from './crypto/index.ts';
export { MAX_CHAIN, parseCertificates } from './crypto/index.ts';
export { encryptKeyFile } from './keys/key-file.ts';
export { openPlainKey, openPublicKey, openSigningKey } from './keys/open-key.ts';
export type { AskPassword } from './keys/open-key.ts';
export type { KeySources } from './keys/provider.ts';
export { writeKeySecret } from './keys/providers/kubernetes.ts';
export { fetchAttestations, fetchSignatures } from './images/fetch.ts';
export { encodeSimpleSigning } from './images/simple-signing.ts';
export type { Candidate, RejectionCode } from './images/candidate.ts';
export { verifyAttestations, verifySignatures } from './images/verify.ts';
export type { AttestationRequirement, ProvenAttestation, SignatureRequirement } from './images/verify.ts';
export { attachAttestation, attachSbom, attachSignature, SBOM_ARTIFACT_TYPE } from './images/attach.ts';
export type { DetachedSignature } from './images/attach.ts';
export { fetchDocuments } from './images/stored.ts';
export type { StoredDocuments } from './images/stored.ts';
export { signatureTag, SIGN_PREDICATE } from './images/fetch.ts';
export { attestImage, signImage } from './images/sign.ts';
export type { ImageAttestation, ImageSignature, SignatureFormat, SignOptions, Stored } from './images/sign.ts';
export { assembleBundle } from './blobs/assemble.ts';
export type { BundleParts } from './blobs/assemble.ts';
export { attestBlob } from './blobs/attest.ts';
export type { AttestedBlob } from './blobs/attest.ts';
export { signBlob, verifyBlob, verifyBlobAttestation } from './blobs/blob.ts';
export type { BlobProof, BlobRequirement, SignedBlob } from './blobs/blob.ts';
export { NO_TRUST, restrictTrust, withOwnAuthorities } from './roots/own-authorities.ts';
export type { OwnAuthorities } from './roots/own-authorities.ts';
export { parseTrustedRoot } from './roots/trusted-root.ts';
export type { TrustedRoot } from './roots/trusted-root.ts';
export type { SignerDemand, Trust } from './images/signers.ts';
export type { Blob } from './bundles/verify-bundle.ts';
export { createKeylessSigner, createVoucher } from './sign/voucher.ts';
export type { KeylessSigner, Voucher } from './sign/voucher.ts';
export { parseSigningConfig } from './clients/signing-config.ts';
export type { SigningServices } from './clients/signing-config.ts';
export { exchange, jsonOf, refusal } from './clients/exchange.ts';
export { createState, isAuthority, ISSUER_KINDS, openAuthority } from './authority/index.ts';
export type { Authority, IssuerRule } from './authority/index.ts';
export { createWitness } from './witness/server.ts';
export { createWitnessKey, openWitnessKey } from './witness/key.ts';
export { parseWitnessPolicy } from './witness/policy.ts';
export type { WitnessPolicy } from './witness/policy.ts';
export { parseLogKey } from './witness/server.ts';
export { describeLogEntry } from './logs/describe-entry.ts';
export type { LoggedIdentity } from './logs/describe-entry.ts';
export { followLog } from './logs/follow.ts';
export type { FollowedTree } from './logs/follow.ts';
export {
  describeKey,
  missingSignatures,
  PUBLIC_MIRROR,
  PUBLIC_ROOT,
  rootChecksum,
  STAGING_MIRROR,
  STAGING_ROOT,
  TufFolder,
  updateTuf,
} from './tuf/index.ts';
export type { Plan, RepositoryState, RoleState, Signatures, TopRole, TufSource } from './tuf/index.ts';
export { createTrustedRoot } from './roots/create-trusted-root.ts';
export type { TrustedServicesInput } from './roots/create-trusted-root.ts';
export { describeSigningConfig, describeTrustedRoot } from './roots/describe-trusted-root.ts';
export type { Member } from './roots/describe-trusted-root.ts';
export { fetchSpiffeToken } from './clients/spiffe.ts';
export { createSigningConfig } from './clients/create-signing-config.ts';
export type { SigningConfigInput } from './clients/create-signing-config.ts';
export { beginCodeLogin, beginDeviceLogin, discoverProvider } from './clients/oidc.ts';
export type { CodeLogin, OidcClient } from './clients/oidc.ts';
