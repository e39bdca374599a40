import { login as logIn } from '../../app/login.ts';
import { AppError } from '../../core/index.ts';
import { defineCommand } from '../command.ts';
import { readConnection, readPassword, REGISTRY_FLAGS } from '../flags/registry.ts';

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
  ],
  async run({ args, flags }, context) {
    if (flags.username === undefined) throw new AppError('usage', 'expected --username NAME');
    const password = (await readPassword(flags, context)) ?? (await context.askSecret('password'));
    const input = { registry: args[0] ?? '', username: flags.username, password, access: readConnection(flags) };
    const done = await logIn(context.ports, input, context.signal);
    context.output.result(done, `credentials of ${done.registry} are in ${done.stored}`);
    return 0;
  },
});
