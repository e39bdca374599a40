import { pushBlob } from '../../app/transfer-blob.ts';
import { defineCommand } from '../command.ts';
import { reportPushed } from '../flags/pushed.ts';
import { readAccess, REGISTRY_FLAGS } from '../flags/registry.ts';
import { withInput } from '../spooled-input.ts';

export const blobPush = defineCommand({
  name: 'blob push',
  group: 'artifacts',
  summary: 'push one file as a blob, and print its reference by digest',
  description: 'Registries remove blobs that no manifest names, sooner or later.',
  args: [
    { name: 'REPOSITORY[@DIGEST]', description: 'where it goes; a digest must be that of the file' },
    { name: 'FILE', description: 'its content; - reads standard input' },
  ],
  transfers: true,
  flags: {
    ...REGISTRY_FLAGS,
    'media-type': { kind: 'string', value: 'TYPE', description: 'type in the descriptor that is printed' },
    descriptor: { kind: 'boolean', description: 'print the descriptor as JSON' },
    size: { kind: 'number', value: 'BYTES', description: 'size that the content must have' },
  },
  examples: [{ command: 'plimsoll blob push registry.example.com/team/app layer.tar.gz', explains: 'one file' }],
  async run({ args: [reference = '', file = ''], flags }, context) {
    const access = await readAccess(flags, context);
    const pushed = await withInput(context, file, async (path) => {
      const input = { reference, file: path, mediaType: flags['media-type'], size: flags.size, access };
      return await pushBlob(context.ports, input, context.signal);
    });
    if (flags.descriptor) context.output.raw(`${JSON.stringify(pushed.descriptor)}\n`);
    else reportPushed(context, pushed);
    return 0;
  },
});
