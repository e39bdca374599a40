import { describeSigner } from '../../app/open-signer.ts';
import { signImages } from '../../app/sign.ts';
import type { SignedImage } from '../../app/sign.ts';
import { defineCommand } from '../command.ts';
import {
  signedImageAccessOf,
  FORMAT_FLAGS,
  formatsOf,
  parsePairs,
  readSigner,
  SIGNED_IMAGE_FLAGS,
  SIGN_COMPATIBILITY_FLAGS,
  SIGNER_FLAGS,
} from '../flags/trust.ts';

export const sign = defineCommand({
  name: 'sign',
  group: 'trust',
  summary: 'sign images in a registry',
  description:
    'Signs the digest that each reference means now and stores the signature beside the image. ' +
    'With a key, nothing is uploaded to a transparency log unless asked for: verification by key does not need one. Without a key, a ' +
    'certificate for who the identity token is for says who signed.',
  args: [{ name: 'IMAGE', description: 'image reference, best by digest', repeated: true }],
  flags: {
    ...SIGNER_FLAGS,
    annotations: { kind: 'list', short: 'a', value: 'KEY=VALUE', description: 'claim to sign along; may be repeated' },
    ...FORMAT_FLAGS,
    recursive: { kind: 'boolean', short: 'r', description: 'sign every platform image of an index too' },
    ...SIGNED_IMAGE_FLAGS,
    ...SIGN_COMPATIBILITY_FLAGS,
  },
  examples: [
    { command: 'plimsoll sign --key cosign.key localhost:5000/app:v1', explains: 'signs the digest behind the tag' },
    {
      command: 'plimsoll sign --key cosign.key --format both -a team=blue localhost:5000/app:v1',
      explains: 'signs a claim along, in the forms of new and old cosign',
    },
    {
      command: 'plimsoll sign --signing-config signing_config.v0.2.json --identity-token token localhost:5000/app:v1',
      explains: 'signs as whom the token is for, with the services named',
    },
  ],
  async run({ args, flags }, context) {
    const signed = await signImages(
      context.ports,
      {
        references: args,
        ...readSigner(flags, context),
        annotations: parsePairs('annotations', flags.annotations),
        formats: formatsOf(flags.format),
        recursive: flags.recursive,
        ...(await signedImageAccessOf(flags, context)),
      },
      context.signal,
    );
    context.output.result({ signed }, signed.map(describeSigned).join('\n'));
    return 0;
  },
});

function describeSigned(image: SignedImage): string {
  const forms = image.stored.map((entry) => `${entry.format} ${entry.manifest}`).join(', ');
  return `signed ${image.reference}\n  ${describeSigner(image)}\n  stored as ${forms}`;
}
