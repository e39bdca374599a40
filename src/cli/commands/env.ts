import { SETTINGS, VARIABLES } from '../../core/index.ts';
import { defineCommand } from '../command.ts';

export const env = defineCommand({
  name: 'env',
  group: 'other',
  summary: 'print the environment variables that are read, and what they are set to',
  description: 'Values of secrets are hidden unless asked for.',
  args: [],
  flags: {
    'show-descriptions': { kind: 'boolean', default: true, description: 'print names and values alone' },
    'show-sensitive-values': { kind: 'boolean', description: 'print secrets too' },
  },
  examples: [{ command: 'plimsoll env --no-show-descriptions', explains: 'NAME=VALUE, one a line' }],
  async run({ flags }, context) {
    const { environment } = context.ports;
    const settings = Object.values(SETTINGS).map(({ environment: name, description }) => ({ name, description }));
    const rows = [...settings, ...VARIABLES].map(({ name, description, ...spec }) => {
      const isHidden = 'isSecret' in spec && !flags['show-sensitive-values'];
      const value = environment[name];
      return { name, description, value: isHidden && value !== undefined && value !== '' ? '******' : (value ?? '') };
    });
    rows.sort((one, other) => (one.name < other.name ? -1 : 1));
    const lines = rows.flatMap(({ name, description, value }) => [
      ...(flags['show-descriptions'] ? [`# ${description}`] : []),
      `${name}=${value}`,
    ]);
    context.output.result(rows, lines.join('\n'));
    return 0;
  },
});
