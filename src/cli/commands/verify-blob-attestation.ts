import { resolvePredicateType } from '../../app/attest.ts';
import { digestFrom, verifyFileAttestation } from '../../app/verify-file.ts';
import { AppError, EXIT_NEGATIVE } from '../../core/index.ts';
import { defineCommand } from '../command.ts';
import { explainVerification } from '../explain-proof.ts';
import { BLOB_PROOF_FLAGS, SIGNER_FLAGS, signersOf } from '../flags/signers.ts';
import { fileOrInput, noteReasons, PREDICATE_TYPE_FLAG } from '../flags/trust.ts';

export const verifyBlobAttestation = defineCommand({
  name: 'verify-blob-attestation',
  group: 'attestations',
  summary: 'verify a signed statement about a file',
  description:
    'Requires a statement of the type about the file, signed by a given key or certificate identity; offline.',
  args: [
    {
      name: 'FILE',
      description: 'file that the statement is about, - for standard input, or sha256:HEX in place of the file',
      optional: true,
    },
  ],
  flags: {
    ...SIGNER_FLAGS,
    ...BLOB_PROOF_FLAGS,
    ...PREDICATE_TYPE_FLAG,
    digest: { kind: 'string', value: 'HEX', description: 'digest of the file, in its place' },
    digestAlg: { kind: 'string', default: 'sha256', value: 'NAME', description: 'algorithm of --digest' },
    'check-claims': {
      kind: 'boolean',
      default: true,
      description: 'do not look at which file the signer spoke of: says who signed, not what',
    },
  },
  examples: [
    {
      command:
        'plimsoll verify-blob-attestation --key cosign.pub --type cyclonedx --bundle app.cdx.sigstore.json app.tar',
      explains: 'requires an attested SBOM of a file',
    },
    {
      command:
        'plimsoll verify-blob-attestation --trusted-root trusted_root.json --certificate-identity-regexp https://github.com/acme/.* --certificate-oidc-issuer https://token.actions.githubusercontent.com --type slsaprovenance1 --bundle app.sigstore.json app.tar',
      explains: 'requires provenance by some workflow of an organisation',
    },
  ],
  async run({ args: [given], flags }, context) {
    const { bundle, signature, digest, 'rfc3161-timestamp': timestamp } = flags;
    if (given !== undefined && digest !== undefined)
      throw new AppError('usage', 'expected a file or --digest, found both');
    const named = digest === undefined ? given : digestFrom(digest, flags.digestAlg);
    const verification = await verifyFileAttestation(
      context.ports,
      {
        signers: signersOf(flags),
        bundle,
        signature,
        timestamp,
        file: named === undefined ? undefined : await fileOrInput(context, named),
        predicateType: resolvePredicateType(flags.type),
        unsafeAnyArtifact: !flags['check-claims'],
      },
      context.signal,
    );
    const isVerified = verification.verified.length > 0;
    const name = named ?? 'any file';
    if (!isVerified) {
      context.output.note(`not verified: ${name}`);
      noteReasons(context, verification.rejected);
    }
    const text = flags.explain ? explainVerification(name, verification, context.output) : 'Verified OK';
    context.output.result(verification, isVerified || flags.explain ? text : '');
    return isVerified ? 0 : EXIT_NEGATIVE;
  },
});
