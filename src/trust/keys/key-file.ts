/**
 * Encrypted private key files of cosign: PEM around JSON around NaCl secretbox around PKCS#8.
 *
 * Implements reading of both PEM labels and all three scrypt parameter sets that cosign's library accepts, and writing
 * of the newer label with the middle one. Other parameters are refused before any work: they are the attacker's choice of memory.
 */
import { scryptSync } from 'node:crypto';
import { xsalsa20poly1305 } from '@noble/ciphers/salsa.js';
import { AppError, decodeJson, natural, object, string } from '../../core/index.ts';
import type { Random } from '../../core/index.ts';
import { decodeBase64, encodeBase64, formatPem, importPkcs8, parsePem } from '../crypto/index.ts';
import type { SigningKey } from '../crypto/index.ts';

const WRITTEN_LABEL = 'ENCRYPTED SIGSTORE PRIVATE KEY';
const LABELS: readonly string[] = [WRITTEN_LABEL, 'ENCRYPTED COSIGN PRIVATE KEY'];

/** Legacy, current and strong, in this order; r and p are the same in all. */
const ALLOWED_N: readonly number[] = [32_768, 65_536, 131_072];
const WRITTEN_N = 65_536;
const R = 8;
const P = 1;

const SALT_BYTES = 32;
const NONCE_BYTES = 24;
const KEY_BYTES = 32;
/** An RSA key of 8192 bits in PKCS#8, twice encoded, stays below. */
const MAX_JSON_BYTES = 64 * 1024;

const keyFile = object({
  kdf: object({ name: string, params: object({ N: natural, r: natural, p: natural }), salt: string }),
  cipher: object({ name: string, nonce: string }),
  ciphertext: string,
});

type KeyFile = ReturnType<typeof keyFile>;

/** Whether this PEM needs a password to be opened. */
export function isEncryptedKeyFile(pem: string): boolean {
  return LABELS.some((label) => pem.includes(`-----BEGIN ${label}-----`));
}

/** Opens a key file. Throws `invalid-input` naming `what`: malformed, refused parameters, wrong password. */
export function decryptKeyFile(pem: string, password: string, what: string): SigningKey {
  return decrypt(pem, { password, derive: deriveKey }, what);
}

interface Opening {
  readonly password: string;
  readonly derive: typeof deriveKey;
}

function decrypt(pem: string, { password, derive }: Opening, what: string): SigningKey {
  const block = parsePem(pem, what);
  if (!LABELS.includes(block.label)) {
    throw new AppError('invalid-input', `${what}: expected a PEM block ${LABELS.join(' or ')}, found ${block.label}`);
  }
  const file = decodeJson(block.bytes, keyFile, { what, maxBytes: MAX_JSON_BYTES });
  checkParameters(file, what);
  const salt = decodeBase64(file.kdf.salt, `${what}.kdf.salt`);
  const nonce = decodeBase64(file.cipher.nonce, `${what}.cipher.nonce`);
  if (nonce.length !== NONCE_BYTES) {
    throw new AppError('invalid-input', `${what}.cipher.nonce: expected ${NONCE_BYTES} bytes, found ${nonce.length}`);
  }
  const box = xsalsa20poly1305(derive(password, salt, file.kdf.params.N), nonce);
  return importPkcs8(openBox(box, decodeBase64(file.ciphertext, `${what}.ciphertext`), what), what);
}

/** Seals PKCS#8 bytes under a password, which may be empty. */
export function encryptKeyFile(pkcs8: Uint8Array, password: string, random: Random): string {
  const salt = random(SALT_BYTES);
  return seal(pkcs8, { key: deriveKey(password, salt, WRITTEN_N), salt }, random);
}

/** Key files of one owner under one password: what is slow on purpose is done once for all files with the same salt. */
export class KeyFiles {
  readonly #password: string;
  readonly #derived = new Map<string, Uint8Array>();
  #salt: Uint8Array | undefined;

  constructor(password: string) {
    this.#password = password;
  }

  /** All under one salt, each with a nonce of its own. */
  encrypt(pkcs8: Uint8Array, random: Random): string {
    this.#salt ??= random(SALT_BYTES);
    return seal(pkcs8, { key: this.#derive(this.#password, this.#salt, WRITTEN_N), salt: this.#salt }, random);
  }

  /** Throws as decryptKeyFile does. */
  decrypt(pem: string, what: string): SigningKey {
    const derive: typeof deriveKey = (...given) => this.#derive(...given);
    return decrypt(pem, { password: this.#password, derive }, what);
  }

  #derive(password: string, salt: Uint8Array, n: number): Uint8Array {
    const id = `${n} ${encodeBase64(salt)}`;
    const key = this.#derived.get(id) ?? deriveKey(password, salt, n);
    this.#derived.set(id, key);
    return key;
  }
}

function seal(
  pkcs8: Uint8Array,
  { key, salt }: { readonly key: Uint8Array; readonly salt: Uint8Array },
  random: Random,
): string {
  const nonce = random(NONCE_BYTES);
  const file = {
    kdf: { name: 'scrypt', params: { N: WRITTEN_N, r: R, p: P }, salt: encodeBase64(salt) },
    cipher: { name: 'nacl/secretbox', nonce: encodeBase64(nonce) },
    ciphertext: encodeBase64(xsalsa20poly1305(key, nonce).encrypt(pkcs8)),
  };
  return formatPem({ label: WRITTEN_LABEL, bytes: new TextEncoder().encode(JSON.stringify(file)) });
}

function checkParameters(file: KeyFile, what: string): void {
  if (file.kdf.name !== 'scrypt') throw refused(`${what}.kdf.name`, 'scrypt', file.kdf.name);
  if (file.cipher.name !== 'nacl/secretbox') throw refused(`${what}.cipher.name`, 'nacl/secretbox', file.cipher.name);
  const { N, r, p } = file.kdf.params;
  if (ALLOWED_N.includes(N) && r === R && p === P) return;
  throw refused(`${what}.kdf.params`, `N of ${ALLOWED_N.join(', ')} with r=${R}, p=${P}`, `N=${N}, r=${r}, p=${p}`);
}

function refused(path: string, expected: string, found: string): AppError {
  return new AppError('invalid-input', `${path}: expected ${expected}, found ${found}`);
}

function deriveKey(password: string, salt: Uint8Array, n: number): Uint8Array {
  // scrypt needs 128 * N * r bytes (RFC 7914 5); OpenSSL counts a little more.
  const maxmem = 128 * n * R + 1024 * 1024;
  return new Uint8Array(scryptSync(password, salt, KEY_BYTES, { N: n, r: R, p: P, maxmem }));
}

function openBox(
  box: { decrypt(ciphertext: Uint8Array): Uint8Array },
  ciphertext: Uint8Array,
  what: string,
): Uint8Array {
  try {
    return box.decrypt(ciphertext);
  } catch (cause) {
    throw new AppError('invalid-input', `${what}: the password does not open this key file`, {
      cause,
      hint: 'set COSIGN_PASSWORD to the password given when the key was made',
    });
  }
}
