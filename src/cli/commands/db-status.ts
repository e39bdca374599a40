import { advisoryStatus } from '../../app/advisories.ts';
import { defineCommand } from '../command.ts';

export const dbStatus = defineCommand({
  name: 'db status',
  group: 'metadata',
  summary: 'show what the local advisory store holds and how old it is',
  args: [],
  flags: {},
  examples: [{ command: 'plimsoll db status', explains: 'tells whether a scan can be trusted today' }],
  async run(_input, context) {
    const status = await advisoryStatus(context.ports);
    const text = [
      `${status.advisories} advisories (${status.withdrawn} withdrawn), filled ${status.updated ?? 'never'}`,
      `newest record ${status.newestRecord ?? 'unknown'}, version ${status.version}`,
      ...status.ecosystems.map(({ ecosystem, advisories }) => `  ${ecosystem.padEnd(16)} ${advisories}`),
    ];
    context.output.result(status, text.join('\n'));
    return 0;
  },
});
