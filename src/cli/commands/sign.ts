import { signImages } from '../../app/sign.ts';
import type { SignedImage } from '../../app/sign.ts';
import { defineCommand } from '../command.ts';
import {
  imageAccessOf,
  askPassword,
  FORMAT_FLAGS,
  formatsOf,
  parsePairs,
  refuseUploads,
  IMAGE_FLAGS,
  SIGN_COMPATIBILITY_FLAGS,
  SIGNING_KEY_FLAG,
} from '../flags/trust.ts';

export const sign = defineCommand({
  name: 'sign',
  group: 'trust',
  summary: 'sign images in a registry',
  description:
    'Signs the digest that each reference means now and stores the signature beside the image. ' +
    'Nothing is uploaded to a transparency log: verification by key does not need one.',
  args: [{ name: 'IMAGE', description: 'image reference, best by digest', repeated: true }],
  flags: {
    ...SIGNING_KEY_FLAG,
    annotations: { kind: 'list', short: 'a', value: 'KEY=VALUE', description: 'claim to sign along; may be repeated' },
    ...FORMAT_FLAGS,
    recursive: { kind: 'boolean', short: 'r', description: 'sign every platform image of an index too' },
    ...IMAGE_FLAGS,
    ...SIGN_COMPATIBILITY_FLAGS,
  },
  examples: [
    { command: 'plimsoll sign --key cosign.key localhost:5000/app:v1', explains: 'signs the digest behind the tag' },
    {
      command: 'plimsoll sign --key cosign.key --format both -a team=blue localhost:5000/app:v1',
      explains: 'signs a claim along, in the forms of new and old cosign',
    },
  ],
  async run({ args, flags }, context) {
    refuseUploads(flags);
    const signed = await signImages(
      context.ports,
      {
        references: args,
        key: flags.key,
        askPassword: askPassword(context),
        annotations: parsePairs('annotations', flags.annotations),
        formats: formatsOf(flags.format),
        recursive: flags.recursive,
        ...(await imageAccessOf(flags, context)),
      },
      context.signal,
    );
    context.output.result({ signed }, signed.map(describeSigned).join('\n'));
    return 0;
  },
});

function describeSigned(image: SignedImage): string {
  const forms = image.stored.map((entry) => `${entry.format} ${entry.manifest}`).join(', ');
  return `signed ${image.reference}\n  with key ${image.keyId}\n  stored as ${forms}`;
}
