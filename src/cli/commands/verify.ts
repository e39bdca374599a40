import { verifyImages } from '../../app/verify.ts';
import type { FailedVerification, SignatureResult } from '../../app/verify.ts';
import { defineCommand } from '../command.ts';
import type { Context, Flags, FlagValues } from '../command.ts';
import { explainVerification, signerText } from '../explain-proof.ts';
import { PLATFORM_FLAG, platformOf } from '../flags/platform.ts';
import { SIGNER_FLAGS, signersOf } from '../flags/signers.ts';
import { imageAccessOf, noteReasons, parsePairs, IMAGE_FLAGS, WHICH_IMAGES_FLAGS } from '../flags/trust.ts';

/** cosign's codes; 11, a missing tag, comes from the use case. */
const EXIT_ABSENT = 10;
const EXIT_UNMATCHED = 12;
const EXIT_NO_CERTIFICATE = 13;

/** Of every command that verifies images, however it finds them. */
export const VERIFY_FLAGS = {
  ...SIGNER_FLAGS,
  annotations: { kind: 'list', short: 'a', value: 'KEY=VALUE', description: 'claim that must be signed along' },
  platform: { ...PLATFORM_FLAG, description: 'this image of an index, instead of the index' },
  ...WHICH_IMAGES_FLAGS,
  output: {
    kind: 'choice',
    short: 'o',
    choices: ['json', 'text'],
    default: 'json',
    description: 'signed payloads as one list (json) or one a line (text), as cosign prints them',
  },
  ...IMAGE_FLAGS,
} as const satisfies Flags;

export const verify = defineCommand({
  name: 'verify',
  group: 'trust',
  summary: 'verify signatures of images',
  description:
    'Looks for signatures in both of the forms of cosign, as OCI referrers and under tags, and requires one by a given key or ' +
    'certificate identity. An attestation is not a signature. Nothing but the registry is asked: certificates, log entries and ' +
    'timestamps are proven by what is stored beside the signature and by the trusted root.\n\n' +
    'Exit codes: 0 verified, 10 no signature, 11 no such tag, 12 none matches, 13 an identity was wanted and no signature has a certificate.',
  args: [{ name: 'IMAGE', description: 'image reference, best by digest; or a local form (oci:PATH)', repeated: true }],
  flags: VERIFY_FLAGS,
  examples: [
    { command: 'plimsoll verify --key cosign.pub localhost:5000/app:v1', explains: 'requires a signature by the key' },
    {
      command:
        'plimsoll verify --trusted-root trusted_root.json --certificate-identity https://github.com/acme/app/.github/workflows/build.yml@refs/heads/main --certificate-oidc-issuer https://token.actions.githubusercontent.com localhost:5000/app:v1',
      explains: 'requires a signature by a GitHub workflow',
    },
    {
      command: 'plimsoll verify --key cosign.pub --explain localhost:5000/app:v1',
      explains: 'shows what was found, and step by step why it counts or not',
    },
  ],
  run: async ({ args, flags }, context) => await runVerification(args, flags, context),
});

/** The exit code of the worst of them. */
export async function runVerification(
  references: readonly string[],
  flags: FlagValues<typeof VERIFY_FLAGS>,
  context: Context,
): Promise<number> {
  const results = await verifyImages(
    context.ports,
    {
      references,
      signers: signersOf(flags),
      annotations: parsePairs('annotations', flags.annotations),
      platform: platformOf(flags.platform),
      isRecursive: flags.recursive,
      isLocal: flags['local-image'],
      unsafeAnyArtifact: !flags['check-claims'],
      jobs: flags['max-workers'],
      ...(await imageAccessOf(flags, context)),
    },
    context.signal,
  );
  const codes = results.map((result) => noteResult(result, flags.explain, context));
  const text = flags.explain ? explained(results, context) : printed(results, flags.output);
  context.output.result(results.length === 1 ? results[0] : results, text);
  return Math.max(0, ...codes);
}

type Result = SignatureResult | FailedVerification;

function noteResult(result: Result, isExplained: boolean, context: Context): number {
  if (result.outcome === 'failed') {
    context.output.note(`could not verify ${result.reference}: ${result.error.message}`);
    return result.error.exitCode;
  }
  const { verified, rejected } = result.verification;
  const named = result.reference.includes(result.digest) ? result.reference : `${result.reference} (${result.digest})`;
  if (result.outcome === 'verified') {
    context.output.note(
      `verified ${named}: signed by ${[...new Set(verified.map(({ signer }) => signerText(signer)))].join('; ')}`,
    );
    return 0;
  }
  const isAbsent = result.outcome === 'absent';
  context.output.note(isAbsent ? `no signatures found for ${named}` : `no matching signatures for ${named}`);
  if (!isExplained) noteReasons(context, rejected);
  if (isAbsent) return EXIT_ABSENT;
  return rejected.every(({ code }) => code === 'key-only') ? EXIT_NO_CERTIFICATE : EXIT_UNMATCHED;
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
  const payloads = results.flatMap((result) => (result.outcome === 'failed' ? [] : payloadsOf(result)));
  if (payloads.length === 0) return '';
  return form === 'json' ? JSON.stringify(payloads) : payloads.map((entry) => JSON.stringify(entry)).join('\n');
}

/** The documents that cosign prints: of tags the signed payload, of bundles one made to look like it. */
function payloadsOf(result: SignatureResult): readonly unknown[] {
  return result.verification.verified.map((signature) => {
    const isPayload = signature.claimedReference !== undefined;
    const optional = { ...signature.annotations, ...identityFacts(signature) };
    return {
      critical: {
        identity: { 'docker-reference': signature.claimedReference ?? result.reference },
        image: { 'docker-manifest-digest': result.digest },
        type: isPayload ? 'cosign container image signature' : 'https://sigstore.dev/cosign/sign/v1',
      },
      optional: isPayload && Object.keys(optional).length === 0 ? null : optional,
    };
  });
}

/** cosign's names for what Fulcio's claims say. */
const CLAIM_NAMES: Readonly<Record<string, string>> = {
  2: 'githubWorkflowTrigger',
  3: 'githubWorkflowSha',
  4: 'githubWorkflowName',
  5: 'githubWorkflowRepository',
  6: 'githubWorkflowRef',
};

function identityFacts({ signer, proof }: SignatureResult['verification']['verified'][number]): object {
  if (signer.kind === 'key') return {};
  const claims = Object.entries(proof?.claims ?? {}).flatMap(([number, text]) => {
    const name = CLAIM_NAMES[number];
    return name === undefined ? [] : [[name, text] as const];
  });
  return { Issuer: signer.issuer, Subject: signer.subject, ...Object.fromEntries(claims) };
}
