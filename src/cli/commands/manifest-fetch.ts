import { resolveManifest } from '../../app/inspect-artifact.ts';
import { defineCommand } from '../command.ts';
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
    output: { kind: 'string', short: 'o', value: 'FILE', description: 'write to a file, instead of standard output' },
    descriptor: { kind: 'boolean', description: 'print media type, size and digest instead' },
  },
  examples: [
    { command: 'plimsoll manifest fetch registry.example.com/team/app:v1 -o manifest.json', explains: 'into a file' },
  ],
  async run({ args: [reference = ''], flags }, context) {
    const input = { reference, platform: platformOf(flags.platform), access: await readAccess(flags, context) };
    const { bytes, descriptor } = await resolveManifest(context.ports, input, context.signal);
    const content = flags.descriptor ? `${JSON.stringify(descriptor)}\n` : bytes;
    if (flags.output === undefined || flags.output === '-') context.output.raw(content);
    else await context.ports.files.writeAtomic(flags.output, content);
    return 0;
  },
});
