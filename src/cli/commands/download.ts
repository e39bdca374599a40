import { downloadDocuments, downloadSbom } from '../../app/download.ts';
import { defineCommand, type Context } from '../command.ts';
import { PLATFORM_FLAG, platformOf } from '../flags/platform.ts';
import { imageAccessOf, noteReasons, IMAGE_FLAGS } from '../flags/trust.ts';

const IMAGE = { name: 'IMAGE', description: 'image reference; or a local form (oci:PATH)' };
const NOT_VERIFIED = 'Nothing of it is verified.';
const DOWNLOAD_FLAGS = {
  platform: { ...PLATFORM_FLAG, description: 'of an index, what belongs to the image for this platform' },
  ...IMAGE_FLAGS,
} as const;

export const downloadSignature = defineCommand({
  name: 'download signature',
  group: 'trust',
  summary: 'print the signatures of an image, one JSON a line',
  description: `From cosign's tag in its own form, from referrers the Sigstore bundle. ${NOT_VERIFIED}`,
  args: [IMAGE],
  flags: DOWNLOAD_FLAGS,
  examples: [{ command: 'plimsoll download signature localhost:5000/app:v1', explains: 'one JSON a line' }],
  async run({ args: [reference = ''], flags }, context) {
    const input = { reference, platform: platformOf(flags.platform), ...(await imageAccessOf(flags, context)) };
    return await printDocuments(context, { ...input, kind: 'signature' });
  },
});

export const downloadAttestation = defineCommand({
  name: 'download attestation',
  group: 'attestations',
  summary: 'print the attestations of an image, one JSON a line',
  description: `From cosign's tag the DSSE envelope, from referrers the Sigstore bundle around it. ${NOT_VERIFIED}`,
  args: [IMAGE],
  flags: {
    'predicate-type': { kind: 'string', value: 'TYPE', description: 'only of this type: a short name or a URI' },
    ...DOWNLOAD_FLAGS,
  },
  examples: [
    {
      command: 'plimsoll download attestation --predicate-type spdxjson localhost:5000/app:v1 | jq',
      explains: 'attested SBOMs',
    },
  ],
  async run({ args: [reference = ''], flags }, context) {
    const input = { reference, platform: platformOf(flags.platform), ...(await imageAccessOf(flags, context)) };
    return await printDocuments(context, { ...input, kind: 'attestation', predicateType: flags['predicate-type'] });
  },
});

async function printDocuments(context: Context, input: Parameters<typeof downloadDocuments>[1]): Promise<number> {
  const { documents, unreadable } = await downloadDocuments(context.ports, input, context.signal);
  noteReasons(context, unreadable);
  context.output.result(documents, documents.map((one) => JSON.stringify(one)).join('\n'));
  return unreadable.length > 0 ? 1 : 0;
}

export const downloadSbomCommand = defineCommand({
  name: 'download sbom',
  group: 'metadata',
  summary: 'print the SBOM that is attached to an image',
  description: `Byte for byte, from cosign's tag or a referrer. ${NOT_VERIFIED}`,
  args: [IMAGE],
  flags: DOWNLOAD_FLAGS,
  examples: [{ command: 'plimsoll download sbom localhost:5000/app:v1 > sbom.json', explains: 'into a file' }],
  async run({ args: [reference = ''], flags }, context) {
    const input = { reference, platform: platformOf(flags.platform), ...(await imageAccessOf(flags, context)) };
    const { mediaType, content } = await downloadSbom(context.ports, input, context.signal);
    context.output.note(`found SBOM of media type ${mediaType}`);
    context.output.raw(content);
    return 0;
  },
});
