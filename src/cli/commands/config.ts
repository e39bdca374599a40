import { fetchConfig } from '../../app/inspect-artifact.ts';
import { defineCommand } from '../command.ts';
import { PLATFORM_FLAG, platformOf } from '../flags/platform.ts';
import { readAccess, REGISTRY_FLAGS } from '../flags/registry.ts';

export const config = defineCommand({
  name: 'config',
  group: 'artifacts',
  summary: 'print the configuration of an image, byte for byte',
  args: [{ name: 'REF', description: 'image' }],
  flags: { ...REGISTRY_FLAGS, platform: PLATFORM_FLAG },
  examples: [{ command: 'plimsoll config registry.example.com/team/app:v1', explains: 'entry point, labels, history' }],
  async run({ args, flags }, context) {
    const access = await readAccess(flags, context);
    const input = { reference: args[0] ?? '', platform: platformOf(flags.platform), access };
    context.output.raw(await fetchConfig(context.ports, input, context.signal));
    return 0;
  },
});
