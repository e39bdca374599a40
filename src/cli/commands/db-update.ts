import { DEFAULT_ECOSYSTEMS, OSV_URL, updateAdvisories } from '../../app/advisories.ts';
import { defineCommand } from '../command.ts';

export const dbUpdate = defineCommand({
  name: 'db update',
  group: 'metadata',
  summary: 'fetch advisories from the public OSV database into the local store',
  args: [],
  flags: {
    ecosystem: {
      kind: 'list',
      short: 'e',
      value: 'NAME',
      description: `as OSV names it; may be repeated; ${DEFAULT_ECOSYSTEMS.join(', ')} when absent`,
    },
    url: { kind: 'string', value: 'URL', description: `a mirror with the layout of ${OSV_URL}` },
  },
  examples: [{ command: 'plimsoll db update --ecosystem Go --ecosystem npm', explains: 'fetches two ecosystems' }],
  async run({ flags }, context) {
    const result = await updateAdvisories(context.ports, {
      ecosystems: flags.ecosystem,
      url: flags.url,
      signal: context.signal,
    });
    const text = `${result.read} advisories read, ${result.changed} new or changed, ${result.changedPackages.length} packages touched`;
    context.output.result(result, text);
    return 0;
  },
});
