/**
 * Keys by name: a file, `env://NAME` for the content of an environment variable, `k8s://NAMESPACE/NAME` for a Secret, an address of a
 * public key (https), or a key that never leaves the place where it lives: a token, a key management service, a plugin of cosign's.
 */
import { AppError } from '../../core/index.ts';
import { exchange, refusal } from '../clients/exchange.ts';
import { exportPkcs8, importPlainPrivateKey, importPublicKey } from '../crypto/index.ts';
import type { PublicKey, SigningKey } from '../crypto/index.ts';
import { decryptKeyFile, isEncryptedKeyFile } from './key-file.ts';
import type { KeyName, KeyProvider, KeySources } from './provider.ts';
import { aws } from './providers/aws.ts';
import { azure } from './providers/azure.ts';
import { gcp } from './providers/gcp.ts';
import { readKeySecret } from './providers/kubernetes.ts';
import { pkcs11 } from './providers/pkcs11.ts';
import { plugin } from './providers/plugin.ts';
import { vault } from './providers/vault.ts';

const MAX_KEY_BYTES = 256 * 1024;

/** The last one takes every other scheme. */
const PROVIDERS: readonly KeyProvider[] = [pkcs11, vault, aws, gcp, azure, plugin];

/** The password of an encrypted key file, asked only when one is opened. */
export type AskPassword = () => Promise<string>;

/** A private key: an encrypted key file of cosign, plain PEM, or a key elsewhere. Throws `not-found`, `invalid-input` and what providers throw. */
export async function openSigningKey(
  sources: KeySources,
  name: string,
  ask: AskPassword,
  signal?: AbortSignal,
): Promise<SigningKey> {
  const parts = parseKeyName(name);
  if (parts?.scheme === 'k8s') return await openSecretKey(sources, parts, ask, signal);
  const provider = providerOf(parts);
  if (parts !== undefined && provider !== undefined) return await provider.open(sources, parts, signal);
  return await openKeyText(await readKey(sources, name, parts), name, ask);
}

/** The PKCS#8 bytes of a private key in plain PEM, for sealing it. */
export async function openPlainKey(sources: KeySources, name: string): Promise<Uint8Array> {
  return exportPkcs8(await readKey(sources, name, parseKeyName(name)), name);
}

/** A public key: SPKI in PEM, or that of a key elsewhere. */
export async function openPublicKey(sources: KeySources, name: string, signal?: AbortSignal): Promise<PublicKey> {
  const parts = parseKeyName(name);
  if (parts?.scheme === 'k8s') {
    const { publicKey } = await readKeySecret(sources, parts.rest, signal);
    return importPublicKey(required(publicKey, parts, 'cosign.pub'), name);
  }
  if (parts?.scheme === 'https' || parts?.scheme === 'http')
    return importPublicKey(await fetchKey(sources, name, signal), name);
  const provider = providerOf(parts);
  if (parts !== undefined && provider !== undefined) return (await provider.open(sources, parts, signal)).publicKey;
  return importPublicKey(await readKey(sources, name, parts), name);
}

function parseKeyName(name: string): KeyName | undefined {
  const [, scheme, rest] = /^([a-z][a-z0-9+.-]+):\/\/(.*)$/.exec(name) ?? /^(pkcs11):(.*)$/.exec(name) ?? [];
  if (scheme === undefined || rest === undefined) return undefined;
  return { scheme, rest, text: name.replace(/pin-value=[^&;]*/, 'pin-value=...') };
}

const TEXT_SCHEMES: readonly string[] = ['env', 'k8s', 'http', 'https'];

function providerOf(name: KeyName | undefined): KeyProvider | undefined {
  if (name === undefined || TEXT_SCHEMES.includes(name.scheme)) return undefined;
  return PROVIDERS.find(({ scheme }) => scheme === undefined || scheme === name.scheme);
}

async function openKeyText(text: string, name: string, ask: AskPassword): Promise<SigningKey> {
  return isEncryptedKeyFile(text) ? decryptKeyFile(text, await ask(), name) : importPlainPrivateKey(text, name);
}

/** The Secret holds the password too. */
async function openSecretKey(
  sources: KeySources,
  name: KeyName,
  ask: AskPassword,
  signal: AbortSignal | undefined,
): Promise<SigningKey> {
  const { privateKey, password } = await readKeySecret(sources, name.rest, signal);
  return await openKeyText(required(privateKey, name, 'cosign.key'), name.text, async () => password ?? (await ask()));
}

function required(value: string | undefined, { text }: KeyName, field: string): string {
  if (value !== undefined) return value;
  throw new AppError('not-found', `key ${text}: expected ${field} in the Secret, found none`);
}

async function readKey(sources: KeySources, name: string, parts: KeyName | undefined): Promise<string> {
  if (parts === undefined) return new TextDecoder().decode(await sources.files.read(name, MAX_KEY_BYTES));
  if (parts.scheme !== 'env') {
    throw new AppError('usage', `key ${parts.text}: expected a private key in a file or env://NAME`);
  }
  const value = sources.environment[parts.rest];
  if (value === undefined || value === '') throw new AppError('not-found', `key ${name}: the variable is not set`);
  return value;
}

async function fetchKey(sources: KeySources, url: string, signal: AbortSignal | undefined): Promise<string> {
  if (url.startsWith('http:') && !/^http:\/\/(?:localhost|127\.0\.0\.1|\[::1\])[:/]/.test(url))
    throw new AppError('usage', `key ${url}: expected https, found an address that anybody on the way can answer`);
  const answer = await exchange(sources.http, 'public key', { url, signal });
  if (answer.status !== 200) throw refusal(answer, 'public key', url);
  return new TextDecoder().decode(answer.bytes);
}
