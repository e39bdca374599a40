import { appendLayers } from '../../app/append-layer.ts';
import { AppError } from '../../core/index.ts';
import { defineCommand } from '../command.ts';
import { PLATFORM_FLAG, platformOf } from '../flags/platform.ts';
import { reportPushed } from '../flags/pushed.ts';
import { readAccess, REGISTRY_FLAGS } from '../flags/registry.ts';

export const append = defineCommand({
  name: 'append',
  group: 'artifacts',
  summary: 'make an image from a base image and tar files as further layers',
  description: 'The same base, files and SOURCE_DATE_EPOCH give the same digest.',
  args: [],
  flags: {
    ...REGISTRY_FLAGS,
    base: { kind: 'string', short: 'b', value: 'REF', description: 'image to begin with; without it, with nothing' },
    'new-layer': { kind: 'list', short: 'f', value: 'FILE', description: 'tar file, compressed or not' },
    'new-tag': { kind: 'string', short: 't', value: 'REF', required: true, description: 'where the new image goes' },
    platform: PLATFORM_FLAG,
  },
  examples: [
    {
      command: 'plimsoll append -b registry.example.com/base:1 -f layer.tar -t registry.example.com/team/app:v1',
      explains: 'one more layer',
    },
  ],
  async run({ flags }, context) {
    if (flags['new-layer'].length === 0) throw new AppError('usage', 'expected at least one -f FILE');
    const input = {
      base: flags.base,
      layers: flags['new-layer'],
      target: flags['new-tag'],
      platform: platformOf(flags.platform),
      access: await readAccess(flags, context),
    };
    const pushed = await appendLayers(context.ports, input, context.signal);
    reportPushed(context, pushed);
    return 0;
  },
});
