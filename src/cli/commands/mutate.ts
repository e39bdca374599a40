import { mutateImage } from '../../app/mutate-image.ts';
import { readPlatform } from '../../app/platform.ts';
import { AppError } from '../../core/index.ts';
import { defineCommand } from '../command.ts';
import { archiveTarget, OUTPUT_FLAG, splitPairs, splitWords } from '../flags/edit.ts';
import { PLATFORM_FLAG, platformOf } from '../flags/platform.ts';
import { reportPushed } from '../flags/pushed.ts';
import { readAccess, TRANSFER_FLAGS } from '../flags/registry.ts';

export const mutate = defineCommand({
  name: 'mutate',
  group: 'artifacts',
  summary: 'change labels, environment, entry point and more of an image, and print the new reference',
  description:
    'Each image of an index is changed by itself. A new entry point takes the old command away, as crane has it. ' +
    'Signatures and attestations are about the old digest and do not go along.',
  args: [{ name: 'IMAGE', description: 'image in a registry or on the disk' }],
  transfers: true,
  flags: {
    ...TRANSFER_FLAGS,
    // -u is the image's user, as crane has it
    username: { kind: 'string', value: 'NAME', description: TRANSFER_FLAGS.username.description },
    platform: { ...PLATFORM_FLAG, description: 'only this image of an index; all when absent' },
    annotation: { kind: 'list', short: 'a', value: 'KEY=VALUE', description: 'annotation of the manifest' },
    label: { kind: 'list', short: 'l', value: 'KEY=VALUE', description: 'label of the configuration' },
    env: { kind: 'list', short: 'e', value: 'KEY=VALUE', description: 'environment variable' },
    entrypoint: { kind: 'list', value: 'WORDS', description: 'new entry point; commas part words' },
    cmd: { kind: 'list', value: 'WORDS', description: 'new command; commas part words' },
    'exposed-ports': {
      kind: 'list',
      value: 'PORTS',
      description: 'further ports, like 80 or 53/udp; commas part them',
    },
    user: { kind: 'string', short: 'u', value: 'USER', description: 'user that it runs as' },
    workdir: { kind: 'string', short: 'w', value: 'DIR', description: 'folder that it starts in' },
    append: { kind: 'list', value: 'FILE', description: 'tar file as a further layer' },
    'set-platform': { kind: 'string', value: 'OS/ARCH[/VARIANT]', description: 'platform in the configuration' },
    tag: { kind: 'string', short: 't', value: 'REF', description: 'where it goes; by digest beside IMAGE when absent' },
    repo: { kind: 'string', value: 'REPOSITORY', description: 'repository where it goes by digest' },
    output: OUTPUT_FLAG,
  },
  examples: [
    {
      command:
        'plimsoll mutate registry.example.com/team/app:v1 --label team=red --env MODE=prod -t registry.example.com/team/app:v1-prod',
      explains: 'a label and a variable',
    },
  ],
  async run({ args: [source = ''], flags }, context) {
    const { output, tag, repo } = flags;
    const target = output === undefined ? (tag ?? repo) : archiveTarget(output);
    if ([output, tag, repo].filter((given) => given !== undefined).length > 1)
      throw new AppError('usage', 'expected one of --tag, --repo and --output, found more');
    const input = {
      source,
      target,
      platform: platformOf(flags.platform),
      annotations: splitPairs(flags.annotation),
      labels: splitPairs(flags.label),
      environment: flags.env,
      entrypoint: splitWords(flags.entrypoint),
      command: splitWords(flags.cmd),
      ports: splitWords(flags['exposed-ports']),
      user: flags.user,
      folder: flags.workdir,
      append: splitWords(flags.append),
      setPlatform: flags['set-platform'] === undefined ? undefined : readPlatform(flags['set-platform']),
      access: await readAccess(flags, context),
    };
    const pushed = await mutateImage(context.ports, input, context.signal);
    reportPushed(context, pushed);
    return 0;
  },
});
