import { resolvePredicateType } from '../../app/attest.ts';
import { formatAttestation, verifyImageAttestations } from '../../app/verify.ts';
import type { AttestationResult, FailedVerification } from '../../app/verify.ts';
import { EXIT_NEGATIVE } from '../../core/index.ts';
import { defineCommand } from '../command.ts';
import type { Context } from '../command.ts';
import { explainVerification, signerText } from '../explain-proof.ts';
import { PLATFORM_FLAG, platformOf } from '../flags/platform.ts';
import { SIGNER_FLAGS, signersOf } from '../flags/signers.ts';
import { imageAccessOf, noteReasons, IMAGE_FLAGS, PREDICATE_TYPE_FLAG, WHICH_IMAGES_FLAGS } from '../flags/trust.ts';

export const verifyAttestation = defineCommand({
  name: 'verify-attestation',
  group: 'attestations',
  summary: 'verify signed statements about images and print them',
  description:
    'Looks for attestations in both of the forms of cosign and requires one of the type by a given key or certificate identity. ' +
    'Prints each as a DSSE envelope, whose payload holds the statement in base64.',
  args: [{ name: 'IMAGE', description: 'image reference, best by digest; or a local form (oci:PATH)', repeated: true }],
  flags: {
    ...SIGNER_FLAGS,
    ...PREDICATE_TYPE_FLAG,
    policy: {
      kind: 'list',
      value: 'FILE',
      description:
        'CUE (.cue) that each statement must fit, or Rego (.rego) whose data.signature.allow must be true of it',
    },
    platform: { ...PLATFORM_FLAG, description: 'this image of an index, instead of the index' },
    ...WHICH_IMAGES_FLAGS,
    output: {
      kind: 'choice',
      short: 'o',
      choices: ['json', 'text', 'statement'],
      default: 'json',
      description: 'envelopes, one a line (json, text), or the signed statements themselves',
    },
    ...IMAGE_FLAGS,
  },
  examples: [
    {
      command: 'plimsoll verify-attestation --key cosign.pub --type cyclonedx localhost:5000/app:v1',
      explains: 'requires an attested SBOM and prints it',
    },
    {
      command:
        'plimsoll verify-attestation --trusted-root trusted_root.json --certificate-identity-regexp https://github.com/acme/.* --certificate-oidc-issuer https://token.actions.githubusercontent.com --type slsaprovenance1 localhost:5000/app:v1',
      explains: 'requires provenance by some workflow of an organisation',
    },
  ],
  async run({ args, flags }, context) {
    const predicateType = resolvePredicateType(flags.type);
    const input = {
      references: args,
      signers: signersOf(flags),
      predicateType,
      policies: flags.policy,
      platform: platformOf(flags.platform),
      isRecursive: flags.recursive,
      isLocal: flags['local-image'],
      unsafeAnyArtifact: !flags['check-claims'],
      jobs: flags['max-workers'],
      ...(await imageAccessOf(flags, context)),
    };
    const results = await verifyImageAttestations(context.ports, input, context.signal);
    const codes = results.map((result) => noteResult(result, { predicateType, isExplained: flags.explain }, context));
    const text = flags.explain ? explained(results, context) : printed(results, flags.output);
    context.output.result(results.length === 1 ? results[0] : results, text);
    return Math.max(0, ...codes);
  },
});

type Result = AttestationResult | FailedVerification;

function noteResult(
  result: Result,
  { predicateType, isExplained }: { readonly predicateType: string; readonly isExplained: boolean },
  context: Context,
): number {
  if (result.outcome === 'failed') {
    context.output.note(`could not verify ${result.reference}: ${result.error.message}`);
    return result.error.exitCode;
  }
  const { verified, rejected } = result.verification;
  if (result.outcome === 'verified') {
    const signers = new Set(verified.map(({ signer }) => signerText(signer)));
    context.output.note(`verified ${result.reference} (${result.digest}): attested by ${[...signers].join('; ')}`);
    return 0;
  }
  const named = `${result.reference} (${result.digest})`;
  context.output.note(`no matching attestations of type ${predicateType} for ${named}`);
  if (!isExplained) noteReasons(context, rejected);
  return EXIT_NEGATIVE;
}

function explained(results: readonly Result[], { output }: Context): string {
  return results
    .map((result) =>
      result.outcome === 'failed'
        ? `${result.reference}\n└── ${result.error.message}`
        : explainVerification(result.reference, result.verification, output),
    )
    .join('\n');
}

function printed(results: readonly Result[], form: string): string {
  const verified = results.flatMap((result) => (result.outcome === 'failed' ? [] : result.verification.verified));
  const lines = verified.map((entry) =>
    form === 'statement' ? new TextDecoder().decode(entry.payload) : formatAttestation(entry),
  );
  return [...new Set(lines)].join('\n');
}
