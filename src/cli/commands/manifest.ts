import { resolveManifest } from '../../app/inspect-artifact.ts';
import { defineCommand } from '../command.ts';
import { PLATFORM_FLAG, platformOf } from '../flags/platform.ts';
import { readAccess, REGISTRY_FLAGS } from '../flags/registry.ts';

export const manifest = defineCommand({
  name: 'manifest',
  group: 'artifacts',
  summary: 'print the manifest of an image or artifact, byte for byte',
  args: [{ name: 'REF', description: 'image or artifact' }],
  flags: { ...REGISTRY_FLAGS, platform: PLATFORM_FLAG },
  examples: [
    { command: 'plimsoll manifest registry.example.com/team/app:v1', explains: 'the index, if it is one' },
    { command: 'plimsoll manifest --platform linux/arm64 registry.example.com/team/app:v1', explains: 'one image' },
  ],
  async run({ args, flags }, context) {
    const access = await readAccess(flags, context);
    const input = { reference: args[0] ?? '', platform: platformOf(flags.platform), access };
    context.output.raw((await resolveManifest(context.ports, input, context.signal)).bytes);
    return 0;
  },
});
