import { login as logIn } from '../../app/login.ts';
import { AppError } from '../../core/index.ts';
import { defineCommand, type Context } from '../command.ts';
import {
  readConnection,
  readIdentityToken,
  readPassword,
  REGISTRY_FLAGS,
  type CredentialFlagValues,
} from '../flags/registry.ts';

export const login = defineCommand({
  name: 'login',
  group: 'artifacts',
  summary: 'store credentials of a registry, after asking it whether they are good',
  description: 'They go into Docker’s configuration file, or into the credential helper named there.',
  args: [{ name: 'REGISTRY', description: 'host, with port if needed' }],
  flags: REGISTRY_FLAGS,
  examples: [
    {
      command: 'plimsoll login registry.example.com --username robot --password-stdin < token',
      explains: 'the password stays out of the process list',
    },
    {
      command: 'plimsoll login registry.example.com --identity-token-stdin < token',
      explains: 'a refresh token instead of a password',
    },
  ],
  async run({ args, flags }, context) {
    const credential = await readNewCredential(flags, context);
    const input = { registry: args[0] ?? '', credential, access: readConnection(flags) };
    const done = await logIn(context.ports, input, context.signal);
    context.output.result(done, `credentials of ${done.registry} are in ${done.stored}`);
    return 0;
  },
});

async function readNewCredential(flags: CredentialFlagValues, context: Context) {
  const token = await readIdentityToken(flags, context);
  if (token !== undefined) return { kind: 'identity-token', token } as const;
  const { username } = flags;
  if (username === undefined) throw new AppError('usage', 'expected --username NAME, or --identity-token TOKEN');
  const password = (await readPassword(flags, context)) ?? (await context.askSecret('password'));
  return { kind: 'password', username, password } as const;
}
