import { flattenImage } from '../../app/flatten-image.ts';
import { defineCommand } from '../command.ts';
import { PLATFORM_FLAG, platformOf } from '../flags/platform.ts';
import { reportPushed } from '../flags/pushed.ts';
import { readAccess, TRANSFER_FLAGS } from '../flags/registry.ts';

export const flatten = defineCommand({
  name: 'flatten',
  group: 'artifacts',
  summary: 'put all layers of an image into one, and print the new reference',
  description:
    'The configuration stays; the history keeps the old one as a comment. Each image of an index is flattened by itself. ' +
    'Signatures and attestations are about the old digest and do not go along.',
  args: [{ name: 'IMAGE', description: 'image in a registry or on the disk' }],
  transfers: true,
  flags: {
    ...TRANSFER_FLAGS,
    platform: { ...PLATFORM_FLAG, description: 'only this image of an index; all when absent' },
    tag: { kind: 'string', short: 't', value: 'REF', description: 'where it goes; by digest beside IMAGE when absent' },
  },
  examples: [
    {
      command: 'plimsoll flatten registry.example.com/team/app:v1 -t registry.example.com/team/app:v1-flat',
      explains: 'one layer',
    },
  ],
  async run({ args: [source = ''], flags }, context) {
    const access = await readAccess(flags, context);
    const input = { source, target: flags.tag, platform: platformOf(flags.platform), access };
    const pushed = await flattenImage(context.ports, input, context.signal);
    reportPushed(context, pushed);
    return 0;
  },
});
