import { prepareManifestDeletion } from '../../app/delete-content.ts';
import { defineCommand } from '../command.ts';
import { DELETION_FLAGS, runDeletion } from '../flags/deletion.ts';

export const manifestDelete = defineCommand({
  name: 'manifest delete',
  group: 'artifacts',
  summary: 'delete a manifest with all its tags, and warn of what refers to it',
  description: 'A tag is resolved to its manifest, as oras does. To remove a tag alone: plimsoll delete REF:TAG.',
  args: [{ name: 'REF', description: 'with a tag or a digest' }],
  flags: DELETION_FLAGS,
  examples: [
    { command: 'plimsoll manifest delete --force registry.example.com/team/app:v1', explains: 'without asking' },
  ],
  run: (input, context) => runDeletion(prepareManifestDeletion, input, context),
});
