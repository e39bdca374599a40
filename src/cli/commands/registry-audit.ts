import { checkRegistryAudit } from '../../app/keep-registry.ts';
import { EXIT_NEGATIVE } from '../../core/index.ts';
import { defineCommand } from '../command.ts';

export const registryAudit = defineCommand({
  name: 'registry audit',
  group: 'server',
  summary: 'prove that the audit log of a served registry is whole',
  description:
    'Each line holds the digest of the line before it: one that was changed, taken out or put in is found, with exit code 1. The digest ' +
    'of the last line is printed; kept elsewhere, it proves later that nothing was cut off the end.',
  args: [{ name: 'FILE', description: 'the audit log' }],
  flags: {},
  examples: [{ command: 'plimsoll registry audit audit.jsonl', explains: 'before relying on it' }],
  async run({ args }, context) {
    const [file = ''] = args;
    const found = await checkRegistryAudit(context.ports, file);
    const { broken, lines, torn, head } = found;
    const cut = torn === 0 ? '' : `, ${torn} of them cut short by a crash`;
    const text =
      broken === undefined
        ? `${file}: ${lines} lines${cut}, ending in ${head}`
        : `${file}:${broken.line}: expected the line after ${broken.expected}, found one after ${broken.found}`;
    context.output.result({ file, ...found }, text);
    return broken === undefined ? 0 : EXIT_NEGATIVE;
  },
});
