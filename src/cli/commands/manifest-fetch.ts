import { resolveManifest } from '../../app/inspect-artifact.ts';
import { parseShallowJson } from '../../core/index.ts';
import { defineCommand } from '../command.ts';
import { DOCUMENT_FLAGS, writeDocument } from '../flags/document.ts';
import { PLATFORM_FLAG, platformOf } from '../flags/platform.ts';
import { readAccess, REGISTRY_FLAGS } from '../flags/registry.ts';

export const manifestFetch = defineCommand({
  name: 'manifest fetch',
  group: 'artifacts',
  summary: 'fetch a manifest or index, byte for byte',
  args: [{ name: 'REF', description: 'image or artifact' }],
  flags: {
    ...REGISTRY_FLAGS,
    platform: PLATFORM_FLAG,
    ...DOCUMENT_FLAGS,
    descriptor: { kind: 'boolean', description: 'print media type, size and digest instead' },
  },
  examples: [
    { command: 'plimsoll manifest fetch registry.example.com/team/app:v1 -o manifest.json', explains: 'into a file' },
  ],
  async run({ args: [named = ''], flags }, context) {
    const input = { reference: named, platform: platformOf(flags.platform), access: await readAccess(flags, context) };
    const { reference, bytes, descriptor } = await resolveManifest(context.ports, input, context.signal);
    if (context.output.json) {
      const content: unknown = parseShallowJson(new TextDecoder().decode(bytes));
      context.output.result({ reference, ...descriptor, content }, '');
    } else await writeDocument(context, flags, flags.descriptor ? descriptor : bytes);
    return 0;
  },
});
