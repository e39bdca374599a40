import { makeTrustedRoot } from '../../app/trust-documents.ts';
import { defineCommand } from '../command.ts';
import { writeDocument } from '../flags/trust-documents.ts';

const KEYS = 'url, public-key, start-time; optional end-time, origin';
const CHAINS = 'url, certificate-chain; optional start-time, end-time';

export const trustedRootCreate = defineCommand({
  name: 'trusted-root create',
  group: 'trust',
  summary: 'make a Sigstore trusted root from keys and certificates',
  description:
    'Each service is a list KEY=VALUE,KEY=VALUE; a flag may be repeated. Keys and certificates are files in PEM.',
  args: [],
  flags: {
    fulcio: { kind: 'list', value: 'KEY=VALUE,...', description: `certificate authority: ${CHAINS}` },
    rekor: { kind: 'list', value: 'KEY=VALUE,...', description: `transparency log: ${KEYS}` },
    ctfe: { kind: 'list', value: 'KEY=VALUE,...', description: `certificate-transparency log: ${KEYS}` },
    tsa: { kind: 'list', value: 'KEY=VALUE,...', description: `timestamp authority: ${CHAINS}` },
    'with-default-services': {
      kind: 'boolean',
      description: 'begin with what was initialized; a kind that is given replaces it',
    },
    'no-default-fulcio': { kind: 'boolean', description: 'without its certificate authorities' },
    'no-default-rekor': { kind: 'boolean', description: 'without its transparency logs' },
    'no-default-ctfe': { kind: 'boolean', description: 'without its certificate-transparency logs' },
    'no-default-tsa': { kind: 'boolean', description: 'without its timestamp authorities' },
    out: { kind: 'string', value: 'FILE', description: 'file to write; standard output when absent' },
  },
  examples: [
    {
      command:
        'plimsoll trusted-root create --fulcio url=https://fulcio.example.com,certificate-chain=fulcio.pem --rekor url=https://rekor.example.com,public-key=rekor.pub,start-time=2026-01-01T00:00:00Z --ctfe url=https://ctfe.example.com,public-key=ctfe.pub,start-time=2026-01-01T00:00:00Z --out trusted_root.json',
      explains: 'for a Sigstore of your own',
    },
  ],
  async run({ flags }, context) {
    const { fulcio, rekor, ctfe, tsa } = flags;
    const without = (['fulcio', 'rekor', 'ctfe', 'tsa'] as const).filter((kind) => flags[`no-default-${kind}`]);
    const input = { fulcio, rekor, ctfe, tsa, without, usesDefaults: flags['with-default-services'] };
    return await writeDocument(await makeTrustedRoot(context.ports, input, context.signal), flags.out, context);
  },
});
