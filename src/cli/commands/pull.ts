import { pullArtifacts } from '../../app/pull-artifact.ts';
import { AppError } from '../../core/index.ts';
import { defineCommand } from '../command.ts';
import { PLATFORM_FLAG, platformOf } from '../flags/platform.ts';
import { readAccess, TRANSFER_FLAGS } from '../flags/registry.ts';

export const pull = defineCommand({
  name: 'pull',
  group: 'artifacts',
  summary: 'pull an image as tarball or OCI layout, or an artifact as files',
  description:
    'A tarball is what docker load reads. A layout takes all platforms and everything that refers to the image.',
  args: [
    { name: 'REF', description: 'image or artifact' },
    {
      name: 'PATH',
      description: 'tarball, or folder; - is standard output; further references may come before it',
      optional: true,
      repeated: true,
    },
  ],
  transfers: true,
  flags: {
    ...TRANSFER_FLAGS,
    platform: PLATFORM_FLAG,
    format: {
      kind: 'choice',
      choices: ['tarball', 'oci', 'files'],
      description: 'what to write; files when PATH is left out, else tarball',
    },
    output: { kind: 'string', short: 'o', value: 'DIR', description: 'the same as PATH; of files the folder' },
    'annotate-ref': { kind: 'boolean', description: 'in a layout, name images by their whole reference' },
    'keep-old-files': { kind: 'boolean', short: 'k', description: 'of files, fail when one is there already' },
    'include-subject': { kind: 'boolean', description: 'also the files of what the artifact refers to' },
    'manifest-config': {
      kind: 'string',
      value: 'FILE',
      description: 'also the configuration of the artifact, as this file in the folder',
    },
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
    const path = args.length > 1 ? args.at(-1) : undefined;
    const references = path === undefined ? args : args.slice(0, -1);
    const isStream = (path ?? flags.output) === '-';
    const format = flags.format ?? (path === undefined && !isStream ? 'files' : 'tarball');
    const place = path ?? flags.output ?? (format === 'files' ? '.' : undefined);
    if (place === undefined) throw new AppError('usage', `expected PATH for --format ${format}`);
    const toStandardOutput = async (content: AsyncIterable<Uint8Array>) => {
      for await (const chunk of content) context.output.raw(chunk);
    };
    const output = isStream ? toStandardOutput : place;
    const input = {
      references,
      output,
      format: formatOf(format),
      platform: platformOf(flags.platform),
      annotateRef: flags['annotate-ref'],
      keepOld: flags['keep-old-files'],
      withSubjects: flags['include-subject'],
      configPath: flags['manifest-config'],
      access,
    };
    const pulled = await pullArtifacts(context.ports, input, context.signal);
    if (isStream) return 0;
    context.output.note(`wrote ${[...new Set(pulled.flatMap(({ paths }) => paths))].join(', ')}`);
    const values = pulled.map(({ descriptor, ...facts }) => ({ ...descriptor, ...facts }));
    const [first] = values;
    context.output.result(
      values.length === 1 ? first : { images: values },
      pulled.map(({ reference }) => reference).join('\n'),
    );
    return 0;
  },
});

function formatOf(text: string): 'tarball' | 'oci' | 'files' {
  if (text === 'tarball' || text === 'oci' || text === 'files') return text;
  throw new AppError('usage', `--format: expected tarball, oci or files, found ${JSON.stringify(text)}`);
}
