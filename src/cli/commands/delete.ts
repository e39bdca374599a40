import { deleteArtifact } from '../../app/change-artifact.ts';
import { defineCommand } from '../command.ts';
import { readAccess, REGISTRY_FLAGS } from '../flags/registry.ts';

export const deleteCommand = defineCommand({
  name: 'delete',
  group: 'artifacts',
  summary: 'delete a manifest by digest, or a tag',
  args: [{ name: 'REF', description: 'with a digest or a tag' }],
  flags: REGISTRY_FLAGS,
  examples: [{ command: 'plimsoll delete registry.example.com/team/app:old', explains: 'the tag; its manifest stays' }],
  async run({ args, flags }, context) {
    const access = await readAccess(flags, context);
    const deleted = await deleteArtifact(context.ports, { reference: args[0] ?? '', access }, context.signal);
    context.output.result({ deleted }, '');
    return 0;
  },
});
