import { attestFile } from '../../app/attest-file.ts';
import { AppError } from '../../core/index.ts';
import { defineCommand } from '../command.ts';
import {
  fileOrInput,
  PREDICATE_TYPE_FLAG,
  readSigner,
  SIGN_COMPATIBILITY_FLAGS,
  SIGNING_FLAGS,
} from '../flags/trust.ts';

export const attestBlobCommand = defineCommand({
  name: 'attest-blob',
  group: 'attestations',
  summary: 'sign a statement about a file: its SBOM, its provenance, a scan',
  description:
    'Writes a Sigstore bundle, a bare DSSE envelope, or both; prints the envelope when no file is named for it.',
  args: [{ name: 'FILE', description: 'file that the statement is about, or - for standard input', optional: true }],
  flags: {
    ...SIGNING_FLAGS,
    predicate: { kind: 'string', value: 'FILE', description: 'the claim; - for standard input' },
    ...PREDICATE_TYPE_FLAG,
    statement: { kind: 'string', value: 'FILE', description: 'the whole in-toto statement, signed byte for byte' },
    hash: { kind: 'string', value: 'HEX', description: 'SHA-256 of the file, in its place' },
    bundle: { kind: 'string', value: 'FILE', description: 'write a Sigstore bundle here' },
    'output-signature': { kind: 'string', value: 'FILE', description: 'write the DSSE envelope here' },
    'output-attestation': { kind: 'string', value: 'FILE', description: 'write the statement here, unsigned' },
    'output-certificate': { kind: 'string', value: 'FILE', description: 'write the certificate of the signer here' },
    'rfc3161-timestamp-bundle': { kind: 'string', value: 'FILE', description: 'write its timestamp here' },
    'new-bundle-format': { kind: 'boolean', hidden: true, description: 'the only form there is of a bundle' },
    ...SIGN_COMPATIBILITY_FLAGS,
  },
  examples: [
    {
      command:
        'plimsoll attest-blob --key cosign.key --type cyclonedx --predicate app.cdx.json --bundle app.sigstore.json app.tar',
      explains: 'attests the SBOM of a file',
    },
    {
      command: 'plimsoll attest-blob --key cosign.key --statement provenance.json --bundle app.sigstore.json app.tar',
      explains: 'signs a statement that a builder wrote, if it is about the file',
    },
  ],
  async run({ args: [file], flags }, context) {
    if ((flags.predicate === undefined) === (flags.statement === undefined))
      throw new AppError('usage', 'expected either --predicate or --statement');
    const content = await fileOrInput(context, flags.predicate ?? flags.statement ?? '');
    const attested = await attestFile(
      context.ports,
      {
        // beside a digest the file is only a name
        file: file === undefined || flags.hash !== undefined ? file : await fileOrInput(context, file),
        hash: flags.hash,
        claim:
          flags.statement === undefined
            ? { kind: 'predicate', type: flags.type, content }
            : { kind: 'statement', content },
        ...readSigner(flags, context),
        bundle: flags.bundle,
        outputEnvelope: flags['output-signature'],
        outputStatement: flags['output-attestation'],
        outputCertificate: flags['output-certificate'],
        outputTimestamp: flags['rfc3161-timestamp-bundle'],
      },
      context.signal,
    );
    const { written } = attested;
    const text =
      written.length === 0 ? attested.envelope : `attested ${attested.predicateType}, written to ${written.join(', ')}`;
    context.output.result(attested, text);
    return 0;
  },
});
