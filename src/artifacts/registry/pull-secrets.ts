/**
 * Kubernetes pull secrets as credentials: `kubernetes.io/dockerconfigjson` and the older `kubernetes.io/dockercfg`, matched
 * as the kubelet does: keys may have `*`, `?` and `[...]` within each part of the host name, ports must be equal, and of
 * several matching keys the one with the longest path wins. Unlike there, a path ends where a part of the name ends.
 */
import { AppError, decodeJson, isRecord, mismatch, parseYamlDocuments, record } from '../../core/index.ts';
import { hostOfKey, parseAuth, type Credential, type CredentialScope } from './docker-config.ts';

export interface PullSecret {
  /** For errors: `secret team/pull`. */
  readonly name: string;
  /** By key: `registry.example.com`, `*.example.com/team`. */
  readonly auths: ReadonlyMap<string, unknown>;
}

/** Secrets in one file; a pod names a few. */
const MAX_SECRETS = 1000;

/** The best of all secrets' entries; undefined when none is for this repository. Throws `invalid-input` when it is broken. */
export function credentialFromPullSecrets(
  secrets: readonly PullSecret[],
  scope: CredentialScope,
): Credential | undefined {
  const found = secrets
    .flatMap(({ name, auths }) => [...auths].map(([key, entry]) => ({ name, key, entry, ...splitKey(key) })))
    .filter(({ key }) => isKeyFor(key, scope))
    // stable: of equal ones the first secret's counts
    .toSorted((a, b) => b.path.length - a.path.length || Number(isGlob(a.host)) - Number(isGlob(b.host)));
  for (const { name, key, entry } of found) {
    const credential = parseAuth(entry, `${name}: auths: ${key}`);
    if (credential !== undefined) return credential;
  }
  return undefined;
}

/** Whether the key of an entry speaks of the repository. */
export function isKeyFor(key: string, { registry, repository }: CredentialScope): boolean {
  const { host, path } = splitKey(key);
  return matchesHost(host, registry) && isWithin(repository, path);
}

/** Secrets of a file in YAML or JSON: one, several documents, or a list; other kinds are passed over. */
export function parsePullSecrets(bytes: Uint8Array, path: string): readonly PullSecret[] {
  const documents = parseYamlDocuments(new TextDecoder().decode(bytes), path, MAX_SECRETS);
  const values = documents.flatMap(({ value }): readonly unknown[] =>
    Array.isArray(value.items) ? value.items : [value],
  );
  if (values.length > MAX_SECRETS) {
    throw new AppError('invalid-input', `${path}: expected at most ${MAX_SECRETS} documents, found ${values.length}`);
  }
  const secrets = values.filter(isRecord).flatMap((value) => readSecret(value, path) ?? []);
  if (secrets.length > 0) return secrets;
  throw new AppError(
    'invalid-input',
    `${path}: expected a secret of type kubernetes.io/dockerconfigjson or kubernetes.io/dockercfg, found none`,
  );
}

function readSecret(value: Readonly<Record<string, unknown>>, path: string): PullSecret | undefined {
  if (value.kind !== 'Secret') return undefined;
  const { name, namespace } = isRecord(value.metadata) ? value.metadata : {};
  return readPullSecret(
    value,
    `${path}: secret ${[namespace, name].filter((part) => typeof part === 'string').join('/')}`,
  );
}

/** Undefined for a Secret that holds no credentials of registries. Throws `invalid-input` for broken ones; `what` names it in messages. */
export function readPullSecret(value: Readonly<Record<string, unknown>>, what: string): PullSecret | undefined {
  const config = readKey(value, '.dockerconfigjson', what);
  if (config !== undefined) return { name: what, auths: entriesOf(config.auths ?? {}, `${what}: auths`) };
  // the older form has no `auths` around its entries
  const legacy = readKey(value, '.dockercfg', what);
  return legacy === undefined ? undefined : { name: what, auths: entriesOf(legacy, what) };
}

/** The document under a key of `stringData`, which wins when a secret is applied, or of `data`, which is base64. */
function readKey(
  secret: Readonly<Record<string, unknown>>,
  key: string,
  what: string,
): Readonly<Record<string, unknown>> | undefined {
  const plain = isRecord(secret.stringData) ? secret.stringData[key] : undefined;
  const encoded = isRecord(secret.data) ? secret.data[key] : undefined;
  const text = plain ?? encoded;
  if (text === undefined) return undefined;
  if (typeof text !== 'string') throw mismatch(`${what}: ${key}`, 'a string', undefined);
  return decodeJson(plain === undefined ? Buffer.from(text, 'base64') : text, record, { what: `${what}: ${key}` });
}

function entriesOf(value: unknown, what: string): ReadonlyMap<string, unknown> {
  return new Map(Object.entries(record(value, what)));
}

function splitKey(key: string): { readonly host: string; readonly path: string } {
  const bare = key.replace(/^https?:\/\//, '').replace(/\/+$/, '');
  const slash = bare.indexOf('/');
  const path = slash < 0 ? '' : bare.slice(slash + 1);
  // `https://index.docker.io/v1/` names the registry's API, not a repository
  return { host: hostOfKey(key), path: /^v[12]$/.test(path) ? '' : path.replace(/^v[12]\//, '') };
}

function isGlob(host: string): boolean {
  return /[*?[]/.test(host);
}

function isWithin(repository: string, path: string): boolean {
  return path === '' || `${repository}/`.startsWith(`${path}/`);
}

/** Part by part, so that `*` never crosses a dot; ports as they are. */
function matchesHost(pattern: string, registry: string): boolean {
  if (pattern === registry) return true;
  const [wanted, found] = [splitPort(pattern), splitPort(registry)];
  const parts = found.name.split('.');
  const patterns = wanted.name.split('.');
  if (wanted.port !== found.port || parts.length !== patterns.length) return false;
  return patterns.every((part, index) => toRegExp(part)?.test(parts[index] ?? '') === true);
}

function splitPort(host: string): { readonly name: string; readonly port: string } {
  const match = /^(.*?)(?::(\d+))?$/.exec(host);
  return { name: match?.[1] ?? host, port: match?.[2] ?? '' };
}

/** Go's path.Match within one part; undefined for a pattern that means nothing. */
function toRegExp(part: string): RegExp | undefined {
  const source = part.replaceAll(/\[[^\]]*\]|[^\w-]/g, (token) => {
    if (token === '*') return '.*';
    if (token === '?') return '.';
    return /^\[\^?[\w-]+\]$/.test(token) ? token : `\\${token}`;
  });
  try {
    return new RegExp(`^${source}$`);
  } catch {
    // an unfinished range names no host
    return undefined;
  }
}
