import { mirrorRepository } from '../../app/mirror-repository.ts';
import { requireOnDisk } from '../../app/resolve-source.ts';
import { AppError } from '../../core/index.ts';
import { defineCommand } from '../command.ts';
import { reportMirrored, splitTags } from '../flags/copied.ts';
import { readAccess, TRANSFER_FLAGS } from '../flags/registry.ts';

export const restore = defineCommand({
  name: 'restore',
  group: 'artifacts',
  summary: 'bring a backup, or some of its tags, into a repository',
  description: 'It is copy from oci:PATH or oci-archive:PATH to a repository.',
  args: [{ name: 'REPOSITORY[:TAG[,TAG]]', description: 'where to; all tags when none is named' }],
  transfers: true,
  flags: {
    ...TRANSFER_FLAGS,
    input: { kind: 'string', value: 'PATH', required: true, description: 'layout folder, or tar of one' },
    referrers: {
      kind: 'boolean',
      default: true,
      aliases: ['exclude-referrers'],
      description: 'leave out what refers to the images',
    },
    'dry-run': { kind: 'boolean', description: 'say what would be sent, and send nothing' },
  },
  examples: [
    { command: 'plimsoll restore --input app.tar registry.example.com/team/app', explains: 'all tags' },
    {
      command: 'plimsoll restore --dry-run --input app registry.example.com/team/app:v1',
      explains: 'what would be sent',
    },
  ],
  async run({ args: [named = ''], flags }, context) {
    const { repository, tags } = splitTags(named);
    await requireOnDisk(context.ports, flags.input);
    const input = {
      source: flags.input,
      target: repository,
      tags,
      include: [],
      exclude: [],
      only: !flags.referrers,
      dryRun: flags['dry-run'],
      access: await readAccess(flags, context),
    };
    const mirrored = await mirrorRepository(context.ports, input, context.signal);
    if (mirrored.copies.length === 0) throw new AppError('not-found', `${flags.input}: expected tags, found none`);
    return reportMirrored(context, flags['dry-run'], mirrored);
  },
});
