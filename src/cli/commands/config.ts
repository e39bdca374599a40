import { fetchConfig } from '../../app/inspect-artifact.ts';
import { defineCommand } from '../command.ts';
import { DOCUMENT_FLAGS, writeDocument } from '../flags/document.ts';
import { PLATFORM_FLAG, platformOf } from '../flags/platform.ts';
import { readAccess, REGISTRY_FLAGS } from '../flags/registry.ts';

export const config = defineCommand({
  name: 'config',
  group: 'artifacts',
  summary: 'print the configuration of an image, byte for byte',
  args: [{ name: 'REF', description: 'image' }],
  flags: {
    ...REGISTRY_FLAGS,
    platform: PLATFORM_FLAG,
    ...DOCUMENT_FLAGS,
    descriptor: { kind: 'boolean', description: 'print media type, size and digest instead' },
  },
  examples: [{ command: 'plimsoll config registry.example.com/team/app:v1', explains: 'entry point, labels, history' }],
  async run({ args, flags }, context) {
    const access = await readAccess(flags, context);
    const input = { reference: args[0] ?? '', platform: platformOf(flags.platform), access };
    const { bytes, descriptor } = await fetchConfig(context.ports, input, context.signal);
    await writeDocument(context, flags, flags.descriptor ? descriptor : bytes);
    return 0;
  },
});
