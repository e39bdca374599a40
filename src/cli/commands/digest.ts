import { askDigest } from '../../app/inspect-artifact.ts';
import { AppError } from '../../core/index.ts';
import { defineCommand } from '../command.ts';
import { PLATFORM_FLAG, platformOf } from '../flags/platform.ts';
import { readAccess, REGISTRY_FLAGS } from '../flags/registry.ts';

export const digest = defineCommand({
  name: 'digest',
  group: 'artifacts',
  summary: 'print the digest that a reference names',
  description:
    'It is what the registry says, which counts as no pull. With --verify, with --platform, on the disk and where the registry says ' +
    'none, it is computed from the manifest.',
  args: [{ name: 'REF', description: 'image or artifact, in a registry or on the disk', optional: true }],
  flags: {
    ...REGISTRY_FLAGS,
    platform: PLATFORM_FLAG,
    verify: { kind: 'boolean', description: 'fetch the manifest and compute its digest' },
    tarball: {
      kind: 'string',
      value: 'FILE',
      description: 'docker archive that holds the image; then REF names one of several',
    },
    'full-ref': {
      kind: 'boolean',
      short: 'l',
      aliases: ['full-reference'],
      description: 'print registry/repository@digest',
    },
  },
  examples: [{ command: 'plimsoll digest registry.example.com/team/app:v1', explains: 'what the tag names now' }],
  async run({ args, flags }, context) {
    const input = {
      reference: sourceOf(args[0], flags.tarball),
      platform: platformOf(flags.platform),
      verifies: flags.verify,
      access: await readAccess(flags, context),
    };
    const { reference, descriptor } = await askDigest(context.ports, input, context.signal);
    context.output.result({ reference, ...descriptor }, flags['full-ref'] ? reference : descriptor.digest);
    return 0;
  },
});

function sourceOf(reference: string | undefined, tarball: string | undefined): string {
  if (tarball !== undefined) return `docker-archive:${tarball}${reference === undefined ? '' : `:${reference}`}`;
  if (reference === undefined) throw new AppError('usage', 'expected REF or --tarball FILE');
  return reference;
}
