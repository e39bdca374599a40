/** Flags of every command that asks a registry, and what they mean. */
import type { RepositoryAccess } from '../../app/registry.ts';
import { AppError } from '../../core/index.ts';
import type { Context, Flag, Flags, FlagValues } from '../command.ts';

export const REGISTRY_FLAGS = {
  insecure: {
    kind: 'boolean',
    description: 'take any certificate of the registry, and plain HTTP where it speaks no TLS',
  },
  'plain-http': { kind: 'boolean', description: 'ask the registry over plain HTTP' },
  'ca-file': {
    kind: 'string',
    aliases: ['registry-cacert'],
    value: 'FILE',
    description: 'PEM file of authorities to trust besides the system’s',
  },
  'cert-file': {
    kind: 'string',
    aliases: ['registry-client-cert'],
    value: 'FILE',
    description: 'PEM file of the certificate to show the registry',
  },
  'key-file': {
    kind: 'string',
    aliases: ['registry-client-key'],
    value: 'FILE',
    description: 'PEM file of that certificate’s key',
  },
  'registry-config': {
    kind: 'string',
    value: 'FILE',
    description: 'file of credentials in Docker’s form, instead of the usual ones',
  },
  'pull-secret': {
    kind: 'list',
    value: 'FILE',
    description: 'file of a Kubernetes secret with credentials, which come before stored ones',
  },
  username: {
    kind: 'string',
    short: 'u',
    aliases: ['registry-username'],
    value: 'NAME',
    description: 'user name, instead of stored credentials',
  },
  password: {
    kind: 'string',
    short: 'p',
    aliases: ['registry-password'],
    value: 'SECRET',
    description: 'password; other users of the machine can see it',
  },
  'password-stdin': { kind: 'boolean', description: 'read the password from standard input' },
  'identity-token': {
    kind: 'string',
    value: 'TOKEN',
    description: 'OAuth 2 refresh token, instead of user name and password; other users of the machine can see it',
  },
  'identity-token-stdin': { kind: 'boolean', description: 'read the identity token from standard input' },
} as const;

/** Of commands that send images on. */
export const FOREIGN_FLAG = {
  kind: 'boolean',
  description: 'also send layers that only their vendor may hand out; else they stay at their addresses',
} as const;

/** Of commands that move many blobs. */
export const TRANSFER_FLAGS = {
  ...REGISTRY_FLAGS,
  jobs: {
    kind: 'number',
    short: 'j',
    aliases: ['concurrency'],
    description: 'transfers at the same time, 1 to 64; the setting parallelism when absent',
  },
} as const;

type SourceFlags = {
  readonly [K in keyof typeof REGISTRY_FLAGS as `from-${K}`]: Omit<(typeof REGISTRY_FLAGS)[K], 'short' | 'aliases'>;
};

/** The same for the registry that is copied from, where the two differ. */
export const SOURCE_FLAGS = Object.fromEntries(
  Object.entries<Flag>(REGISTRY_FLAGS).map(([name, flag]) => {
    const { short: _, aliases: _aliases, ...rest } = flag;
    return [`from-${name}`, { ...rest, description: `of the source: ${flag.description}` }];
  }),
) as unknown as SourceFlags;

/** What SOURCE_FLAGS say, by the names without their prefix. */
export function sourceFlags(flags: FlagValues<SourceFlags>): FlagValues<typeof REGISTRY_FLAGS> {
  const entries = Object.keys(REGISTRY_FLAGS).map(
    (name) => [name, flags[`from-${name}` as keyof SourceFlags]] as const,
  );
  return Object.fromEntries(entries) as unknown as FlagValues<typeof REGISTRY_FLAGS>;
}

/** The flags, by their names with a prefix too. */
export function withAliases<const F extends Flags>(prefix: string, flags: F): F {
  const entries = Object.entries<Flag>(flags).map(([name, flag]) => [
    name,
    { ...flag, aliases: [...(flag.aliases ?? []), `${prefix}-${name}`] },
  ]);
  return Object.fromEntries(entries);
}

