import { findDockerfileImages } from '../../app/dockerfile-images.ts';
import { defineCommand } from '../command.ts';
import { parsePairs } from '../flags/trust.ts';
import { LISTED_IMAGES_FLAGS, readText, verifyListed } from './manifest-verify.ts';

export const dockerfileVerify = defineCommand({
  name: 'dockerfile verify',
  group: 'trust',
  summary: 'verify signatures of all images that a Dockerfile builds on',
  description:
    'Those of FROM, COPY --from and RUN --mount=from; stages of the file itself and scratch are none. Build arguments come from ' +
    '--build-arg, then the environment, then the defaults in the file. Exit codes are those of verify; the worst of them decides.',
  args: [{ name: 'FILE', description: 'Dockerfile; - for standard input' }],
  flags: {
    'base-image-only': { kind: 'boolean', description: 'only what the last stage is built on' },
    'build-arg': { kind: 'list', value: 'NAME=VALUE', description: 'value of an ARG; may be repeated' },
    ...LISTED_IMAGES_FLAGS,
  },
  examples: [
    { command: 'plimsoll dockerfile verify --key cosign.pub Dockerfile', explains: 'every image must be signed' },
    {
      command: 'plimsoll dockerfile verify --base-image-only --build-arg TAG=v2 --key cosign.pub Dockerfile',
      explains: 'what the result is built on',
    },
  ],
  async run({ args: [file = '-'], flags }, context) {
    const values = { ...context.ports.environment, ...parsePairs('build-arg', flags['build-arg']) };
    const text = await readText(context, file);
    const images = findDockerfileImages({ text, what: file, values, baseOnly: flags['base-image-only'] });
    return await verifyListed(images, flags, context);
  },
});
