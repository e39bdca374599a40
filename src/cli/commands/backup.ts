import { mirrorRepository } from '../../app/mirror-repository.ts';
import { AppError } from '../../core/index.ts';
import { defineCommand } from '../command.ts';
import { reportMirrored, splitTags } from '../flags/copied.ts';
import { readAccess, TRANSFER_FLAGS } from '../flags/registry.ts';

export const backup = defineCommand({
  name: 'backup',
  group: 'artifacts',
  summary: 'keep a repository, or some of its tags, in a layout folder or in one file',
  description:
    'With all platforms and everything that refers to the images. It is copy from a repository to oci:PATH, or to oci-archive:PATH ' +
    'where the output ends in .tar; run again, a folder gets what is new.',
  args: [{ name: 'REPOSITORY[:TAG[,TAG]]', description: 'all tags when none is named' }],
  transfers: true,
  flags: {
    ...TRANSFER_FLAGS,
    output: { kind: 'string', short: 'o', value: 'PATH', required: true, description: 'folder, or file with .tar' },
    referrers: {
      kind: 'boolean',
      default: true,
      description: 'leave out what refers to the images',
    },
    'include-referrers': { kind: 'boolean', hidden: true, description: 'what is done anyway, as oras spells it' },
  },
  examples: [
    { command: 'plimsoll backup -o app.tar registry.example.com/team/app', explains: 'all tags, in one file' },
    { command: 'plimsoll backup -o app registry.example.com/team/app:v1,v2', explains: 'two tags, in a folder' },
  ],
  async run({ args: [named = ''], flags }, context) {
    const { repository, tags } = splitTags(named);
    const input = {
      source: repository,
      target: `${flags.output.endsWith('.tar') ? 'oci-archive' : 'oci'}:${flags.output}`,
      tags,
      include: [],
      exclude: [],
      only: !flags.referrers,
      access: await readAccess(flags, context),
    };
    const mirrored = await mirrorRepository(context.ports, input, context.signal);
    if (mirrored.copies.length === 0) throw new AppError('not-found', `${repository}: expected tags, found none`);
    return reportMirrored(context, false, mirrored);
  },
});
