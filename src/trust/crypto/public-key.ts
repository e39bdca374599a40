/**
 * Public keys in SPKI form (RFC 5280 4.1.2.7) and signatures under them.
 *
 * Implements ECDSA over P-256, P-384 and P-521 (FIPS 186-5; DER or fixed-width signatures), Ed25519 (RFC 8032, pure; Ed25519ph is read too),
 * RSA of 2048 bits and more (RFC 8017: PKCS #1 v1.5, and PSS with a salt as long as the hash), each with SHA-256;
 * P-384 and P-521 also with the hash of their own size. Not implemented: Ed448, other curves, DSA: refused by name.
 */
import { constants, createPublicKey, publicDecrypt, timingSafeEqual, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { AppError, digestOf } from '../../core/index.ts';
import type { Digest } from '../../core/index.ts';
import { encodeBase64 } from './base64.ts';
import { isDigestSignedByEcdsa, isSignedByEd25519Prehashed } from './prehashed.ts';
import { formatPem, parsePem } from './pem.ts';

export type KeyAlgorithm = 'ecdsa-p256' | 'ecdsa-p384' | 'ecdsa-p521' | 'ed25519' | 'rsa';
export type HashName = 'sha256' | 'sha384' | 'sha512';

/** A key imported once; verifying imports nothing. */
export interface PublicKey {
  readonly algorithm: KeyAlgorithm;
  /** sha256 of the SPKI DER: how evidence and policies name the key. */
  readonly keyId: Digest;
  /** The same digest in base64: the hint of a Sigstore bundle. */
  readonly hint: string;
  readonly spki: Uint8Array;
  /** Whether the signature over these bytes is this key's; never throws for a malformed signature. */
  verify(content: Uint8Array, signature: Uint8Array): boolean;
  /** The same from the digest alone; Ed25519 signs content, not digests, so it answers undefined. */
  verifyDigest(digest: Uint8Array, hash: HashName, signature: Uint8Array): boolean | undefined;
  /** In the one form that certificates, logs and timestamps use: this hash, ECDSA in DER, RSA by PKCS #1 v1.5, Ed25519 pure. */
  verifyStrictly(hash: HashName, content: Uint8Array, signature: Uint8Array): boolean;
}

/** Below this RSA falls to a well-funded attacker (NIST SP 800-131A). */
const MIN_RSA_BITS = 2048;
/** Above this one verification takes long enough to be an attack. */
const MAX_RSA_BITS = 8192;

/** Which hashes a signature may be over, most likely first. Key-based signers of the field use SHA-256 for every curve. */
const HASHES: Readonly<Record<Exclude<KeyAlgorithm, 'ed25519'>, readonly HashName[]>> = {
  'ecdsa-p256': ['sha256'],
  'ecdsa-p384': ['sha256', 'sha384'],
  'ecdsa-p521': ['sha256', 'sha512'],
  rsa: ['sha256'],
};

const SCALAR_BYTES: Readonly<Record<string, number>> = { 'ecdsa-p256': 32, 'ecdsa-p384': 48, 'ecdsa-p521': 66 };

/** From PEM text with the label PUBLIC KEY. Throws `invalid-input` naming `what`: not PEM, a private key, an unsupported kind. */
export function importPublicKey(pem: string, what = 'public key'): PublicKey {
  const block = parsePem(pem, what);
  if (block.label === 'PUBLIC KEY') return importSpki(block.bytes, what);
  const hint = block.label.includes('PRIVATE KEY')
    ? { hint: 'give its public half: plimsoll public-key --key FILE' }
    : {};
  throw new AppError('invalid-input', `${what}: expected a PEM block PUBLIC KEY, found ${block.label}`, hint);
}

/** From SPKI DER. Throws `invalid-input` naming `what`. */
export function importSpki(der: Uint8Array, what = 'public key'): PublicKey {
  return importDer(der, 'spki', what);
}

/** From RSAPublicKey DER (RFC 8017 A.1.1), as old trusted roots hold it. */
export function importPkcs1PublicKey(der: Uint8Array, what: string): PublicKey {
  return importDer(der, 'pkcs1', what);
}

function importDer(der: Uint8Array, type: 'spki' | 'pkcs1', what: string): PublicKey {
  let object: KeyObject;
  try {
    object = createPublicKey({ key: Buffer.from(der), format: 'der', type });
  } catch (cause) {
    const expected = type === 'spki' ? 'a SubjectPublicKeyInfo' : 'an RSAPublicKey';
    throw new AppError('invalid-input', `${what}: expected ${expected}, found other bytes`, { cause });
  }
  return publicKeyOf(object, what);
}

export function publicKeyOf(object: KeyObject, what: string): PublicKey {
  const algorithm = algorithmOfKey(object, what);
  // Keys of certificates are used once and never named: what names a key is made when it is asked for.
  let spki: Uint8Array | undefined;
  let keyId: Digest | undefined;
  return {
    algorithm,
    get spki() {
      return (spki ??= new Uint8Array(object.export({ format: 'der', type: 'spki' })));
    },
    get keyId() {
      return (keyId ??= digestOf(this.spki));
    },
    get hint() {
      return encodeBase64(Buffer.from(this.keyId.slice('sha256:'.length), 'hex'));
    },
    verify: (content, signature) => verifyContent(object, algorithm, content, signature),
    verifyDigest: (digest, hash, signature) => verifyPrehashed(object, algorithm, { digest, hash, signature }),
    verifyStrictly: (hash, content, signature) =>
      verify(algorithm === 'ed25519' ? null : hash, content, strictKeyOf(object, algorithm), signature),
  };
}

function strictKeyOf(key: KeyObject, algorithm: KeyAlgorithm) {
  if (algorithm === 'ed25519') return key;
  return algorithm === 'rsa' ? { key, padding: constants.RSA_PKCS1_PADDING } : ({ key, dsaEncoding: 'der' } as const);
}

/** The PEM that others read: SPKI under the label PUBLIC KEY. */
export function formatPublicKey(key: PublicKey): string {
  return formatPem({ label: 'PUBLIC KEY', bytes: key.spki });
}

function algorithmOfKey(object: KeyObject, what: string): KeyAlgorithm {
  const details = object.asymmetricKeyDetails ?? {};
  const type = object.asymmetricKeyType ?? 'unknown';
  if (type === 'ed25519') return 'ed25519';
  if (type === 'ec') return curveAlgorithm(details.namedCurve ?? 'unnamed', what);
  if (type !== 'rsa') throw unsupported(what, type);
  const bits = details.modulusLength ?? 0;
  if (bits >= MIN_RSA_BITS && bits <= MAX_RSA_BITS) return 'rsa';
  throw unsupported(what, `RSA with ${bits} bits`);
}

function curveAlgorithm(curve: string, what: string): KeyAlgorithm {
  if (curve === 'prime256v1') return 'ecdsa-p256';
  if (curve === 'secp384r1') return 'ecdsa-p384';
  if (curve === 'secp521r1') return 'ecdsa-p521';
  throw unsupported(what, `elliptic curve ${curve}`);
}

function unsupported(what: string, found: string): AppError {
  const expected = `ECDSA P-256, P-384 or P-521, Ed25519, or RSA of ${MIN_RSA_BITS} to ${MAX_RSA_BITS} bits`;
  return new AppError('invalid-input', `${what}: expected a key of ${expected}, found ${found}`);
}

function verifyContent(
  object: KeyObject,
  algorithm: KeyAlgorithm,
  content: Uint8Array,
  signature: Uint8Array,
): boolean {
  if (algorithm === 'ed25519') {
    return verify(null, content, object, signature) || isSignedByEd25519Prehashed(object, content, signature);
  }
  return HASHES[algorithm].some((hash) =>
    algorithm === 'rsa'
      ? verifyRsa(object, hash, content, signature)
      : verifyEcdsa(object, algorithm, { hash, content, signature }),
  );
}

function verifyEcdsa(
  object: KeyObject,
  algorithm: KeyAlgorithm,
  given: { readonly hash: HashName; readonly content: Uint8Array; readonly signature: Uint8Array },
): boolean {
  const { hash, content, signature } = given;
  if (verify(hash, content, { key: object, dsaEncoding: 'der' }, signature)) return true;
  // The DSSE protocol's own example carries r and s side by side.
  return (
    signature.length === 2 * (SCALAR_BYTES[algorithm] ?? 0) &&
    verify(hash, content, { key: object, dsaEncoding: 'ieee-p1363' }, signature)
  );
}

function verifyRsa(object: KeyObject, hash: HashName, content: Uint8Array, signature: Uint8Array): boolean {
  if (verify(hash, content, { key: object, padding: constants.RSA_PKCS1_PADDING }, signature)) return true;
  const pss = {
    key: object,
    padding: constants.RSA_PKCS1_PSS_PADDING,
    saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
  };
  return verify(hash, content, pss, signature);
}

function verifyPrehashed(
  object: KeyObject,
  algorithm: KeyAlgorithm,
  given: { readonly digest: Uint8Array; readonly hash: HashName; readonly signature: Uint8Array },
): boolean | undefined {
  if (algorithm === 'ed25519') return undefined;
  if (!HASHES[algorithm].includes(given.hash)) return false;
  return algorithm === 'rsa'
    ? isDigestSignedByRsa(object, given)
    : isDigestSignedByEcdsa(object, algorithm, given.digest, given.signature);
}

/** DigestInfo headers of RFC 8017 9.2 note 1. */
const DIGEST_INFO: Readonly<Record<HashName, string>> = {
  sha256: '3031300d060960864801650304020105000420',
  sha384: '3041300d060960864801650304020205000430',
  sha512: '3051300d060960864801650304020305000440',
};

/** PKCS #1 v1.5 by comparing the whole recovered DigestInfo (RFC 8017 8.2.2), so nothing in it is parsed leniently. */
function isDigestSignedByRsa(
  object: KeyObject,
  given: { readonly digest: Uint8Array; readonly hash: HashName; readonly signature: Uint8Array },
): boolean {
  const expected = Buffer.concat([Buffer.from(DIGEST_INFO[given.hash], 'hex'), given.digest]);
  try {
    const found = publicDecrypt({ key: object, padding: constants.RSA_PKCS1_PADDING }, given.signature);
    return found.length === expected.length && timingSafeEqual(found, expected);
  } catch {
    return false; // Wrong length or padding: OpenSSL says so by throwing.
  }
}
