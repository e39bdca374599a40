import { listRepositories } from '../../app/list-repositories.ts';
import { defineCommand } from '../command.ts';
import { after } from '../flags/listing.ts';
import { readAccess, REGISTRY_FLAGS } from '../flags/registry.ts';

export const catalog = defineCommand({
  name: 'catalog',
  group: 'artifacts',
  summary: 'list the repositories of a registry',
  description: 'Many hosted registries do not answer this question, or only to some users.',
  args: [{ name: 'REGISTRY', description: 'for example registry.example.com' }],
  flags: {
    ...REGISTRY_FLAGS,
    'full-ref': { kind: 'boolean', description: 'print registry/repository' },
    last: { kind: 'string', value: 'REPOSITORY', description: 'only repositories that follow this one' },
  },
  examples: [{ command: 'plimsoll catalog registry.example.com', explains: 'one repository per line' }],
  async run({ args: [registry = ''], flags }, context) {
    const access = await readAccess(flags, context);
    const all = await listRepositories(context.ports, { registry, access }, context.signal);
    const repositories = after(all, flags.last);
    const shown = flags['full-ref'] ? repositories.map((name) => `${registry}/${name}`) : repositories;
    context.output.result({ registry, repositories }, shown.join('\n'));
    return 0;
  },
});
