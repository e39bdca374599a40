/**
 * Registry credentials of programs, as the kubelet has them (kubelet.config.k8s.io CredentialProviderConfig; the protocol is
 * credentialprovider.kubelet.k8s.io/v1): each says for which images it is asked, is run, and its answer is kept as long as it says.
 * Not done, and refused by name: `tokenAttributes`, for which a kubelet sends tokens of service accounts.
 */
import { join } from 'node:path';
import { AppError, arrayOf, decodeJson, object, oneOf, optional, record, string } from '../../core/index.ts';
import type { Files, RunProgram } from '../../core/index.ts';
import { MAX_CONFIG_BYTES, type Credential, type CredentialScope } from './docker-config.ts';
import { credentialFromPullSecrets, isKeyFor, type PullSecret } from './pull-secrets.ts';

export interface CredentialProviders {
  /** Undefined where no program is for the image, or none knows a credential. Throws `unauthorized` when one fails. */
  find(scope: CredentialScope): Promise<Credential | undefined>;
}

export interface CredentialProviderPorts {
  readonly files: Files;
  readonly run: RunProgram;
  readonly clock: () => Date;
}

const VERSION = 'credentialprovider.kubelet.k8s.io/v1';

const decodeConfig = object({
  apiVersion: oneOf(...['v1', 'v1beta1', 'v1alpha1'].map((version) => `kubelet.config.k8s.io/${version}`)),
  kind: oneOf('CredentialProviderConfig'),
  providers: arrayOf(
    object({
      name: string,
      apiVersion: oneOf(VERSION),
      matchImages: arrayOf(string),
      defaultCacheDuration: optional(string),
      args: optional(arrayOf(string)),
      env: optional(arrayOf(object({ name: string, value: string }))),
      tokenAttributes: optional(record),
    }),
  ),
});

type Provider = ReturnType<typeof decodeConfig>['providers'][number];

const decodeAnswer = object({
  apiVersion: oneOf(VERSION),
  kind: oneOf('CredentialProviderResponse'),
  cacheKeyType: oneOf('Image', 'Registry', 'Global'),
  cacheDuration: optional(string),
  auth: optional(record),
});

/** Programs of one node; the services of the field have a handful. */
const MAX_PROVIDERS = 100;
const MAX_ANSWER_BYTES = 1024 * 1024;
/** Milliseconds of one run, as a kubelet waits. */
const DEADLINE_MS = 60_000;
/** Answers that are kept: one for each registry, or image, that is asked about. */
const MAX_KEPT = 1000;

interface Kept {
  readonly secret: PullSecret;
  /** Milliseconds of the epoch. */
  readonly until: number;
}

/** Throws `invalid-input` for a configuration that cannot be followed. */
export async function openCredentialProviders(
  ports: CredentialProviderPorts,
  { config, binDir }: { readonly config: string; readonly binDir: string },
): Promise<CredentialProviders> {
  const providers = await readProviders(ports.files, config);
  const kept = new Map<string, Kept>();
  const keep = (key: string, entry: Kept): void => {
    kept.delete(key);
    kept.set(key, entry);
    for (const oldest of kept.keys()) {
      if (kept.size <= MAX_KEPT) break;
      kept.delete(oldest);
    }
  };
  const ask = async (provider: Provider, scope: CredentialScope): Promise<PullSecret> => {
    const now = ports.clock().getTime();
    const keys = { Image: `${scope.registry}/${scope.repository}`, Registry: scope.registry, Global: '' };
    const keyOf = (type: keyof typeof keys) => `${provider.name}\n${type}\n${keys[type]}`;
    for (const type of ['Image', 'Registry', 'Global'] as const) {
      const known = kept.get(keyOf(type));
      if (known !== undefined && now < known.until) return known.secret;
    }
    const { secret, type, milliseconds } = await runProvider(ports.run, provider, { binDir, image: keys.Image });
    if (milliseconds > 0) keep(keyOf(type), { secret, until: now + milliseconds });
    return secret;
  };
  return {
    find: async (scope) => {
      const matching = providers.filter(({ matchImages }) => matchImages.some((key) => isKeyFor(key, scope)));
      const secrets = await Promise.all(matching.map(async (provider) => await ask(provider, scope)));
      return credentialFromPullSecrets(secrets, scope);
    },
  };
}

async function readProviders(files: Files, path: string): Promise<readonly Provider[]> {
  const { parseDocument } = await import('yaml');
  const document = parseDocument(new TextDecoder().decode(await files.read(path, MAX_CONFIG_BYTES)));
  if (document.errors.length > 0) throw new AppError('invalid-input', `${path}: expected YAML, found none`);
  const { providers } = decodeConfig(document.toJS({ maxAliasCount: 0 }), path);
  if (providers.length > MAX_PROVIDERS)
    throw new AppError(
      'invalid-input',
      `${path}: expected at most ${MAX_PROVIDERS} providers, found ${providers.length}`,
    );
  for (const { name, tokenAttributes, defaultCacheDuration } of providers) {
    // with a path in it, it would run any program on disk
    if (!/^[A-Za-z0-9._-]+$/.test(name) || /^\.+$/.test(name))
      throw new AppError(
        'invalid-input',
        `${path}: expected the plain name of a program, found ${JSON.stringify(name)}`,
      );
    if (tokenAttributes !== undefined)
      throw new AppError('invalid-input', `${path}: provider ${name}: tokenAttributes is not supported`);
    parseDuration(defaultCacheDuration ?? '0s', `${path}: provider ${name}: defaultCacheDuration`);
  }
  return providers;
}

async function runProvider(
  run: RunProgram,
  { name, args = [], env = [], defaultCacheDuration }: Provider,
  { binDir, image }: { readonly binDir: string; readonly image: string },
) {
  const what = `credential provider ${name}`;
  const { code, stdout } = await run(join(binDir, name), args, {
    input: JSON.stringify({ apiVersion: VERSION, kind: 'CredentialProviderRequest', image }),
    environment: Object.fromEntries(env.map((one) => [one.name, one.value])),
    maxBytes: MAX_ANSWER_BYTES,
    signal: AbortSignal.timeout(DEADLINE_MS),
  });
  // what it printed may be a secret: it is not repeated
  if (code !== 0) throw new AppError('unauthorized', `${what}: ended with code ${code} when asked for ${image}`);
  const { cacheKeyType, cacheDuration, auth = {} } = decodeJson(stdout, decodeAnswer, { what });
  const duration = cacheDuration ?? defaultCacheDuration ?? '0s';
  return {
    secret: { name: what, auths: new Map(Object.entries(auth)) },
    type: cacheKeyType,
    milliseconds: parseDuration(duration, `${what}: cacheDuration`),
  };
}

/** Go's durations, from hours to seconds. */
function parseDuration(text: string, where: string): number {
  const match = /^(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,6})(?:\.\d+)?s)?$/.exec(text);
  if (match === null || text === '')
    throw new AppError('invalid-input', `${where}: expected a duration like 1h30m, found "${text.slice(0, 40)}"`);
  const [hours, minutes, seconds] = match.slice(1).map((part: string | undefined) => Number(part ?? 0));
  return (((hours ?? 0) * 60 + (minutes ?? 0)) * 60 + (seconds ?? 0)) * 1000;
}
