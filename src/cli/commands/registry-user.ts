import { setRegistryUser } from '../../app/keep-registry.ts';
import { AppError } from '../../core/index.ts';
import { defineCommand } from '../command.ts';
import { readPassword, REGISTRY_FLAGS } from '../flags/registry.ts';

export const registryUser = defineCommand({
  name: 'registry user',
  group: 'server',
  summary: 'add a user to the users of a served registry, change the password, or remove the user',
  description:
    'The file is one of NAME:HASH lines with bcrypt hashes, as htpasswd -B writes it. A registry that is being served sees the change ' +
    'within a second. What the user may do is said in the rules (registry serve --rules).',
  args: [
    { name: 'FILE', description: 'htpasswd file; made when absent' },
    { name: 'NAME', description: 'the user' },
  ],
  flags: {
    password: REGISTRY_FLAGS.password,
    'password-stdin': REGISTRY_FLAGS['password-stdin'],
    delete: { kind: 'boolean', short: 'D', description: 'remove the user' },
  },
  examples: [
    {
      command: 'plimsoll registry user users.htpasswd alice --password-stdin < password',
      explains: 'the password stays out of the process list',
    },
    { command: 'plimsoll registry user users.htpasswd alice --delete', explains: 'who may not log in any more' },
  ],
  async run({ args, flags }, context) {
    const [file = '', name = ''] = args;
    const credential = { ...flags, insecure: false, username: name };
    const given = await readPassword(credential, context);
    if (flags.delete && given !== undefined) throw new AppError('usage', 'expected --delete or a password, found both');
    const password = flags.delete ? undefined : (given ?? (await context.askSecret('password')));
    await setRegistryUser(context.ports, { file, name, password });
    const done = flags.delete ? 'removed from' : 'stored in';
    context.output.result({ file, name, removed: flags.delete }, `user ${name} ${done} ${file}`);
    return 0;
  },
});