export interface PasswordFlagValues {
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly 'password-stdin': boolean;
}

export interface CredentialFlagValues extends PasswordFlagValues {
  readonly 'identity-token': string | undefined;
  readonly 'identity-token-stdin': boolean;
}

interface ConnectionFlagValues {
  readonly insecure: boolean;
  readonly 'plain-http': boolean;
  readonly 'ca-file': string | undefined;
  readonly 'cert-file': string | undefined;
  readonly 'key-file': string | undefined;
  readonly 'registry-config': string | undefined;
  readonly 'pull-secret': readonly string[];
}

type RegistryFlagValues = ConnectionFlagValues & CredentialFlagValues;

const MAX_PASSWORD_BYTES = 64 * 1024;

/** Throws `usage` for flags that contradict each other. */
export async function readAccess(flags: RegistryFlagValues, context: Context): Promise<RepositoryAccess> {
  return { ...readConnection(flags), ...(await readCredential(flags, context)) };
}

/** Throws `usage` for a password without a user name and the reverse. */
async function readCredential(
  flags: CredentialFlagValues,
  context: Context,
): Promise<Pick<RepositoryAccess, 'credential'>> {
  const token = await readIdentityToken(flags, context);
  if (token !== undefined) return { credential: { kind: 'identity-token', token } };
  const password = await readPassword(flags, context);
  if (flags.username === undefined && password === undefined) return {};
  if (flags.username === undefined || password === undefined) {
    throw new AppError('usage', 'expected --username together with --password or --password-stdin', {
      hint: '--identity-token takes a token that has no user name',
    });
  }
  return { credential: { kind: 'password', username: flags.username, password } };
}

/** Undefined when neither flag was given. Throws `usage` beside a user name or password. */
export async function readIdentityToken(flags: CredentialFlagValues, context: Context): Promise<string | undefined> {
  const given = flags['identity-token'];
  if (given === undefined && !flags['identity-token-stdin']) return undefined;
  if (flags.username !== undefined || flags.password !== undefined || flags['password-stdin']) {
    throw new AppError('usage', 'expected an identity token or a user name with its password, found both');
  }
  if (!flags['identity-token-stdin']) return given;
  if (given !== undefined)
    throw new AppError('usage', 'expected --identity-token or --identity-token-stdin, found both');
  return await readSecret(context);
}

/** All but whose credentials they are. Throws `usage` for flags that contradict each other. */
export function readConnection(flags: ConnectionFlagValues): RepositoryAccess {
  if ((flags['cert-file'] === undefined) !== (flags['key-file'] === undefined)) {
    throw new AppError('usage', 'expected --cert-file together with --key-file');
  }
  if (flags.insecure && flags['plain-http'])
    throw new AppError('usage', 'expected --insecure or --plain-http, found both');
  return {
    ...(flags.insecure ? { insecure: true } : {}),
    ...(flags['plain-http'] ? { plainHttp: true } : {}),
    ...given('caFile', flags['ca-file']),
    ...given('certFile', flags['cert-file']),
    ...given('keyFile', flags['key-file']),
    ...given('registryConfig', flags['registry-config']),
    ...(flags['pull-secret'].length === 0 ? {} : { pullSecrets: flags['pull-secret'] }),
  };
}

function given<K extends string>(name: K, value: string | undefined): Partial<Record<K, string>> {
  return value === undefined ? {} : ({ [name]: value } as Record<K, string>);
}

/** Undefined when neither flag was given. */
export async function readPassword(flags: PasswordFlagValues, context: Context): Promise<string | undefined> {
  if (!flags['password-stdin']) return flags.password;
  if (flags.password !== undefined) throw new AppError('usage', 'expected --password or --password-stdin, found both');
  return await readSecret(context);
}

async function readSecret(context: Context): Promise<string> {
  const input = await context.readInput(MAX_PASSWORD_BYTES);
  return new TextDecoder().decode(input).replace(/\r?\n$/, '');
}
