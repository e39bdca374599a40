import { describeSigner } from '../../app/open-signer.ts';
import { attest } from '../../app/attest.ts';
import { AppError } from '../../core/index.ts';
import { defineCommand } from '../command.ts';
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
      command: 'plimsoll attest --key cosign.key --type slsaprovenance1 --predicate build.json localhost:5000/app:v1',
      explains: 'attests how an image was built',
    },
  ],
  async run({ args: [reference = ''], flags }, context) {
    if ((flags.predicate === undefined) === (flags.statement === undefined))
      throw new AppError('usage', 'expected either --predicate or --statement');
    const content = await fileOrInput(context, flags.predicate ?? flags.statement ?? '');
    const attested = await attest(
      context.ports,
      {
        reference,
        ...(flags.statement === undefined ? { type: flags.type, predicate: content } : { statement: content }),
        ...readSigner(flags, context),
        formats: formatsOf(flags.format),
        isStored: flags.upload,
        files: { bundle: flags.bundle },
        ...(await signedImageAccessOf(flags, context)),
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
