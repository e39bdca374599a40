/** Names of signature and hash algorithms in certificates and CMS (RFC 5758, RFC 8017 A.2.4, RFC 8410). */
import { TAG } from './der.ts';
import type { DerReader } from './der.ts';
import type { HashName, PublicKey } from './public-key.ts';

export interface SignatureAlgorithm {
  readonly family: 'ecdsa' | 'rsa' | 'ed25519';
  /** Ed25519 brings its own hash; CMS names the hash of `rsaEncryption` elsewhere. */
  readonly hash: HashName | undefined;
}

const SIGNATURES: ReadonlyMap<string, SignatureAlgorithm> = new Map([
  ['1.2.840.10045.4.3.2', { family: 'ecdsa', hash: 'sha256' }],
  ['1.2.840.10045.4.3.3', { family: 'ecdsa', hash: 'sha384' }],
  ['1.2.840.10045.4.3.4', { family: 'ecdsa', hash: 'sha512' }],
  ['1.2.840.113549.1.1.1', { family: 'rsa', hash: undefined }],
  ['1.2.840.113549.1.1.11', { family: 'rsa', hash: 'sha256' }],
  ['1.2.840.113549.1.1.12', { family: 'rsa', hash: 'sha384' }],
  ['1.2.840.113549.1.1.13', { family: 'rsa', hash: 'sha512' }],
  ['1.3.101.112', { family: 'ed25519', hash: undefined }],
]);

const HASHES: ReadonlyMap<string, HashName> = new Map([
  ['2.16.840.1.101.3.4.2.1', 'sha256'],
  ['2.16.840.1.101.3.4.2.2', 'sha384'],
  ['2.16.840.1.101.3.4.2.3', 'sha512'],
]);

/** Throws `invalid-input` for SHA-1, PSS parameters and whatever else is not in the tables. */
export function readSignatureAlgorithm(reader: DerReader): SignatureAlgorithm {
  return readAlgorithm(reader, SIGNATURES, 'ECDSA, RSA PKCS #1 v1.5 or Ed25519 with SHA-2');
}

export function readHashAlgorithm(reader: DerReader): HashName {
  return readAlgorithm(reader, HASHES, 'SHA-256, SHA-384 or SHA-512');
}

function readAlgorithm<T>(reader: DerReader, known: ReadonlyMap<string, T>, expected: string): T {
  const algorithm = reader.enter(TAG.sequence);
  const oid = algorithm.oid();
  algorithm.skipIf(TAG.null);
  algorithm.end();
  const found = known.get(oid);
  if (found === undefined) throw reader.fault(expected, `algorithm ${oid}`);
  return found;
}

/** Whether the signature is the key's, of exactly this algorithm. */
export function isSignedBy(
  key: PublicKey,
  algorithm: SignatureAlgorithm,
  given: { readonly content: Uint8Array; readonly signature: Uint8Array; readonly hash?: HashName },
): boolean {
  if (!key.algorithm.startsWith(algorithm.family)) return false;
  return key.verifyStrictly(algorithm.hash ?? given.hash ?? 'sha256', given.content, given.signature);
}
