import { fetchAuthorization } from '../../app/credentials.ts';
import { AppError } from '../../core/index.ts';
import { defineCommand } from '../command.ts';
import { readAccess, REGISTRY_FLAGS } from '../flags/registry.ts';

export const authToken = defineCommand({
  name: 'auth token',
  group: 'artifacts',
  summary: 'fetch a token for a repository, for requests of your own',
  description: 'Who has the token has its rights until it expires.',
  args: [{ name: 'REPOSITORY', description: 'for example registry.example.com/team/app' }],
  flags: {
    ...REGISTRY_FLAGS,
    header: { kind: 'boolean', short: 'H', description: 'print the whole Authorization header' },
    push: { kind: 'boolean', description: 'a token that may push' },
    mount: { kind: 'list', short: 'm', value: 'REPOSITORY', description: 'also one to mount blobs from' },
  },
  examples: [
    { command: 'plimsoll auth token registry.example.com/team/app', explains: 'as JSON' },
    { command: 'plimsoll auth token -H --push registry.example.com/team/app', explains: 'as curl takes it with -H' },
  ],
  async run({ args: [repository = ''], flags }, context) {
    const input = {
      repository,
      push: flags.push,
      mounts: flags.mount,
      access: await readAccess(flags, context),
    };
    const header = await fetchAuthorization(context.ports, input, context.signal);
    if (flags.header) {
      context.output.raw(`Authorization: ${header}\n`);
      return 0;
    }
    const [, token] = /^Bearer (.+)$/.exec(header) ?? [];
    if (token === undefined) {
      throw new AppError('not-found', `${repository}: the registry wants a password and no token`, {
        hint: '--header prints the Authorization header, whatever it is',
      });
    }
    context.output.raw(`${JSON.stringify({ token })}\n`);
    return 0;
  },
});
