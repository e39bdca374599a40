/** Flags of every command that asks a registry, and what they mean. */
import type { RepositoryAccess } from '../../app/registry.ts';
import { AppError } from '../../core/index.ts';
import type { Context } from '../command.ts';

export const REGISTRY_FLAGS = {
  insecure: { kind: 'boolean', description: 'ask the registry over plain HTTP' },
  username: { kind: 'string', short: 'u', value: 'NAME', description: 'user name, instead of stored credentials' },
  password: {
    kind: 'string',
    short: 'p',
    value: 'SECRET',
    description: 'password; other users of the machine can see it',
  },
  'password-stdin': { kind: 'boolean', description: 'read the password from standard input' },
} as const;

export interface RegistryFlagValues {
  readonly insecure: boolean;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly 'password-stdin': boolean;
}

const MAX_PASSWORD_BYTES = 64 * 1024;

/** Throws `usage` for a password without a user name and the reverse. */
export async function readAccess(flags: RegistryFlagValues, context: Context): Promise<RepositoryAccess> {
  const insecure = flags.insecure ? { insecure: true } : {};
  const password = await readPassword(flags, context);
  if (flags.username === undefined && password === undefined) return insecure;
  if (flags.username === undefined || password === undefined) {
    throw new AppError('usage', 'expected --username together with --password or --password-stdin');
  }
  return { ...insecure, credential: { kind: 'password', username: flags.username, password } };
}

/** Undefined when neither flag was given. */
export async function readPassword(flags: RegistryFlagValues, context: Context): Promise<string | undefined> {
  if (!flags['password-stdin']) return flags.password;
  if (flags.password !== undefined) throw new AppError('usage', 'expected --password or --password-stdin, found both');
  const input = await context.readInput(MAX_PASSWORD_BYTES);
  return new TextDecoder().decode(input).replace(/\r?\n$/, '');
}
