import { attachAttestationFiles, attachSbomFile, attachSignatureFiles } from '../../app/attach-evidence.ts';
import type { AttachedEvidence } from '../../app/attach-evidence.ts';
import { defineCommand, type Context } from '../command.ts';
import { fileOrInput, imageAccessOf, IMAGE_FLAGS } from '../flags/trust.ts';

const IMAGE = { name: 'IMAGE', description: 'image reference, best by digest' };

export const attachSignatureCommand = defineCommand({
  name: 'attach signature',
  group: 'trust',
  summary: 'store a signature that was made elsewhere beside an image',
  description:
    'Under the tag of older cosign, with the certificate, the log entry and the timestamp that belong to it. Nothing of it is ' +
    'verified here: plimsoll verify does that.',
  args: [IMAGE],
  flags: {
    signature: { kind: 'string', value: 'FILE', description: 'base64 signature; - for standard input' },
    payload: { kind: 'string', value: 'FILE', description: 'what was signed; what cosign signs when absent' },
    certificate: { kind: 'string', aliases: ['cert'], value: 'FILE', description: 'PEM certificate of the signer' },
    'certificate-chain': {
      kind: 'string',
      aliases: ['cert-chain'],
      value: 'FILE',
      description: 'PEM chain from its issuer to the root',
    },
    'rekor-response': {
      kind: 'string',
      value: 'FILE',
      description: 'answer of a transparency log (Rekor version 1), or the bundle that cosign made of it',
    },
    tsr: { kind: 'string', value: 'FILE', description: 'RFC 3161 timestamp response (DER)' },
    ...IMAGE_FLAGS,
  },
  examples: [
    {
      command: 'plimsoll attach signature --payload payload.json --signature payload.sig localhost:5000/app:v1',
      explains: 'a payload that a signing service signed',
    },
  ],
  async run({ args: [reference = ''], flags }, context) {
    const attached = await attachSignatureFiles(
      context.ports,
      {
        reference,
        payload: flags.payload,
        signature: flags.signature === undefined ? undefined : await fileOrInput(context, flags.signature),
        certificate: flags.certificate,
        chain: flags['certificate-chain'],
        logEntry: flags['rekor-response'],
        timestamp: flags.tsr,
        ...(await imageAccessOf(flags, context)),
      },
      context.signal,
    );
    return report(context, attached);
  },
});

export const attachAttestationCommand = defineCommand({
  name: 'attach attestation',
  group: 'attestations',
  summary: 'store attestations that were made elsewhere beside an image',
  description:
    'DSSE envelopes go under the tag of older cosign, Sigstore bundles become OCI referrers. A file holds one, or one a line (JSON ' +
    'Lines). Nothing of it is verified here: plimsoll verify-attestation does that.',
  args: [IMAGE],
  flags: {
    attestation: { kind: 'list', value: 'FILE', description: 'signed statement; may be repeated' },
    ...IMAGE_FLAGS,
  },
  examples: [
    {
      command: 'plimsoll attach attestation --attestation provenance.intoto.jsonl localhost:5000/app:v1',
      explains: 'provenance that a builder wrote beside the image',
    },
  ],
  async run({ args: [reference = ''], flags }, context) {
    const input = { reference, files: flags.attestation, ...(await imageAccessOf(flags, context)) };
    return report(context, await attachAttestationFiles(context.ports, input, context.signal));
  },
});

function report(context: Context, attached: AttachedEvidence): number {
  const forms = attached.stored.map(({ format, manifest }) => `  as ${format} ${manifest}`);
  context.output.result(attached, [`attached to ${attached.reference}`, ...forms].join('\n'));
  return 0;
}

const SBOM_TYPES = ['spdx', 'cyclonedx', 'syft'] as const;
const SBOM_SYNTAXES = ['json', 'xml', 'text'] as const;

export const attachSbomCommand = defineCommand({
  name: 'attach sbom',
  group: 'metadata',
  summary: 'store an SBOM beside an image',
  description:
    'As an OCI referrer, which `cosign download sbom` finds too, or under the tag of older cosign, in place of the one that is there. ' +
    'Nobody signs it so: `plimsoll attest --type spdxjson` stores it with who vouches for it.',
  args: [IMAGE],
  flags: {
    sbom: { kind: 'string', required: true, value: 'FILE', description: 'the SBOM; - for standard input' },
    type: { kind: 'choice', choices: SBOM_TYPES, default: 'spdx', description: 'what it is' },
    'input-format': { kind: 'choice', choices: SBOM_SYNTAXES, description: 'by what it looks like when absent' },
    format: {
      kind: 'choice',
      choices: ['referrer', 'legacy'],
      default: 'referrer',
      description: 'OCI referrer, or the tag of older cosign',
    },
    ...IMAGE_FLAGS,
  },
  examples: [
    {
      command: 'plimsoll attach sbom --sbom app.cdx.json --type cyclonedx localhost:5000/app:v1',
      explains: 'beside the image, for whoever asks for it',
    },
  ],
  async run({ args: [reference = ''], flags }, context) {
    const input = {
      reference,
      sbom: await fileOrInput(context, flags.sbom),
      type: SBOM_TYPES.find((one) => one === flags.type) ?? 'spdx',
      syntax: SBOM_SYNTAXES.find((one) => one === flags['input-format']),
      format: flags.format === 'legacy' ? ('legacy' as const) : ('referrer' as const),
      ...(await imageAccessOf(flags, context)),
    };
    const attached = await attachSbomFile(context.ports, input, context.signal);
    context.output.result(attached, `attached ${attached.mediaType} to ${attached.reference}`);
    return 0;
  },
});
