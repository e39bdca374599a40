import { triangulate as locate, TRIANGULATE_TYPES } from '../../app/triangulate.ts';
import { defineCommand } from '../command.ts';
import { imageAccessOf, IMAGE_FLAGS } from '../flags/trust.ts';

export const triangulate = defineCommand({
  name: 'triangulate',
  group: 'trust',
  summary: 'print the tag under which older cosign keeps what belongs to an image',
  description: 'Whether anything is there is not looked at; `plimsoll discover` shows what is, referrers too.',
  args: [{ name: 'IMAGE', description: 'image reference' }],
  flags: {
    type: {
      kind: 'choice',
      choices: TRIANGULATE_TYPES,
      default: 'signature',
      description: 'what is kept there; digest prints the image by digest',
    },
    ...IMAGE_FLAGS,
  },
  examples: [
    { command: 'plimsoll triangulate localhost:5000/app:v1', explains: 'where signatures are' },
    { command: 'plimsoll triangulate --type attestation localhost:5000/app:v1', explains: 'where attestations are' },
  ],
  async run({ args: [reference = ''], flags }, context) {
    const type = TRIANGULATE_TYPES.find((one) => one === flags.type) ?? 'signature';
    const input = { reference, type, ...(await imageAccessOf(flags, context)) };
    const found = await locate(context.ports, input, context.signal);
    context.output.result(found, found.location);
    return 0;
  },
});
