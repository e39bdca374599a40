import { tagArtifact } from '../../app/change-artifact.ts';
import { defineCommand } from '../command.ts';
import { readAccess, REGISTRY_FLAGS } from '../flags/registry.ts';

export const tag = defineCommand({
  name: 'tag',
  group: 'artifacts',
  summary: 'give an artifact further tags',
  args: [
    { name: 'REF', description: 'image or artifact, in a registry or in a layout folder' },
    { name: 'TAG', description: 'new tags in the same repository', repeated: true },
  ],
  flags: REGISTRY_FLAGS,
  examples: [
    { command: 'plimsoll tag registry.example.com/team/app:v1 stable', explains: 'stable now names what v1 names' },
  ],
  async run({ args, flags }, context) {
    const access = await readAccess(flags, context);
    const [reference = '', ...tags] = args;
    const descriptor = await tagArtifact(context.ports, { reference, tags, access }, context.signal);
    context.output.result({ reference, tags, descriptor }, '');
    return 0;
  },
});
