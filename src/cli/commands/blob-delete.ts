import { prepareBlobDeletion } from '../../app/delete-content.ts';
import { defineCommand } from '../command.ts';
import { DELETION_FLAGS, runDeletion } from '../flags/deletion.ts';

export const blobDelete = defineCommand({
  name: 'blob delete',
  group: 'artifacts',
  summary: 'delete one blob from a repository',
  description: 'Manifests that name it are broken afterwards; a registry does not tell which those are.',
  args: [{ name: 'REF@DIGEST', description: 'repository and digest' }],
  flags: DELETION_FLAGS,
  examples: [
    {
      command: `plimsoll blob delete --force registry.example.com/team/app@sha256:${'0'.repeat(64)}`,
      explains: 'without asking',
    },
  ],
  run: (input, context) => runDeletion(prepareBlobDeletion, input, context),
});
