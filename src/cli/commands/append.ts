import { appendLayers } from '../../app/append-layer.ts';
import { AppError } from '../../core/index.ts';
import { defineCommand } from '../command.ts';
import { archiveTarget, OUTPUT_FLAG, splitWords } from '../flags/edit.ts';
import { PLATFORM_FLAG, platformOf } from '../flags/platform.ts';
import { reportPushed } from '../flags/pushed.ts';
import { readAccess, TRANSFER_FLAGS } from '../flags/registry.ts';

export const append = defineCommand({
  name: 'append',
  group: 'artifacts',
  summary: 'make an image from a base image and tar files as further layers',
  description: 'The same base, files and SOURCE_DATE_EPOCH give the same digest.',
  args: [],
  transfers: true,
  flags: {
    ...TRANSFER_FLAGS,
    base: {
      kind: 'string',
      short: 'b',
      value: 'SOURCE',
      description: 'image to begin with, in a registry or on the disk; without it, with nothing',
    },
    'new-layer': {
      kind: 'list',
      short: 'f',
      value: 'FILE',
      description: 'tar file, compressed or not; commas part them',
    },
    'new-tag': { kind: 'string', short: 't', value: 'REF', description: 'where the new image goes' },
    output: OUTPUT_FLAG,
    platform: PLATFORM_FLAG,
    'set-base-image-annotations': {
      kind: 'boolean',
      description: 'annotate it with its base, so that rebase finds it',
    },
    'oci-empty-base': { kind: 'boolean', hidden: true, description: 'what is done anyway, as crane spells it' },
  },
  examples: [
    {
      command: 'plimsoll append -b registry.example.com/base:1 -f layer.tar -t registry.example.com/team/app:v1',
      explains: 'one more layer',
    },
  ],
  async run({ flags }, context) {
    if (flags['new-layer'].length === 0) throw new AppError('usage', 'expected at least one -f FILE');
    if ((flags['new-tag'] === undefined) === (flags.output === undefined))
      throw new AppError('usage', 'expected --new-tag or --output, and not both');
    const input = {
      base: flags.base,
      layers: splitWords(flags['new-layer']),
      target: flags['new-tag'] ?? archiveTarget(flags.output ?? ''),
      annotateBase: flags['set-base-image-annotations'],
      platform: platformOf(flags.platform),
      access: await readAccess(flags, context),
    };
    const pushed = await appendLayers(context.ports, input, context.signal);
    reportPushed(context, pushed);
    return 0;
  },
});
