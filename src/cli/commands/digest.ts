import { resolveManifest } from '../../app/inspect-artifact.ts';
import { defineCommand } from '../command.ts';
import { PLATFORM_FLAG, platformOf } from '../flags/platform.ts';
import { readAccess, REGISTRY_FLAGS } from '../flags/registry.ts';

export const digest = defineCommand({
  name: 'digest',
  group: 'artifacts',
  summary: 'print the digest that a reference names',
  description: 'The digest is computed from the manifest received, not taken from the registry’s word.',
  args: [{ name: 'REF', description: 'image or artifact' }],
  flags: {
    ...REGISTRY_FLAGS,
    platform: PLATFORM_FLAG,
    'full-ref': { kind: 'boolean', description: 'print registry/repository@digest' },
  },
  examples: [{ command: 'plimsoll digest registry.example.com/team/app:v1', explains: 'what the tag names now' }],
  async run({ args, flags }, context) {
    const input = {
      reference: args[0] ?? '',
      platform: platformOf(flags.platform),
      access: await readAccess(flags, context),
    };
    const { reference, descriptor } = await resolveManifest(context.ports, input, context.signal);
    context.output.result({ reference, ...descriptor }, flags['full-ref'] ? reference : descriptor.digest);
    return 0;
  },
});
