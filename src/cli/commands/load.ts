import { loadImage } from '../../app/save-image.ts';
import { defineCommand } from '../command.ts';
import { reportCopied } from '../flags/copied.ts';
import { imageAccessOf, IMAGE_FLAGS } from '../flags/trust.ts';

export const load = defineCommand({
  name: 'load',
  group: 'trust',
  summary: 'push an image with its signatures from a folder that cosign or plimsoll saved',
  args: [{ name: 'IMAGE', description: 'what it is to be called in the registry' }],
  transfers: true,
  flags: {
    dir: { kind: 'string', required: true, value: 'DIR', description: 'the folder' },
    ...IMAGE_FLAGS,
  },
  examples: [{ command: 'plimsoll load --dir ./app localhost:5000/app:v1', explains: 'everything that was saved' }],
  async run({ args: [reference = ''], flags }, context) {
    const input = { reference, path: flags.dir, ...(await imageAccessOf(flags, context)) };
    const copied = await loadImage(context.ports, input, context.signal);
    return reportCopied(context, false, { copies: [copied], value: copied });
  },
});
