/** Keys by name: a file, or `env://NAME` for the content of an environment variable. */
import { AppError } from '../../core/index.ts';
import type { Environment, Files } from '../../core/index.ts';
import { exportPkcs8, importPlainPrivateKey, importPublicKey } from '../crypto/index.ts';
import type { PublicKey, SigningKey } from '../crypto/index.ts';
import { decryptKeyFile, isEncryptedKeyFile } from './key-file.ts';

const MAX_KEY_BYTES = 256 * 1024;

/** Where keys come from. */
export interface KeySources {
  readonly files: Files;
  readonly environment: Environment;
}

/** The password of an encrypted key file, asked only when one is opened. */
export type AskPassword = () => Promise<string>;

/** A private key: an encrypted key file of cosign, or plain PEM. Throws `not-found` and `invalid-input`. */
export async function openSigningKey(sources: KeySources, name: string, ask: AskPassword): Promise<SigningKey> {
  const text = await readKey(sources, name);
  return isEncryptedKeyFile(text) ? decryptKeyFile(text, await ask(), name) : importPlainPrivateKey(text, name);
}

/** The PKCS#8 bytes of a private key in plain PEM, for sealing it. */
export async function openPlainKey(sources: KeySources, name: string): Promise<Uint8Array> {
  return exportPkcs8(await readKey(sources, name), name);
}

/** A public key: SPKI in PEM. */
export async function openPublicKey(sources: KeySources, name: string): Promise<PublicKey> {
  return importPublicKey(await readKey(sources, name), name);
}

async function readKey(sources: KeySources, name: string): Promise<string> {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\/(.*)$/.exec(name);
  if (scheme === null) return new TextDecoder().decode(await sources.files.read(name, MAX_KEY_BYTES));
  if (scheme[1] !== 'env') {
    const hint = 'key management services are not supported yet; give a file or env://NAME';
    throw new AppError('invalid-input', `key ${name}: expected a file or env://NAME`, { hint });
  }
  const value = sources.environment[scheme[2] ?? ''];
  if (value === undefined || value === '') throw new AppError('not-found', `key ${name}: the variable is not set`);
  return value;
}
