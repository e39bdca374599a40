import { requireOnDisk } from '../../app/resolve-source.ts';
import { validateImage } from '../../app/validate-image.ts';
import { AppError, EXIT_NEGATIVE } from '../../core/index.ts';
import { defineCommand } from '../command.ts';
import { PLATFORM_FLAG, platformOf } from '../flags/platform.ts';
import { readAccess, REGISTRY_FLAGS } from '../flags/registry.ts';

export const validate = defineCommand({
  name: 'validate',
  group: 'artifacts',
  summary: 'check that an image in a registry or on the disk is whole',
  description:
    'Reads every manifest, configuration and layer, of all platforms, and checks size, digest and diff id. ' +
    'Exits with 1 when something is wrong or missing, and says all of it.',
  args: [],
  flags: {
    ...REGISTRY_FLAGS,
    remote: { kind: 'string', value: 'REF', description: 'image or artifact in a registry' },
    tarball: { kind: 'string', value: 'PATH', description: 'archive or layout folder on the disk' },
    fast: { kind: 'boolean', description: 'of layers, check only that they are there' },
    platform: PLATFORM_FLAG,
    strict: { kind: 'boolean', description: 'also every rule of the OCI image specification' },
  },
  examples: [
    { command: 'plimsoll validate --remote registry.example.com/team/app:v1', explains: 'all platforms' },
    {
      command: 'plimsoll validate --strict --remote registry.example.com/team/app:v1',
      explains: 'names, times, types and required fields too',
    },
  ],
  async run({ flags }, context) {
    const { remote, tarball } = flags;
    const named = remote ?? tarball;
    if (named === undefined || (remote !== undefined && tarball !== undefined))
      throw new AppError('usage', 'expected --remote REF or --tarball PATH, and not both');
    if (tarball !== undefined) await requireOnDisk(context.ports, tarball);
    const input = {
      reference: named,
      fast: flags.fast,
      platform: platformOf(flags.platform),
      strict: flags.strict,
      access: await readAccess(flags, context),
    };
    const found = await validateImage(context.ports, input, context.signal);
    const isWhole = found.problems.length === 0;
    const lines = isWhole ? [`PASS: ${named}`] : found.problems.map((problem) => `FAIL: ${named}: ${problem}`);
    context.output.result({ ...found, valid: isWhole }, lines.join('\n'));
    return isWhole ? 0 : EXIT_NEGATIVE;
  },
});
