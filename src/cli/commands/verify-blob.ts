import { verifyFile } from '../../app/verify-file.ts';
import { EXIT_NEGATIVE } from '../../core/index.ts';
import { defineCommand } from '../command.ts';
import { explainVerification } from '../explain-proof.ts';
import { BLOB_PROOF_FLAGS, SIGNER_FLAGS, signersOf } from '../flags/signers.ts';
import { fileOrInput, noteReasons } from '../flags/trust.ts';

export const verifyBlobCommand = defineCommand({
  name: 'verify-blob',
  group: 'trust',
  summary: 'verify the signature of a file',
  description:
    'Requires a signature by a given key or certificate identity, offline: certificates, log entries and timestamps are proven by ' +
    'what the bundle holds and by the trusted root.',
  args: [{ name: 'FILE', description: 'signed file, - for standard input, or sha256:HEX in place of the file' }],
  flags: { ...SIGNER_FLAGS, ...BLOB_PROOF_FLAGS },
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
    {
      command:
        'plimsoll verify-blob --trusted-root trusted_root.json --certificate-identity jane@example.com --certificate-oidc-issuer https://accounts.google.com --bundle app.tar.sigstore.json app.tar',
      explains: 'requires a signature by a person',
    },
  ],
  async run({ args: [file = '-'], flags }, context) {
    const { bundle, signature, 'rfc3161-timestamp': timestamp } = flags;
    const input = { signers: signersOf(flags), bundle, signature, timestamp };
    const verification = await verifyFile(
      context.ports,
      { ...input, file: await fileOrInput(context, file) },
      context.signal,
    );
    const isVerified = verification.verified.length > 0;
    if (!isVerified) {
      context.output.note(`not verified: ${file}`);
      noteReasons(context, verification.rejected);
    }
    const text = flags.explain ? explainVerification(file, verification, context.output) : 'Verified OK';
    context.output.result(verification, isVerified || flags.explain ? text : '');
    return isVerified ? 0 : EXIT_NEGATIVE;
  },
});
