import { copyArtifact } from '../../app/copy-artifact.ts';
import { mirrorRepository } from '../../app/mirror-repository.ts';
import { AppError } from '../../core/index.ts';
import { defineCommand } from '../command.ts';
import { reportCopied, reportMirrored } from '../flags/copied.ts';
import { PLATFORM_FLAG, platformOf } from '../flags/platform.ts';
import { FOREIGN_FLAG, readAccess, SOURCE_FLAGS, sourceFlags, TRANSFER_FLAGS, withAliases } from '../flags/registry.ts';

export const copy = defineCommand({
  name: 'copy',
  group: 'artifacts',
  summary: 'copy an artifact, or a whole repository, with signatures, attestations and SBOMs',
  description:
    'Takes all platforms, all referrers (and theirs), and the tags under which cosign keeps signatures. What the target has is not ' +
    'sent again, so a copy that broke off goes on where it was. Afterwards everything is read back from the target; the exit code ' +
    'is 1, and each difference is named, if it is not what was copied.\n\n' +
    'SOURCE and TARGET are references, oci:PATH[:TAG] (a layout folder), oci-archive:PATH[:TAG] (a tar of one) or ' +
    'docker-archive:PATH[:NAME:TAG]; a source may also be containerd:NAME (an image of the containerd on this host) or ' +
    'blobs:PATH@DIGEST (a folder of blobs). A target may have several tags: REPOSITORY:TAG,TAG. Flags without --from- are for the ' +
    'target, and but for credentials and client certificates for the source too.',
  args: [
    { name: 'SOURCE', description: 'image or artifact; a repository with --all-tags, --include and --exclude' },
    { name: 'TARGET', description: 'where to; the tag of the source when it has none' },
  ],
  transfers: true,
  flags: {
    ...withAliases('to', TRANSFER_FLAGS),
    ...SOURCE_FLAGS,
    platform: { ...PLATFORM_FLAG, description: 'only this image of an index; all when absent' },
    'all-tags': { kind: 'boolean', short: 'a', description: 'copy all tags of the repository' },
    include: {
      kind: 'list',
      value: 'GLOB',
      description: 'copy the tags that fit: * any run, ? one character, {a,b} either',
    },
    exclude: { kind: 'list', value: 'GLOB', description: 'but not the tags that fit this' },
    referrers: {
      kind: 'boolean',
      default: true,
      aliases: ['only'],
      description: 'leave out what refers to the artifact',
    },
    recursive: { kind: 'boolean', short: 'r', hidden: true, description: 'what is done anyway, as oras spells it' },
    clobber: {
      kind: 'boolean',
      default: true,
      aliases: ['n'],
      description: 'leave tags alone that name something else in the target',
    },
    'allow-nondistributable-artifacts': FOREIGN_FLAG,
    'dry-run': { kind: 'boolean', description: 'say what would be sent, and send nothing' },
  },
  examples: [
    {
      command: 'plimsoll copy registry.example.com/team/app:v1 mirror.example.com/team/app:v1',
      explains: 'everything that belongs to v1',
    },
    {
      command:
        "plimsoll copy --include 'v1.*' --exclude '*-rc*' registry.example.com/team/app mirror.example.com/team/app",
      explains: 'a mirror of some tags; run again, it sends what is new',
    },
    { command: 'plimsoll copy registry.example.com/team/app:v1 oci-archive:app.tar', explains: 'into one file' },
  ],
  async run({ args, flags }, context) {
    const [source = '', target = ''] = args;
    const fromInput = [
      'password-stdin',
      'identity-token-stdin',
      'from-password-stdin',
      'from-identity-token-stdin',
    ] as const;
    if (fromInput.filter((name) => flags[name]).length > 1)
      throw new AppError('usage', 'expected one secret on standard input, found flags for more');
    const options = {
      source,
      target,
      only: !flags.referrers,
      foreign: flags['allow-nondistributable-artifacts'],
      keepTags: !flags.clobber,
      dryRun: flags['dry-run'],
      access: await readAccess(flags, context),
      sourceAccess: await readAccess(sourceFlags(flags), context),
    };
    if (!flags['all-tags'] && flags.include.length + flags.exclude.length === 0) {
      const input = { ...options, platform: platformOf(flags.platform) };
      const copied = await copyArtifact(context.ports, input, context.signal);
      return reportCopied(context, flags['dry-run'], { copies: [copied], value: copied });
    }
    if (platformOf(flags.platform) !== undefined) {
      throw new AppError('usage', 'expected --platform with one artifact, found it with many tags');
    }
    const input = { ...options, include: flags.include, exclude: flags.exclude };
    const mirrored = await mirrorRepository(context.ports, input, context.signal);
    return reportMirrored(context, flags['dry-run'], mirrored);
  },
});
