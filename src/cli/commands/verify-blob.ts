import { verifyFile } from '../../app/verify.ts';
import { EXIT_NEGATIVE } from '../../core/index.ts';
import { defineCommand } from '../command.ts';
import { fileOrInput, noteReasons, VERIFY_COMPATIBILITY_FLAGS, VERIFYING_KEY_FLAG } from '../flags/trust.ts';

export const verifyBlobCommand = defineCommand({
  name: 'verify-blob',
  group: 'trust',
  summary: 'verify the signature of a file',
  args: [{ name: 'FILE', description: 'signed file, - for standard input, or sha256:HEX in place of the file' }],
  flags: {
    ...VERIFYING_KEY_FLAG,
    bundle: { kind: 'string', value: 'FILE', description: 'Sigstore bundle, or the JSON of older cosign' },
    signature: { kind: 'string', value: 'FILE', description: 'base64 signature: a file, or the text itself' },
    ...VERIFY_COMPATIBILITY_FLAGS,
  },
  examples: [
    {
      command: 'plimsoll verify-blob --key cosign.pub --bundle app.tar.sigstore.json app.tar',
      explains: 'verifies a file by its bundle',
    },
    {
      command:
        'plimsoll verify-blob --key cosign.pub --bundle app.tar.sigstore.json sha256:5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03',
      explains: 'verifies by the digest alone',
    },
  ],
  async run({ args: [file = '-'], flags }, context) {
    const { key: keys, bundle, signature } = flags;
    const verification = await verifyFile(context.ports, {
      file: await fileOrInput(context, file),
      keys,
      ...(bundle === undefined ? {} : { bundle }),
      ...(signature === undefined ? {} : { signature }),
    });
    const isVerified = verification.verified.length > 0;
    if (!isVerified) {
      context.output.note(`not verified: ${file}`);
      noteReasons(context, verification.rejected);
    }
    context.output.result(verification, isVerified ? 'Verified OK' : '');
    return isVerified ? 0 : EXIT_NEGATIVE;
  },
});
