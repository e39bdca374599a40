import { createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { AppError } from '../../core/index.ts';
import { parsePem } from './pem.ts';
import { publicKeyOf } from './public-key.ts';
import type { PublicKey } from './public-key.ts';

/** Something that signs, wherever the private key lives. */
export interface SigningKey {
  readonly publicKey: PublicKey;
  /**
   * ECDSA: DER over SHA-256 for every curve, since verifiers of the field assume SHA-256 for managed keys.
   * RSA: PKCS #1 v1.5 over SHA-256. Ed25519: pure, over the content.
   */
  sign(content: Uint8Array): Promise<Uint8Array>;
}

/** From PKCS#8 DER (RFC 5958). Throws `invalid-input` naming `what`; SEC 1 and PKCS #1 content is refused. */
export function importPkcs8(der: Uint8Array, what: string): SigningKey {
  return fromPrivate(() => createPrivateKey({ key: Buffer.from(der), format: 'der', type: 'pkcs8' }), 'PKCS#8', what);
}

const PLAIN_LABELS: Readonly<Record<string, 'pkcs8' | 'sec1' | 'pkcs1'>> = {
  'PRIVATE KEY': 'pkcs8',
  'EC PRIVATE KEY': 'sec1',
  'RSA PRIVATE KEY': 'pkcs1',
};

/** From a private key in PEM without a password: PRIVATE KEY, EC PRIVATE KEY or RSA PRIVATE KEY. */
export function importPlainPrivateKey(pem: string, what: string): SigningKey {
  const { der, type } = readPlain(pem, what);
  return fromPrivate(() => createPrivateKey({ key: der, format: 'der', type }), type, what);
}

/** The same key as PKCS#8 DER. Throws as importPlainPrivateKey does. */
export function exportPkcs8(pem: string, what: string): Uint8Array {
  importPlainPrivateKey(pem, what);
  const { der, type } = readPlain(pem, what);
  return new Uint8Array(createPrivateKey({ key: der, format: 'der', type }).export({ format: 'der', type: 'pkcs8' }));
}

function readPlain(pem: string, what: string): { readonly der: Buffer; readonly type: 'pkcs8' | 'sec1' | 'pkcs1' } {
  const block = parsePem(pem, what);
  const type = PLAIN_LABELS[block.label];
  if (type !== undefined) return { der: Buffer.from(block.bytes), type };
  const expected = Object.keys(PLAIN_LABELS).join(', ');
  throw new AppError('invalid-input', `${what}: expected a PEM block ${expected}, found ${block.label}`);
}

/** A new ECDSA P-256 key, as PKCS#8 DER. */
export function generatePkcs8(): Uint8Array {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return new Uint8Array(privateKey.export({ format: 'der', type: 'pkcs8' }));
}

function fromPrivate(open: () => KeyObject, form: string, what: string): SigningKey {
  let key: KeyObject;
  try {
    key = open();
  } catch (cause) {
    throw new AppError('invalid-input', `${what}: expected a private key in ${form} form, found other bytes`, {
      cause,
    });
  }
  const publicKey = publicKeyOf(createPublicKey(key), what);
  const hash = publicKey.algorithm === 'ed25519' ? null : 'sha256';
  return { publicKey, sign: async (content) => new Uint8Array(sign(hash, content, key)) };
}
