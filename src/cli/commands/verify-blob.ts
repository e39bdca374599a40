import { verifyFile } from '../../app/verify-file.ts';
import { AppError, EXIT_NEGATIVE } from '../../core/index.ts';
import { compareChecksums, MAX_CHECKSUMS_BYTES, parseChecksums } from '../../app/checksums.ts';
import { defineCommand, type Context } from '../command.ts';
import { explainVerification } from '../explain-proof.ts';
import { BLOB_PROOF_FLAGS, SIGNER_FLAGS, signersOf } from '../flags/signers.ts';
import { fileOrInput, noteReasons } from '../flags/trust.ts';

export const verifyBlobCommand = defineCommand({
  name: 'verify-blob',
  group: 'trust',
  summary: 'verify the signature of a file',
  description:
    'Requires a signature by a given key or certificate identity, offline: certificates, log entries and timestamps are proven by ' +
    'what the bundle holds and by the trusted root. With --checksums the signature is over that file, and each FILE must be as it says.',
  args: [
    {
      name: 'FILE',
      description: 'signed file, - for standard input, or sha256:HEX in place of the file; several with --checksums',
      repeated: true,
    },
  ],
  flags: {
    ...SIGNER_FLAGS,
    ...BLOB_PROOF_FLAGS,
    checksums: {
      kind: 'string',
      value: 'FILE',
      description: 'signed file of checksums, as sign-blob and sha256sum write them',
    },
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
    {
      command:
        'plimsoll verify-blob --trusted-root trusted_root.json --certificate-identity jane@example.com --certificate-oidc-issuer https://accounts.google.com --bundle app.tar.sigstore.json app.tar',
      explains: 'requires a signature by a person',
    },
  ],
  async run({ args, flags }, context) {
    const { checksums } = flags;
    const [first = '-', ...others] = args;
    if (others.length > 0 && checksums === undefined)
      throw new AppError('usage', `expected one file to verify, or --checksums FILE, found ${args.length} files`);
    const file = checksums ?? first;
    const { bundle, signature, 'rfc3161-timestamp': timestamp } = flags;
    const input = { signers: signersOf(flags), bundle, signature, timestamp };
    // read once: what is verified is what is compared with
    const signedContent =
      checksums === undefined
        ? await fileOrInput(context, first)
        : await context.ports.files.read(checksums, MAX_CHECKSUMS_BYTES);
    const verification = await verifyFile(context.ports, { ...input, file: signedContent }, context.signal);
    const isVerified = verification.verified.length > 0;
    if (!isVerified) {
      context.output.note(`not verified: ${file}`);
      noteReasons(context, verification.rejected);
    }
    if (isVerified && signedContent instanceof Uint8Array && checksums !== undefined)
      return await compareFiles(context, { checksums, content: signedContent, files: args });
    const text = flags.explain ? explainVerification(file, verification, context.output) : 'Verified OK';
    context.output.result(verification, isVerified || flags.explain ? text : '');
    return isVerified ? 0 : EXIT_NEGATIVE;
  },
});

/** All of them must be listed and as they were. */
async function compareFiles(
  context: Context,
  signed: { readonly checksums: string; readonly content: Uint8Array; readonly files: readonly string[] },
): Promise<number> {
  const listed = parseChecksums(new TextDecoder().decode(signed.content), signed.checksums);
  const checks = await compareChecksums(context.ports, listed, signed.files);
  const wrong = checks.filter(({ outcome }) => outcome !== 'matches');
  for (const { file, outcome } of wrong) {
    const reason = outcome === 'unlisted' ? 'is not listed' : 'is not as listed';
    context.output.note(`not verified: ${file} ${reason} in ${signed.checksums}`);
  }
  context.output.result({ checksums: signed.checksums, files: checks }, wrong.length === 0 ? 'Verified OK' : '');
  return wrong.length === 0 ? 0 : EXIT_NEGATIVE;
}
