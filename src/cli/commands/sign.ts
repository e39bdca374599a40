import { describeSigner } from '../../app/open-signer.ts';
import { signImages } from '../../app/sign.ts';
import { resolvePredicateType } from '../../app/attest.ts';
import type { RequiredAttestations, SignedImage } from '../../app/sign.ts';
import { AppError } from '../../core/index.ts';
import { defineCommand, type Flags, type FlagValues } from '../command.ts';
import { SIGNER_FLAGS } from '../flags/signers.ts';
import {
  signedImageAccessOf,
  FORMAT_FLAGS,
  formatsOf,
  parsePairs,
  readSigner,
  SIGNED_IMAGE_FLAGS,
  SIGN_COMPATIBILITY_FLAGS,
  SIGNING_FLAGS,
  STORE_FLAGS,
  describeStored,
} from '../flags/trust.ts';

const { key: VERIFY_KEY, 'trusted-root': TRUSTED_ROOT } = SIGNER_FLAGS;

/** What must be proven before anything is signed, and by whom. */
const REQUIRE_FLAGS = {
  'require-attestation': {
    kind: 'list',
    value: 'TYPE',
    description: 'sign only images of which such an attestation verifies: a short name or a URI; may be repeated',
  },
  'verify-key': { ...VERIFY_KEY, description: 'public key of who must have attested it' },
  'certificate-identity': SIGNER_FLAGS['certificate-identity'],
  'certificate-identity-regexp': SIGNER_FLAGS['certificate-identity-regexp'],
  'certificate-oidc-issuer': SIGNER_FLAGS['certificate-oidc-issuer'],
  'certificate-oidc-issuer-regexp': SIGNER_FLAGS['certificate-oidc-issuer-regexp'],
  'trusted-root': TRUSTED_ROOT,
} as const satisfies Flags;

function requirementsOf(flags: FlagValues<typeof REQUIRE_FLAGS>): { readonly requires?: RequiredAttestations } {
  const predicateTypes = flags['require-attestation'].map(resolvePredicateType);
  if (predicateTypes.length === 0) {
    const isSaid = flags['verify-key'].length + flags['certificate-identity'].length > 0;
    if (!isSaid) return {};
    throw new AppError('usage', 'expected --require-attestation beside who must have attested it, found none');
  }
  const issuer = flags['certificate-oidc-issuer'];
  const issuerPattern = flags['certificate-oidc-issuer-regexp'];
  const subjects = flags['certificate-identity'];
  const subjectPatterns = flags['certificate-identity-regexp'];
  const isIdentity =
    subjects.length + subjectPatterns.length > 0 || issuer !== undefined || issuerPattern !== undefined;
  const signers = {
    keys: flags['verify-key'],
    ...(isIdentity ? { identity: { subjects, subjectPatterns, issuer, issuerPattern } } : {}),
    trust: { trustedRoot: flags['trusted-root'] },
  };
  return { requires: { predicateTypes, signers } };
}

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
    ...SIGNING_FLAGS,
    annotations: { kind: 'list', short: 'a', value: 'KEY=VALUE', description: 'claim to sign along; may be repeated' },
    ...FORMAT_FLAGS,
    ...STORE_FLAGS,
    'output-signature': {
      kind: 'string',
      value: 'FILE',
      description: 'write the base64 signature of older cosign here',
    },
    'output-payload': { kind: 'string', value: 'FILE', description: 'write what that signature is over here' },
    'output-certificate': { kind: 'string', value: 'FILE', description: 'write the certificate of its signer here' },
    ...REQUIRE_FLAGS,
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
    {
      command:
        'plimsoll sign --key release.key --require-attestation slsaprovenance1 --verify-key builder.pub localhost:5000/app:v1',
      explains: 'signs only what the builder attested the provenance of',
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
        isStored: flags.upload,
        files: {
          bundle: flags.bundle,
          signature: flags['output-signature'],
          payload: flags['output-payload'],
          certificate: flags['output-certificate'],
        },
        ...requirementsOf(flags),
        ...(await signedImageAccessOf(flags, context)),
      },
      context.signal,
    );
    context.output.result({ signed }, signed.map(describeSigned).join('\n'));
    return 0;
  },
});

function describeSigned(image: SignedImage): string {
  return [`signed ${image.reference}`, describeSigner(image), ...describeStored(image)].join('\n  ');
}
