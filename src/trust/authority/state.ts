/**
 * What an authority keeps in its folder besides its logs: who it is, its keys (encrypted with a password, in the form of cosign's key
 * files) and the certificates of its certificate authority and its timestamps.
 */
import { generateKeyPairSync } from 'node:crypto';
import { join } from 'node:path';
import { AppError, decodeJson, object, string, type Clock, type Files, type Random } from '../../core/index.ts';
import {
  CODE_SIGNING,
  decodeBase64,
  distinguishedName,
  encodeBase64,
  generatePkcs8,
  importPkcs8,
  TIME_STAMPING,
  type SigningKey,
  positive,
} from '../crypto/index.ts';
import { KeyFiles } from '../keys/key-file.ts';
import { extension, signCertificate, type CertificateContent } from './certificates.ts';

const KEY_NAMES = ['root', 'ca', 'ct', 'log', 'log-v1', 'timestamps', 'tokens', 'tuf-root', 'tuf-online'] as const;
export type KeyName = (typeof KEY_NAMES)[number];

export interface AuthorityState {
  /** Where clients reach it, without a slash at its end. */
  readonly url: string;
  /** Sixteen hex digits: the tree of the version 1 log. */
  readonly treeId: string;
  readonly createdAt: Date;
  /** Of all certificates below. */
  readonly notAfter: Date;
  readonly keys: Readonly<Record<KeyName, SigningKey>>;
  /** DER: first the one in use, last the root. */
  readonly caChain: readonly Uint8Array[];
  readonly timestampChain: readonly Uint8Array[];
}

export interface AuthorityPorts {
  readonly files: Files;
  readonly clock: Clock;
  readonly random: Random;
}

const FILE = 'authority.json';
const MAX_STATE_BYTES = 64 * 1024;
const MAX_KEY_BYTES = 16 * 1024;
const LIFE_YEARS = 10;
/** Clients' clocks may be behind by this much. */
const BACKDATE_MS = 60 * 60 * 1000;
const SERIAL_BYTES = 16;
/** Rekor's tree ids are positive numbers of 64 bits. */
const TREE_ID_BYTES = 8;
const ORGANIZATION = 'plimsoll authority';

const bytes = (value: unknown, path: string): Uint8Array => decodeBase64(string(value, path), path);
const time = (value: unknown, path: string): Date => {
  const at = new Date(string(value, path));
  if (Number.isNaN(at.getTime()))
    throw new AppError('invalid-input', `${path}: expected a time, found "${String(value)}"`);
  return at;
};
const stateFile = object({
  url: string,
  treeId: string,
  createdAt: time,
  notAfter: time,
  certificates: object({ root: bytes, ca: bytes, timestamps: bytes }),
});

export async function isAuthority(files: Files, folder: string): Promise<boolean> {
  return (await files.stat(join(folder, FILE))) !== undefined;
}

export interface CreateOptions {
  readonly url: string;
  /** Of all keys. */
  readonly password: string;
}

/** Makes keys and certificates. The file that says so comes last: until then there is no authority in the folder. */
export async function createState(ports: AuthorityPorts, folder: string, options: CreateOptions): Promise<void> {
  if (await isAuthority(ports.files, folder))
    throw new AppError('invalid-input', `${folder}: expected no authority, found one`);
  const sealed = new KeyFiles(options.password);
  const keys = {} as Record<KeyName, SigningKey>;
  for (const name of KEY_NAMES) {
    const pkcs8 = name === 'log' ? generateEd25519() : generatePkcs8();
    const file = sealed.encrypt(pkcs8, ports.random);
    await ports.files.writeAtomic(keyPath(folder, name), file, { mode: 0o600 });
    keys[name] = importPkcs8(pkcs8, name);
  }
  // timestamps are whole seconds, and one may be made at once
  const createdAt = new Date(Math.floor(ports.clock().getTime() / 1000) * 1000);
  const notAfter = new Date(createdAt);
  notAfter.setUTCFullYear(notAfter.getUTCFullYear() + LIFE_YEARS);
  const issue = async (name: keyof typeof CERTIFICATES) => {
    const { publicKey } = keys[name];
    const content: CertificateContent = {
      serial: positive(ports.random(SERIAL_BYTES)),
      issuer: nameOf('root'),
      subject: nameOf(name),
      notBefore: new Date(createdAt.getTime() - BACKDATE_MS),
      notAfter,
      publicKey,
      extensions: [...CERTIFICATES[name], extension.subjectKey(publicKey), extension.issuerKey(keys.root.publicKey)],
    };
    return encodeBase64(await signCertificate(content, keys.root));
  };
  const document = {
    url: options.url,
    treeId: Buffer.from(positive(ports.random(TREE_ID_BYTES))).toString('hex'),
    createdAt: createdAt.toISOString(),
    notAfter: notAfter.toISOString(),
    certificates: { root: await issue('root'), ca: await issue('ca'), timestamps: await issue('timestamps') },
  };
  await ports.files.writeAtomic(join(folder, FILE), `${JSON.stringify(document, null, 2)}\n`);
}

/** Throws `not-found` where there is no authority, `invalid-input` for a wrong password. */
export async function openState(files: Files, folder: string, password: string): Promise<AuthorityState> {
  const path = join(folder, FILE);
  const { certificates, ...state } = decodeJson(await files.read(path, MAX_STATE_BYTES), stateFile, {
    what: path,
    maxBytes: MAX_STATE_BYTES,
  });
  const sealed = new KeyFiles(password);
  const keys = {} as Record<KeyName, SigningKey>;
  for (const name of KEY_NAMES) {
    const file = new TextDecoder().decode(await files.read(keyPath(folder, name), MAX_KEY_BYTES));
    keys[name] = sealed.decrypt(file, keyPath(folder, name));
  }
  return {
    ...state,
    keys,
    caChain: [certificates.ca, certificates.root],
    timestampChain: [certificates.timestamps, certificates.root],
  };
}

const CERTIFICATES = {
  root: [extension.authority(1), extension.keyUsage('issue')],
  ca: [extension.authority(0), extension.keyUsage('issue'), extension.purpose(CODE_SIGNING)],
  timestamps: [extension.keyUsage('sign'), extension.purpose(TIME_STAMPING, true)],
} as const;

function nameOf(certificate: keyof typeof CERTIFICATES): Uint8Array {
  return distinguishedName(ORGANIZATION, certificate);
}

function keyPath(folder: string, name: KeyName): string {
  return join(folder, 'keys', `${name}.key`);
}

/** PKCS #8 of a key for checkpoints: the kind that logs of tiles sign with. */
function generateEd25519(): Uint8Array {
  return new Uint8Array(generateKeyPairSync('ed25519').privateKey.export({ format: 'der', type: 'pkcs8' }));
}
