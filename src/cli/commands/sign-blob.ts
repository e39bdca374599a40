import { signFile } from '../../app/sign.ts';
import { createChecksums } from '../../app/checksums.ts';
import { AppError } from '../../core/index.ts';
import { defineCommand } from '../command.ts';
import { fileOrInput, readSigner, SIGN_COMPATIBILITY_FLAGS, SIGNING_FLAGS } from '../flags/trust.ts';

export const signBlobCommand = defineCommand({
  name: 'sign-blob',
  group: 'trust',
  summary: 'sign a file',
  description:
    'Writes a Sigstore bundle, a bare signature, or both; prints the signature when no file is named for it. With --checksums ' +
    'the files are listed with their SHA-256 in one file, and that is signed: `plimsoll verify-blob --checksums` verifies them by it.',
  args: [
    { name: 'FILE', description: 'file to sign, or - for standard input; several with --checksums', repeated: true },
  ],
  flags: {
    ...SIGNING_FLAGS,
    bundle: { kind: 'string', value: 'FILE', description: 'write a Sigstore bundle here' },
    checksums: { kind: 'string', value: 'FILE', description: 'write the checksums of all files here, and sign that' },
    'output-signature': {
      kind: 'string',
      aliases: ['output'],
      value: 'FILE',
      description: 'write the base64 signature here',
    },
    'output-certificate': { kind: 'string', value: 'FILE', description: 'write the certificate of the signer here' },
    'rfc3161-timestamp': { kind: 'string', value: 'FILE', description: 'write the timestamp of the signature here' },
    b64: { kind: 'boolean', default: true, description: 'write the signature as it is, not in base64' },
    'new-bundle-format': { kind: 'boolean', hidden: true, description: 'the only form there is of a bundle' },
    ...SIGN_COMPATIBILITY_FLAGS,
  },
  examples: [
    {
      command: 'plimsoll sign-blob --key cosign.key --bundle app.tar.sigstore.json app.tar',
      explains: 'writes a bundle beside the file',
    },
    {
      command:
        'plimsoll sign-blob --key cosign.key --checksums SHA256SUMS --bundle SHA256SUMS.sigstore.json app.tar app.zip',
      explains: 'one signature for all files of a release',
    },
    { command: 'plimsoll sign-blob --key cosign.key app.tar > app.tar.sig', explains: 'prints a bare signature' },
  ],
  async run({ args, flags }, context) {
    const { bundle, checksums, 'output-signature': outputSignature } = flags;
    const [file = '-', ...others] = args;
    if (others.length > 0 && checksums === undefined)
      throw new AppError('usage', `expected one file to sign, or --checksums FILE, found ${args.length} files`);
    if (checksums !== undefined)
      await context.ports.files.writeAtomic(checksums, await createChecksums(context.ports, args));
    const signed = await signFile(
      context.ports,
      {
        file: checksums ?? (await fileOrInput(context, file)),
        ...readSigner(flags, context),
        bundle,
        outputSignature,
        outputCertificate: flags['output-certificate'],
        outputTimestamp: flags['rfc3161-timestamp'],
        isBase64: flags.b64,
      },
      context.signal,
    );
    const written = [...(checksums === undefined ? [] : [checksums]), ...signed.written];
    const isPrinted = bundle === undefined && outputSignature === undefined;
    const text = isPrinted ? signed.signature : `signed ${signed.digest}, written to ${written.join(', ')}`;
    context.output.result({ ...signed, written }, text);
    return 0;
  },
});
