/** Makes key pairs and shows public halves. */
import { AppError } from '../core/index.ts';
import type { Ports } from '../core/index.ts';
import {
  encryptKeyFile,
  formatPublicKey,
  generatePkcs8,
  importPkcs8,
  openPlainKey,
  openSigningKey,
  writeKeySecret,
} from '../trust/index.ts';
import type { AskPassword } from '../trust/index.ts';

export interface GenerateKeyPairInput {
  /** The files are `<prefix>.key` and `<prefix>.pub`. */
  readonly prefix: string;
  readonly force: boolean;
  readonly askPassword: AskPassword;
}

export interface KeyPairFiles {
  readonly privateKey: string;
  readonly publicKey: string;
  readonly keyId: string;
}

/** A new ECDSA P-256 pair, the private half under a password. Refuses (`usage`) to overwrite files unless forced. */
export async function generateKeyPair(ports: Ports, input: GenerateKeyPairInput): Promise<KeyPairFiles> {
  const paths = pathsOf(input.prefix);
  for (const path of [paths.privateKey, paths.publicKey]) await requireAbsent(ports, path, input.force);
  return await writeKeyPair(ports, input, generatePkcs8());
}

export interface ImportKeyPairInput extends GenerateKeyPairInput {
  /** A file or `env://NAME`: a private key in PEM without a password. */
  readonly key: string;
}

/** An existing key, sealed under a password. Refuses (`usage`) to overwrite files unless forced. */
export async function importKeyPair(ports: Ports, input: ImportKeyPairInput): Promise<KeyPairFiles> {
  const paths = pathsOf(input.prefix);
  for (const path of [paths.privateKey, paths.publicKey]) await requireAbsent(ports, path, input.force);
  return await writeKeyPair(ports, input, await openPlainKey(ports, input.key));
}

/** A new pair in the Secret `k8s://NAMESPACE/NAME`, and the public half in a file. Refuses to replace what is there unless forced. */
export async function generateKeySecret(
  ports: Ports,
  input: GenerateKeyPairInput & { readonly name: string },
  signal?: AbortSignal,
): Promise<KeyPairFiles> {
  const place = /^k8s:\/\/(.+)$/.exec(input.name)?.[1];
  if (place === undefined) throw new AppError('usage', `expected k8s://NAMESPACE/NAME, found "${input.name}"`);
  const { publicKey: path } = pathsOf(input.prefix);
  await requireAbsent(ports, path, input.force);
  const pkcs8 = generatePkcs8();
  const key = importPkcs8(pkcs8, input.name).publicKey;
  const password = await input.askPassword();
  const publicKey = formatPublicKey(key);
  const keys = { privateKey: encryptKeyFile(pkcs8, password, ports.random), publicKey, password };
  await writeKeySecret(ports, place, { keys, replace: input.force, signal });
  await ports.files.writeAtomic(path, publicKey, { mode: 0o644 });
  return { privateKey: input.name, publicKey: path, keyId: key.keyId };
}

async function writeKeyPair(ports: Ports, input: GenerateKeyPairInput, pkcs8: Uint8Array): Promise<KeyPairFiles> {
  const { privateKey, publicKey } = pathsOf(input.prefix);
  const key = importPkcs8(pkcs8, privateKey).publicKey;
  const password = await input.askPassword();
  await ports.files.writeAtomic(privateKey, encryptKeyFile(pkcs8, password, ports.random), { mode: 0o600 });
  await ports.files.writeAtomic(publicKey, formatPublicKey(key), { mode: 0o644 });
  return { privateKey, publicKey, keyId: key.keyId };
}

function pathsOf(prefix: string): { readonly privateKey: string; readonly publicKey: string } {
  return { privateKey: `${prefix}.key`, publicKey: `${prefix}.pub` };
}

async function requireAbsent(ports: Ports, path: string, force: boolean): Promise<void> {
  if (force || (await ports.files.stat(path)) === undefined) return;
  throw new AppError(
    'usage',
    `${path} exists already, and what it signed could not be told from what a new key signs`,
    {
      hint: 'give another --output-key-prefix, or --force to overwrite it',
    },
  );
}

export interface PublicKeyInput {
  /** A file or `env://NAME`, private or public. */
  readonly key: string;
  readonly askPassword: AskPassword;
}

/** The public half in PEM. */
export async function readPublicKey(ports: Ports, input: PublicKeyInput): Promise<{ pem: string; keyId: string }> {
  const key = (await openSigningKey(ports, input.key, input.askPassword)).publicKey;
  return { pem: formatPublicKey(key), keyId: key.keyId };
}
