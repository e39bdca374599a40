import { fetchBlobToFile, openBlob } from '../../app/transfer-blob.ts';
import { defineCommand } from '../command.ts';
import { readAccess, REGISTRY_FLAGS } from '../flags/registry.ts';

export const blobFetch = defineCommand({
  name: 'blob fetch',
  group: 'artifacts',
  summary: 'fetch one blob, and verify its size and digest',
  description:
    'Standard output gets the content as it comes: act on it only when the exit code is 0. A file appears only when it is whole.',
  args: [{ name: 'REF@DIGEST', description: 'repository and digest' }],
  transfers: true,
  flags: {
    ...REGISTRY_FLAGS,
    output: { kind: 'string', short: 'o', value: 'FILE', description: 'write to a file, instead of standard output' },
    descriptor: { kind: 'boolean', description: 'print size and digest instead of fetching the content' },
  },
  examples: [
    {
      command: `plimsoll blob fetch registry.example.com/team/app@sha256:${'0'.repeat(64)} -o layer.tar.gz`,
      explains: 'a layer into a file',
    },
  ],
  async run({ args: [reference = ''], flags }, context) {
    const input = { reference, access: await readAccess(flags, context) };
    if (flags.output !== undefined && flags.output !== '-' && !flags.descriptor) {
      const fetched = await fetchBlobToFile(context.ports, { ...input, output: flags.output }, context.signal);
      context.output.note(`wrote ${flags.output}`);
      context.output.result(fetched, fetched.reference);
      return 0;
    }
    const { descriptor, content } = await openBlob(context.ports, input, context.signal);
    if (flags.descriptor) context.output.raw(`${JSON.stringify(descriptor)}\n`);
    else for await (const chunk of content) context.output.raw(chunk);
    return 0;
  },
});
