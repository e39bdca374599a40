import { CLEAN_TYPES, prepareCleaning, type Doomed } from '../../app/clean-image.ts';
import { defineCommand } from '../command.ts';
import { imageAccessOf, IMAGE_FLAGS } from '../flags/trust.ts';

export const clean = defineCommand({
  name: 'clean',
  group: 'trust',
  summary: 'remove signatures, attestations and SBOMs from an image',
  description:
    'In both of the forms of cosign: under its tags and as OCI referrers. Of a referrer its manifest says what it is; `--type referrer` ' +
    'removes all of them, whatever they are.',
  args: [{ name: 'IMAGE', description: 'image reference' }],
  flags: {
    type: { kind: 'choice', choices: CLEAN_TYPES, default: 'all', description: 'what to remove' },
    force: { kind: 'boolean', short: 'f', description: 'do not ask' },
    ...IMAGE_FLAGS,
  },
  examples: [
    { command: 'plimsoll clean -f registry.example.com/team/app:v1', explains: 'everything that belongs to the image' },
    { command: 'plimsoll clean --type signature registry.example.com/team/app:v1', explains: 'asks, then signatures' },
  ],
  async run({ args: [reference = ''], flags }, context) {
    const type = CLEAN_TYPES.find((one) => one === flags.type) ?? 'all';
    const input = { reference, type, ...(await imageAccessOf(flags, context)) };
    const cleaning = await prepareCleaning(context.ports, input, context.signal);
    const { doomed } = cleaning;
    const names = doomed.map(nameOf).join('\n  ');
    if (doomed.length > 0 && !flags.force) {
      const question = `Remove from ${cleaning.reference}?\n  ${names}\n`;
      if (!(await context.confirm(question))) {
        context.output.note('nothing was removed');
        return 0;
      }
    }
    await cleaning.run();
    const text = doomed.length === 0 ? `nothing to remove from ${cleaning.reference}` : `removed\n  ${names}`;
    context.output.result({ reference: cleaning.reference, removed: doomed }, text);
    return 0;
  },
});

function nameOf({ kind, digest, tag }: Doomed): string {
  return `${kind} ${tag ?? digest}`;
}
