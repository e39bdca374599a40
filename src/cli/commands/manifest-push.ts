import { MAX_PUSHED_MANIFEST_BYTES, pushManifest } from '../../app/push-manifest.ts';
import { defineCommand } from '../command.ts';
import { reportPushed } from '../flags/pushed.ts';
import { readAccess, REGISTRY_FLAGS } from '../flags/registry.ts';

export const manifestPush = defineCommand({
  name: 'manifest push',
  group: 'artifacts',
  summary: 'push a manifest or index, byte for byte, and print its reference by digest',
  description: 'With neither tag nor digest in REF the manifest is kept by its digest alone.',
  args: [
    { name: 'REF[,TAG]', description: 'where it goes: a repository with tags or a digest, or a layout folder' },
    { name: 'FILE', description: 'manifest; - reads standard input' },
  ],
  flags: {
    ...REGISTRY_FLAGS,
    'media-type': { kind: 'string', value: 'TYPE', description: 'instead of what the document says' },
    descriptor: { kind: 'boolean', description: 'print the descriptor as JSON' },
  },
  examples: [
    { command: 'plimsoll manifest push registry.example.com/team/app:v1 manifest.json', explains: 'under a tag' },
  ],
  async run({ args: [reference = '', file = ''], flags }, context) {
    const access = await readAccess(flags, context);
    const source = file === '-' ? await context.readInput(MAX_PUSHED_MANIFEST_BYTES) : file;
    const input = { reference, source, mediaType: flags['media-type'], access };
    const pushed = await pushManifest(context.ports, input, context.signal);
    if (flags.descriptor) context.output.raw(`${JSON.stringify(pushed.descriptor)}\n`);
    else reportPushed(context, pushed);
    return 0;
  },
});
