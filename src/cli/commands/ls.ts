import { listTags } from '../../app/inspect-artifact.ts';
import { AppError } from '../../core/index.ts';
import { defineCommand } from '../command.ts';
import { after } from '../flags/listing.ts';
import { readAccess, REGISTRY_FLAGS } from '../flags/registry.ts';

const DIGEST_TAG = /^sha(?:256|512)-[0-9a-f]{64}(?:\.\w+)?$/;

export const ls = defineCommand({
  name: 'ls',
  group: 'artifacts',
  summary: 'list the tags of a repository',
  args: [{ name: 'REPOSITORY', description: 'for example registry.example.com/team/app' }],
  flags: {
    ...REGISTRY_FLAGS,
    'omit-digest-tags': {
      kind: 'boolean',
      short: 'O',
      aliases: ['exclude-digest-tags'],
      description: 'leave out tags that hold signatures and referrers of a digest',
    },
    'full-ref': { kind: 'boolean', description: 'print repository:tag' },
    last: { kind: 'string', value: 'TAG', description: 'only tags that follow this one' },
  },
  examples: [{ command: 'plimsoll ls registry.example.com/team/app', explains: 'one tag per line' }],
  async run({ args, flags }, context) {
    if (/^(?:localhost|[^/]*\.[^/]*):\d+$/.test(args[0] ?? '')) {
      throw new AppError('usage', `expected REPOSITORY, found the registry ${args[0]}`, {
        hint: 'plimsoll catalog lists its repositories',
      });
    }
    const access = await readAccess(flags, context);
    const all = await listTags(context.ports, { reference: args[0] ?? '', access }, context.signal);
    const following = after(all, flags.last);
    const tags = flags['omit-digest-tags'] ? following.filter((tag) => !DIGEST_TAG.test(tag)) : following;
    const shown = flags['full-ref'] ? tags.map((tag) => `${args[0]}:${tag}`) : tags;
    context.output.result({ repository: args[0], tags }, shown.join('\n'));
    return 0;
  },
});
