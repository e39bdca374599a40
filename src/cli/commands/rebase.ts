import { rebaseImage } from '../../app/rebase-image.ts';
import { defineCommand } from '../command.ts';
import { PLATFORM_FLAG, platformOf } from '../flags/platform.ts';
import { reportPushed } from '../flags/pushed.ts';
import { readAccess, TRANSFER_FLAGS } from '../flags/registry.ts';

export const rebase = defineCommand({
  name: 'rebase',
  group: 'artifacts',
  summary: 'put an image onto another base, and print the new reference',
  description:
    'The layers of the old base give way to those of the new one; it fails when the image does not stand on the old base. Bases that ' +
    'are not given are those of the annotations org.opencontainers.image.base.name and org.opencontainers.image.base.digest, which ' +
    'the new image has for its new base. That the upper layers work on another base is for you to know, or to test.',
  args: [{ name: 'IMAGE', description: 'image in a registry or on the disk' }],
  transfers: true,
  flags: {
    ...TRANSFER_FLAGS,
    platform: { ...PLATFORM_FLAG, description: 'only this image of an index; all when absent' },
    'old-base': { kind: 'string', value: 'REF', description: 'base that the image stands on' },
    'new-base': { kind: 'string', value: 'REF', description: 'base that it is to stand on' },
    tag: {
      kind: 'string',
      short: 't',
      aliases: ['rebased'],
      value: 'REF',
      description: 'where it goes; by digest beside IMAGE when absent',
    },
  },
  examples: [
    {
      command:
        'plimsoll rebase registry.example.com/team/app:v1 --old-base registry.example.com/base:1 --new-base registry.example.com/base:2 -t registry.example.com/team/app:v2',
      explains: 'without building it anew',
    },
  ],
  async run({ args: [source = ''], flags }, context) {
    const input = {
      source,
      target: flags.tag,
      oldBase: flags['old-base'],
      newBase: flags['new-base'],
      platform: platformOf(flags.platform),
      access: await readAccess(flags, context),
    };
    const pushed = await rebaseImage(context.ports, input, context.signal);
    reportPushed(context, pushed);
    return 0;
  },
});
