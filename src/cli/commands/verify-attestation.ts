import { resolvePredicateType } from '../../app/attest.ts';
import { formatAttestation, verifyImageAttestations } from '../../app/verify.ts';
import { EXIT_NEGATIVE } from '../../core/index.ts';
import { defineCommand } from '../command.ts';
import {
  imageAccessOf,
  noteReasons,
  IMAGE_FLAGS,
  VERIFY_COMPATIBILITY_FLAGS,
  VERIFYING_KEY_FLAG,
} from '../flags/trust.ts';

export const verifyAttestation = defineCommand({
  name: 'verify-attestation',
  group: 'attestations',
  summary: 'verify signed statements about an image and print them',
  description:
    'Looks for attestations in both of the forms of cosign and requires one of the type by a given key. ' +
    'Prints each as a DSSE envelope, whose payload holds the statement in base64.',
  args: [{ name: 'IMAGE', description: 'image reference, best by digest' }],
  flags: {
    ...VERIFYING_KEY_FLAG,
    type: {
      kind: 'string',
      default: 'custom',
      description: 'spdxjson, cyclonedx, vuln, openvex, slsaprovenance, slsaprovenance1, link, custom, or a URI',
    },
    output: {
      kind: 'choice',
      short: 'o',
      choices: ['json', 'statement'],
      default: 'json',
      description: 'envelopes, one a line (json), or the signed statements themselves',
    },
    ...IMAGE_FLAGS,
    ...VERIFY_COMPATIBILITY_FLAGS,
  },
  examples: [
    {
      command: 'plimsoll verify-attestation --key cosign.pub --type cyclonedx localhost:5000/app:v1',
      explains: 'requires an attested SBOM and prints it',
    },
  ],
  async run({ args: [reference = ''], flags }, context) {
    const predicateType = resolvePredicateType(flags.type);
    const input = { reference, keys: flags.key, predicateType, ...(await imageAccessOf(flags, context)) };
    const result = await verifyImageAttestations(context.ports, input, context.signal);
    const { verified, rejected } = result.verification;
    const isVerified = result.outcome === 'verified';
    if (!isVerified) {
      context.output.note(`no matching attestations of type ${predicateType} for ${reference} (${result.digest})`);
      noteReasons(context, rejected);
    }
    const lines = verified.map((entry) =>
      flags.output === 'json' ? formatAttestation(entry) : new TextDecoder().decode(entry.payload),
    );
    context.output.result(result, [...new Set(lines)].join('\n'));
    return isVerified ? 0 : EXIT_NEGATIVE;
  },
});
