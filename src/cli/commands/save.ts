import { saveImage } from '../../app/save-image.ts';
import { defineCommand } from '../command.ts';
import { reportCopied } from '../flags/copied.ts';
import { imageAccessOf, IMAGE_FLAGS } from '../flags/trust.ts';

export const save = defineCommand({
  name: 'save',
  group: 'trust',
  summary: 'save an image with its signatures to a folder, for cosign or plimsoll load',
  description:
    'The folder is an OCI layout with everything that refers to the image, in either storage form; `cosign load` takes of it what ' +
    'it knows, and `plimsoll verify --local-image` verifies it. `plimsoll copy` does the same between any two places.',
  args: [{ name: 'IMAGE', description: 'image reference' }],
  transfers: true,
  flags: {
    dir: { kind: 'string', required: true, value: 'DIR', description: 'the folder; made when absent' },
    ...IMAGE_FLAGS,
  },
  examples: [{ command: 'plimsoll save --dir ./app localhost:5000/app:v1', explains: 'image, signatures, SBOMs' }],
  async run({ args: [reference = ''], flags }, context) {
    const input = { reference, path: flags.dir, ...(await imageAccessOf(flags, context)) };
    const copied = await saveImage(context.ports, input, context.signal);
    return reportCopied(context, false, { copies: [copied], value: copied });
  },
});
