import { createBundle } from '../../app/create-bundle.ts';
import { parseShallowJson } from '../../core/index.ts';
import { defineCommand } from '../command.ts';

export const bundleCreate = defineCommand({
  name: 'bundle create',
  group: 'trust',
  summary: 'make a Sigstore bundle of a signature, its certificate, log entry and timestamp',
  description:
    'The signature must be by the certificate or key given, over the file given; whether it is to be believed, `plimsoll verify-blob` ' +
    'tells. A log entry without a proof of inclusion, as older cosign kept it, makes a bundle of version 0.1; all else one of 0.3.',
  args: [],
  flags: {
    artifact: { kind: 'string', value: 'FILE', description: 'the file that was signed' },
    signature: { kind: 'string', value: 'FILE', description: 'its signature in base64' },
    attestation: { kind: 'string', value: 'FILE', description: 'DSSE envelope, instead of a signature' },
    bundle: {
      kind: 'string',
      value: 'FILE',
      description: 'JSON that older cosign wrote beside the file, instead of both',
    },
    certificate: { kind: 'string', value: 'FILE', description: 'PEM certificate of the signer' },
    key: { kind: 'string', value: 'KEY', description: 'public key of the signer, where there is no certificate' },
    'rekor-response': { kind: 'string', value: 'FILE', description: 'answer of a transparency log (Rekor version 1)' },
    'rfc3161-timestamp': {
      kind: 'string',
      value: 'FILE',
      description: 'timestamp response, DER or as cosign writes it',
    },
    out: { kind: 'string', value: 'FILE', description: 'write the bundle here instead of printing it' },
    'ignore-tlog': { kind: 'boolean', hidden: true, description: 'no log is asked: give --rekor-response' },
  },
  examples: [
    {
      command: 'plimsoll bundle create --artifact app.tar --signature app.sig --key cosign.pub --out app.sigstore.json',
      explains: 'of a detached signature',
    },
    {
      command: 'plimsoll bundle create --artifact app.tar --bundle cosign.bundle --out app.sigstore.json',
      explains: 'of what older cosign wrote',
    },
  ],
  async run({ flags }, context) {
    const bundle = await createBundle(context.ports, {
      artifact: flags.artifact,
      signature: flags.signature,
      envelope: flags.attestation,
      oldBundle: flags.bundle,
      certificate: flags.certificate,
      key: flags.key,
      logEntry: flags['rekor-response'],
      timestamp: flags['rfc3161-timestamp'],
      out: flags.out,
    });
    const value: unknown = parseShallowJson(bundle);
    context.output.result(value, flags.out === undefined ? bundle : `bundle written to ${flags.out}`);
    return 0;
  },
});
