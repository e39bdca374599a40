/** Docker's configuration file, as far as it is about credentials, and the entries that pull secrets share with it. */
import { AppError, DOCKER_HUB, isRecord, parseJson, type Files } from '../../core/index.ts';

export type Credential =
  | { readonly kind: 'password'; readonly username: string; readonly password: string }
  /** A refresh token of OAuth 2. */
  | { readonly kind: 'identity-token'; readonly token: string }
  /** Sent as bearer token as it is. */
  | { readonly kind: 'registry-token'; readonly token: string };

/** Where a credential is for. */
export interface CredentialScope {
  readonly registry: string;
  readonly repository: string;
}

/** Above any real configuration file. */
export const MAX_CONFIG_BYTES = 4 * 1024 * 1024;

export interface DockerConfig {
  /** All of the file, so that writing it back loses nothing. */
  readonly document: Readonly<Record<string, unknown>>;
  readonly auths: ReadonlyMap<string, unknown>;
  readonly helpers: ReadonlyMap<string, string>;
  readonly store: string | undefined;
}

/** Undefined when there is no file; an empty one has no credentials. Throws `invalid-input` when it is malformed. */
export async function loadConfig(files: Files, path: string): Promise<DockerConfig | undefined> {
  if ((await files.stat(path)) === undefined) return undefined;
  return parseConfig(await files.read(path, MAX_CONFIG_BYTES), path);
}

export function parseConfig(bytes: Uint8Array, path: string): DockerConfig {
  const text = new TextDecoder().decode(bytes);
  const document = text.trim() === '' ? {} : parseJson(text, { what: path });
  if (!isRecord(document)) throw new AppError('invalid-input', `${path}: expected an object`);
  const { auths = {}, credHelpers = {}, credsStore } = document;
  if (!isRecord(auths)) throw new AppError('invalid-input', `${path}: auths: expected an object`);
  if (!isRecord(credHelpers)) throw new AppError('invalid-input', `${path}: credHelpers: expected an object`);
  const helpers = Object.entries(credHelpers).flatMap(([host, program]) =>
    typeof program === 'string' ? [[host, program] as const] : [],
  );
  return {
    document,
    auths: new Map(Object.entries(auths)),
    helpers: new Map(helpers),
    store: typeof credsStore === 'string' && credsStore !== '' ? credsStore : undefined,
  };
}

/** The registry that a key of the file stands for: `https://host/v1/` and `host` are the same one. */
export function hostOfKey(key: string): string {
  const host = (key.replace(/^https?:\/\//, '').split('/')[0] ?? '').toLowerCase();
  return host === 'docker.io' || host === 'registry-1.docker.io' ? DOCKER_HUB : host;
}

/** One entry of `auths`. The precedence is the one of Docker: tokens before the password. */
export function parseAuth(entry: unknown, what: string): Credential | undefined {
  if (!isRecord(entry)) throw new AppError('invalid-input', `${what}: expected an object`);
  const read = (name: string): string => {
    const value = entry[name];
    if (value === undefined || value === null) return '';
    if (typeof value !== 'string') throw new AppError('invalid-input', `${what}.${name}: expected a string`);
    return value;
  };
  if (read('registrytoken') !== '') return { kind: 'registry-token', token: read('registrytoken') };
  if (read('identitytoken') !== '') return { kind: 'identity-token', token: read('identitytoken') };
  if (read('auth') !== '') return parseBasic(read('auth'), what);
  if (read('username') === '' && read('password') === '') return undefined;
  return { kind: 'password', username: read('username'), password: read('password') };
}

function parseBasic(encoded: string, what: string): Credential {
  const text = Buffer.from(encoded, 'base64').toString('utf8').replaceAll('\0', '');
  const colon = text.indexOf(':');
  // the value itself is a secret: it never goes into the message
  if (colon < 1 || !/^[A-Za-z0-9+/]+={0,2}$/.test(encoded)) {
    throw new AppError('invalid-input', `${what}.auth: expected base64 of username:password`);
  }
  return credentialOf(text.slice(0, colon), text.slice(colon + 1));
}

/** What stands for a user name where the secret is an identity token. */
export const TOKEN_USER = '<token>';

export function credentialOf(username: string, secret: string): Credential {
  return username === TOKEN_USER
    ? { kind: 'identity-token', token: secret }
    : { kind: 'password', username, password: secret };
}
