import { signFile } from '../../app/sign.ts';
import { defineCommand } from '../command.ts';
import { fileOrInput, readSigner, SIGN_COMPATIBILITY_FLAGS, SIGNER_FLAGS } from '../flags/trust.ts';

export const signBlobCommand = defineCommand({
  name: 'sign-blob',
  group: 'trust',
  summary: 'sign a file',
  description:
    'Writes a Sigstore bundle, a bare signature, or both; prints the signature when no file is named for it.',
  args: [{ name: 'FILE', description: 'file to sign, or - for standard input' }],
  flags: {
    ...SIGNER_FLAGS,
    bundle: { kind: 'string', value: 'FILE', description: 'write a Sigstore bundle here' },
    'output-signature': { kind: 'string', value: 'FILE', description: 'write the base64 signature here' },
    ...SIGN_COMPATIBILITY_FLAGS,
  },
  examples: [
    {
      command: 'plimsoll sign-blob --key cosign.key --bundle app.tar.sigstore.json app.tar',
      explains: 'writes a bundle beside the file',
    },
    { command: 'plimsoll sign-blob --key cosign.key app.tar > app.tar.sig', explains: 'prints a bare signature' },
  ],
  async run({ args: [file = '-'], flags }, context) {
    const { bundle, 'output-signature': outputSignature } = flags;
    const signed = await signFile(
      context.ports,
      {
        file: await fileOrInput(context, file),
        ...readSigner(flags, context),
        ...(bundle === undefined ? {} : { bundle }),
        ...(outputSignature === undefined ? {} : { outputSignature }),
      },
      context.signal,
    );
    const written = [bundle, outputSignature].filter((path) => path !== undefined);
    const text = written.length === 0 ? signed.signature : `signed ${signed.digest}, written to ${written.join(', ')}`;
    context.output.result({ ...signed, written }, text);
    return 0;
  },
});
