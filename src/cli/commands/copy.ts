import { copyArtifact } from '../../app/copy-artifact.ts';
import { defineCommand } from '../command.ts';
import { PLATFORM_FLAG, platformOf } from '../flags/platform.ts';
import { readAccess, REGISTRY_FLAGS } from '../flags/registry.ts';

export const copy = defineCommand({
  name: 'copy',
  group: 'artifacts',
  summary: 'copy an artifact with its signatures, attestations and SBOMs',
  description:
    'Takes all platforms, all referrers (and theirs), and the tags under which cosign keeps signatures. Afterwards the target is ' +
    'asked for every digest; the copy fails if one is missing.',
  args: [
    { name: 'SOURCE', description: 'image or artifact' },
    { name: 'TARGET', description: 'where to; the tag of the source when it has none' },
  ],
  flags: {
    ...REGISTRY_FLAGS,
    platform: { ...PLATFORM_FLAG, description: 'only this image of an index; all when absent' },
    only: { kind: 'boolean', description: 'leave out what refers to the artifact' },
  },
  examples: [
    {
      command: 'plimsoll copy registry.example.com/team/app:v1 mirror.example.com/team/app:v1',
      explains: 'everything that belongs to v1',
    },
  ],
  async run({ args, flags }, context) {
    const access = await readAccess(flags, context);
    const [source = '', target = ''] = args;
    const input = { source, target, platform: platformOf(flags.platform), only: flags.only, access };
    const copied = await copyArtifact(context.ports, input, context.signal);
    context.output.note(
      `copied ${copied.manifests} manifests and ${copied.blobs} blobs, ${copied.referrers} of the manifests refer to others`,
    );
    context.output.result(copied, copied.reference);
    return 0;
  },
});
