import { describeSigner } from '../../app/open-signer.ts';
import { attest } from '../../app/attest.ts';
import { createImageSbom } from '../../app/sbom.ts';
import { AppError } from '../../core/index.ts';
import { defineCommand } from '../command.ts';
import { PLATFORM_FLAG } from '../flags/platform.ts';
import {
  signedImageAccessOf,
  fileOrInput,
  FORMAT_FLAGS,
  formatsOf,
  readSigner,
  SIGNED_IMAGE_FLAGS,
  PREDICATE_TYPE_FLAG,
  SIGN_COMPATIBILITY_FLAGS,
  SIGNING_FLAGS,
  STORE_FLAGS,
  describeStored,
} from '../flags/trust.ts';

export const attestCommand = defineCommand({
  name: 'attest',
  group: 'attestations',
  summary: 'sign a statement about an image: its SBOM, its provenance, a scan',
  args: [{ name: 'IMAGE', description: 'image reference, best by digest' }],
  flags: {
    ...SIGNING_FLAGS,
    predicate: { kind: 'string', value: 'FILE', description: 'the claim; - for standard input' },
    statement: { kind: 'string', value: 'FILE', description: 'the whole in-toto statement, signed byte for byte' },
    sbom: {
      kind: 'choice',
      choices: ['cyclonedx', 'spdxjson'],
      value: 'TYPE',
      description: 'make the SBOM of the image and attest it, in the place of a predicate',
    },
    platform: { ...PLATFORM_FLAG, description: 'with --sbom: which image of an index; linux/amd64 when absent' },
    ...PREDICATE_TYPE_FLAG,
    ...FORMAT_FLAGS,
    ...STORE_FLAGS,
    ...SIGNED_IMAGE_FLAGS,
    ...SIGN_COMPATIBILITY_FLAGS,
  },
  examples: [
    {
      command: 'plimsoll attest --key cosign.key --type cyclonedx --predicate app.cdx.json localhost:5000/app:v1',
      explains: 'attests the SBOM of an image',
    },
    {
      command: 'plimsoll attest --key cosign.key --sbom spdxjson localhost:5000/app:v1',
      explains: 'makes the SBOM, too',
    },
    {
      command: 'plimsoll attest --key cosign.key --type slsaprovenance1 --predicate build.json localhost:5000/app:v1',
      explains: 'attests how an image was built',
    },
  ],
  async run({ args: [reference = ''], flags }, context) {
    const given = [flags.predicate, flags.statement, flags.sbom].filter((flag) => flag !== undefined);
    if (given.length !== 1) throw new AppError('usage', 'expected one of --predicate, --statement and --sbom');
    const image = await signedImageAccessOf(flags, context);
    const { sbom, platform } = flags;
    const made =
      sbom === undefined
        ? undefined
        : await createImageSbom(context.ports, reference, { form: sbom, platform, ...image, signal: context.signal });
    const content = made?.document ?? (await fileOrInput(context, flags.predicate ?? flags.statement ?? ''));
    const attested = await attest(
      context.ports,
      {
        reference: made?.reference ?? reference,
        ...(flags.statement === undefined ? { type: sbom ?? flags.type, predicate: content } : { statement: content }),
        ...readSigner(flags, context),
        formats: formatsOf(flags.format),
        isStored: flags.upload,
        files: { bundle: flags.bundle },
        ...image,
      },
      context.signal,
    );
    const { predicateType, reference: about } = attested;
    const lines = [
      `attested ${predicateType}`,
      `about ${about}`,
      describeSigner(attested),
      ...describeStored(attested),
    ];
    context.output.result(attested, lines.join('\n  '));
    return 0;
  },
});
