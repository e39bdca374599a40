import { editIndex, previewIndex, type IndexInput } from '../../app/edit-index.ts';
import { defineCommand, type Context, type FlagValues } from '../command.ts';
import { DOCUMENT_FLAGS, writeDocument } from '../flags/document.ts';
import { reportPushed } from '../flags/pushed.ts';
import { readAccess, REGISTRY_FLAGS } from '../flags/registry.ts';

const INDEX_FLAGS = {
  ...REGISTRY_FLAGS,
  annotation: { kind: 'list', short: 'a', value: 'KEY=VALUE', description: 'annotation of the index' },
  'artifact-type': { kind: 'string', value: 'TYPE', description: 'artifact type of the index' },
  output: {
    ...DOCUMENT_FLAGS.output,
    description: 'write the index to a file, - is standard output, and push nothing',
  },
  pretty: DOCUMENT_FLAGS.pretty,
} as const;

export const manifestIndexCreate = defineCommand({
  name: 'manifest index create',
  group: 'artifacts',
  summary: 'make an index of manifests in one repository, and print its reference by digest',
  description: 'Images are listed with the platform of their configuration.',
  args: [
    { name: 'REPOSITORY[:TAG[,TAG]]', description: 'where the index goes' },
    { name: 'TAG|DIGEST', description: 'manifests in the same repository', repeated: true },
  ],
  flags: INDEX_FLAGS,
  examples: [
    {
      command: 'plimsoll manifest index create registry.example.com/team/app:v1 linux-amd64 linux-arm64',
      explains: 'one image for two platforms',
    },
  ],
  async run({ args: [target = '', ...add], flags }, context) {
    const input = {
      target,
      add,
      merge: [],
      remove: [],
      tags: [],
      isUpdate: false,
      annotations: flags.annotation,
      artifactType: flags['artifact-type'],
      access: await readAccess(flags, context),
    };
    return await finish(context, flags, input);
  },
});

export const manifestIndexUpdate = defineCommand({
  name: 'manifest index update',
  group: 'artifacts',
  summary: 'add manifests to an index or remove them, and print the new reference by digest',
  description: 'A tag in REF names the new index afterwards.',
  args: [{ name: 'REF', description: 'index' }],
  flags: {
    ...INDEX_FLAGS,
    add: { kind: 'list', value: 'TAG|DIGEST', description: 'manifest to list' },
    merge: { kind: 'list', value: 'TAG|DIGEST', description: 'index whose entries are to be listed' },
    remove: { kind: 'list', value: 'DIGEST', description: 'manifest to list no more' },
    tag: { kind: 'list', value: 'TAG', description: 'further tag of the new index' },
  },
  examples: [
    {
      command: 'plimsoll manifest index update registry.example.com/team/app:v1 --add linux-s390x --tag latest',
      explains: 'one more platform',
    },
  ],
  async run({ args: [target = ''], flags }, context) {
    const input = {
      target,
      add: flags.add,
      merge: flags.merge,
      remove: flags.remove,
      tags: flags.tag,
      isUpdate: true,
      annotations: flags.annotation,
      artifactType: flags['artifact-type'],
      access: await readAccess(flags, context),
    };
    return await finish(context, flags, input);
  },
});

async function finish(context: Context, flags: FlagValues<typeof DOCUMENT_FLAGS>, input: IndexInput): Promise<number> {
  if (flags.output === undefined) reportPushed(context, await editIndex(context.ports, input, context.signal));
  else await writeDocument(context, flags, (await previewIndex(context.ports, input, context.signal)).bytes);
  return 0;
}
