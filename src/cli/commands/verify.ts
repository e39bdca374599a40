import { verifyImage } from '../../app/verify.ts';
import type { VerifyImageInput } from '../../app/verify.ts';
import { defineCommand } from '../command.ts';
import type { Context } from '../command.ts';
import {
  imageAccessOf,
  noteReasons,
  parsePairs,
  IMAGE_FLAGS,
  VERIFY_COMPATIBILITY_FLAGS,
  VERIFYING_KEY_FLAG,
} from '../flags/trust.ts';

type Result = Awaited<ReturnType<typeof verifyImage>>;

/** cosign's codes; 11, a missing tag, comes from the use case. */
const EXIT_ABSENT = 10;
const EXIT_UNMATCHED = 12;

export const verify = defineCommand({
  name: 'verify',
  group: 'trust',
  summary: 'verify signatures of images in a registry',
  description:
    'Looks for signatures in both of the forms of cosign, as OCI referrers and under tags, and requires one by a given key. ' +
    'An attestation is not a signature. Exit codes: 0 verified, 10 no signature, 11 no such tag, 12 none matches.',
  args: [{ name: 'IMAGE', description: 'image reference, best by digest', repeated: true }],
  flags: {
    ...VERIFYING_KEY_FLAG,
    annotations: { kind: 'list', short: 'a', value: 'KEY=VALUE', description: 'claim that must be signed along' },
    output: {
      kind: 'choice',
      short: 'o',
      choices: ['json', 'text'],
      default: 'json',
      description: 'signed payloads as one list (json) or one a line (text), as cosign prints them',
    },
    ...IMAGE_FLAGS,
    ...VERIFY_COMPATIBILITY_FLAGS,
  },
  examples: [
    { command: 'plimsoll verify --key cosign.pub localhost:5000/app:v1', explains: 'requires a signature by the key' },
    {
      command: 'plimsoll verify --key cosign.pub -a team=blue localhost:5000/app:v1',
      explains: 'also requires the signed claim',
    },
  ],
  async run({ args, flags }, context) {
    const annotations = parsePairs('annotations', flags.annotations);
    let worst = 0;
    const results: Result[] = [];
    for (const reference of args) {
      const input: VerifyImageInput = {
        reference,
        keys: flags.key,
        annotations,
        ...(await imageAccessOf(flags, context)),
      };
      const result = await verifyImage(context.ports, input, context.signal);
      results.push(result);
      worst = Math.max(worst, noteResult(result, context));
    }
    const payloads = results.flatMap(payloadsOf);
    const text =
      flags.output === 'json' ? JSON.stringify(payloads) : payloads.map((entry) => JSON.stringify(entry)).join('\n');
    context.output.result(results.length === 1 ? results[0] : results, payloads.length === 0 ? '' : text);
    return worst;
  },
});

function noteResult(result: Result, context: Context): number {
  const { verified, rejected } = result.verification;
  const named = `${result.reference} (${result.digest})`;
  if (result.outcome === 'verified') {
    const signers = new Set(verified.map(({ signer }) => (signer.kind === 'key' ? signer.keyId : signer.subject)));
    context.output.note(`verified ${named}: signed by ${[...signers].join(', ')}`);
    return 0;
  }
  const isAbsent = result.outcome === 'absent';
  context.output.note(isAbsent ? `no signatures found for ${named}` : `no matching signatures for ${named}`);
  noteReasons(context, rejected);
  return isAbsent ? EXIT_ABSENT : EXIT_UNMATCHED;
}

/** The documents that cosign prints: of tags the signed payload, of bundles one made to look like it. */
function payloadsOf(result: Result): readonly unknown[] {
  return result.verification.verified.map((signature) => {
    const isPayload = signature.claimedReference !== undefined;
    return {
      critical: {
        identity: { 'docker-reference': signature.claimedReference ?? result.reference },
        image: { 'docker-manifest-digest': result.digest },
        type: isPayload ? 'cosign container image signature' : 'https://sigstore.dev/cosign/sign/v1',
      },
      optional: isPayload && Object.keys(signature.annotations).length === 0 ? null : signature.annotations,
    };
  });
}
