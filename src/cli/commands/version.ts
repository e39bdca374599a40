import { defineCommand } from '../command.ts';
import { VERSION } from '../../core/index.ts';

export const version = defineCommand({
  name: 'version',
  group: 'other',
  summary: 'print the version of plimsoll and of the Node that runs it',
  args: [],
  flags: {},
  examples: [{ command: 'plimsoll version --json', explains: 'for a bug report' }],
  async run(_input, context) {
    const facts = { version: VERSION, node: process.versions.node };
    context.output.result(facts, `plimsoll ${facts.version} (node ${facts.node})`);
    return 0;
  },
});
