import { appendToIndex, filterIndex } from '../../app/compose-index.ts';
import { readPartialPlatform } from '../../app/platform.ts';
import { AppError } from '../../core/index.ts';
import { defineCommand } from '../command.ts';
import { splitWords } from '../flags/edit.ts';
import { reportPushed } from '../flags/pushed.ts';
import { readAccess, TRANSFER_FLAGS } from '../flags/registry.ts';

export const indexAppend = defineCommand({
  name: 'index append',
  group: 'artifacts',
  summary: 'make an index of images from anywhere, and print its reference by digest',
  description:
    'The images are copied to where the index goes, and listed with the platform of their configuration. In one repository ' +
    'manifest index create does without copying.',
  args: [{ name: 'BASE', description: 'index to begin with; without it, with nothing', optional: true }],
  transfers: true,
  flags: {
    ...TRANSFER_FLAGS,
    manifest: { kind: 'list', short: 'm', value: 'REF', description: 'image or index to list; commas part them' },
    flatten: { kind: 'boolean', default: true, description: 'list an index itself, instead of what it lists' },
    tag: { kind: 'string', short: 't', value: 'REF', description: 'where the index goes; BASE when absent' },
  },
  examples: [
    {
      command:
        'plimsoll index append -m registry.example.com/app-amd64:v1 -m registry.example.com/app-arm64:v1 -t registry.example.com/team/app:v1',
      explains: 'one image for two platforms',
    },
  ],
  async run({ args: [base], flags }, context) {
    const target = flags.tag ?? base;
    if (target === undefined) throw new AppError('usage', 'expected --tag REF where there is no BASE');
    if (flags.manifest.length === 0) throw new AppError('usage', 'expected at least one --manifest REF');
    const access = await readAccess(flags, context);
    const input = { base, manifests: splitWords(flags.manifest), flatten: flags.flatten, target, access };
    reportPushed(context, await appendToIndex(context.ports, input, context.signal));
    return 0;
  },
});

export const indexFilter = defineCommand({
  name: 'index filter',
  group: 'artifacts',
  summary: 'leave only some platforms in an index, and print the new reference by digest',
  args: [{ name: 'BASE', description: 'index in a registry or on the disk' }],
  transfers: true,
  flags: {
    ...TRANSFER_FLAGS,
    platform: {
      kind: 'list',
      value: 'OS[/ARCH[/VARIANT]]',
      description: 'platform that stays; commas part them',
    },
    tag: { kind: 'string', short: 't', value: 'REF', description: 'where the index goes; BASE when absent' },
  },
  examples: [
    {
      command:
        'plimsoll index filter registry.example.com/team/app:v1 --platform linux/amd64 --platform linux/arm64 -t registry.example.com/team/app:v1-small',
      explains: 'two platforms of many',
    },
  ],
  async run({ args: [base = ''], flags }, context) {
    const platforms = splitWords(flags.platform).map(readPartialPlatform);
    if (platforms.length === 0) throw new AppError('usage', 'expected at least one --platform');
    const input = { base, platforms, target: flags.tag ?? base, access: await readAccess(flags, context) };
    reportPushed(context, await filterIndex(context.ports, input, context.signal));
    return 0;
  },
});
