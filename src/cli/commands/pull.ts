import { pullArtifact } from '../../app/pull-artifact.ts';
import { AppError } from '../../core/index.ts';
import { defineCommand } from '../command.ts';
import { PLATFORM_FLAG, platformOf } from '../flags/platform.ts';
import { readAccess, REGISTRY_FLAGS } from '../flags/registry.ts';

export const pull = defineCommand({
  name: 'pull',
  group: 'artifacts',
  summary: 'pull an image as tarball or OCI layout, or an artifact as files',
  description:
    'A tarball is what docker load reads. A layout takes all platforms and everything that refers to the image.',
  args: [
    { name: 'REF', description: 'image or artifact' },
    { name: 'PATH', description: 'tarball, or folder; - is standard output', optional: true },
  ],
  transfers: true,
  flags: {
    ...REGISTRY_FLAGS,
    platform: PLATFORM_FLAG,
    format: {
      kind: 'choice',
      choices: ['tarball', 'oci', 'files'],
      description: 'what to write; files when PATH is left out, else tarball',
    },
    output: { kind: 'string', short: 'o', value: 'DIR', description: 'the same as PATH; of files the folder' },
  },
  examples: [
    { command: 'plimsoll pull registry.example.com/team/app:v1 app.tar', explains: 'for docker load' },
    {
      command: 'plimsoll pull --format oci registry.example.com/team/app:v1 layout',
      explains: 'with all that belongs to it',
    },
    { command: 'plimsoll pull registry.example.com/team/app:v1 - | docker load', explains: 'without a file' },
    { command: 'plimsoll pull registry.example.com/team/docs:v1 -o docs', explains: 'the files of an artifact' },
  ],
  async run({ args, flags }, context) {
    const access = await readAccess(flags, context);
    const [reference = '', path] = args;
    const isStream = (path ?? flags.output) === '-';
    const format = flags.format ?? (path === undefined && !isStream ? 'files' : 'tarball');
    const place = path ?? flags.output ?? (format === 'files' ? '.' : undefined);
    if (place === undefined) throw new AppError('usage', `expected PATH for --format ${format}`);
    const toStandardOutput = async (content: AsyncIterable<Uint8Array>) => {
      for await (const chunk of content) context.output.raw(chunk);
    };
    const output = isStream ? toStandardOutput : place;
    const input = { reference, output, format: formatOf(format), platform: platformOf(flags.platform), access };
    const pulled = await pullArtifact(context.ports, input, context.signal);
    if (isStream) return 0;
    context.output.note(`wrote ${pulled.paths.join(', ')}`);
    context.output.result(pulled, pulled.reference);
    return 0;
  },
});

function formatOf(text: string): 'tarball' | 'oci' | 'files' {
  if (text === 'tarball' || text === 'oci' || text === 'files') return text;
  throw new AppError('usage', `--format: expected tarball, oci or files, found ${JSON.stringify(text)}`);
}
