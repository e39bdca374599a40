import { makeSigningConfig } from '../../app/trust-documents.ts';
import { defineCommand } from '../command.ts';
import { writeDocument } from '../flags/trust-documents.ts';

const SERVICE = 'url, api-version, start-time, operator; optional end-time';

export const signingConfigCreate = defineCommand({
  name: 'signing-config create',
  group: 'trust',
  summary: 'make a Sigstore signing configuration: where to sign',
  description: 'Each service is a list KEY=VALUE,KEY=VALUE; a flag may be repeated.',
  args: [],
  flags: {
    fulcio: { kind: 'list', value: 'KEY=VALUE,...', description: `certificate authority: ${SERVICE}` },
    'oidc-provider': { kind: 'list', value: 'KEY=VALUE,...', description: `OpenID provider: ${SERVICE}` },
    rekor: { kind: 'list', value: 'KEY=VALUE,...', description: `transparency log: ${SERVICE}` },
    'rekor-config': { kind: 'string', value: 'CHOICE', description: 'how many logs to use: ANY, ALL or EXACT:N' },
    tsa: { kind: 'list', value: 'KEY=VALUE,...', description: `timestamp authority: ${SERVICE}` },
    'tsa-config': {
      kind: 'string',
      value: 'CHOICE',
      description: 'how many timestamp authorities to use: ANY, ALL or EXACT:N',
    },
    'with-default-services': {
      kind: 'boolean',
      description: 'begin with what was initialized; a kind that is given replaces it',
    },
    'no-default-fulcio': { kind: 'boolean', description: 'without its certificate authorities' },
    'no-default-oidc': { kind: 'boolean', description: 'without its OpenID providers' },
    'no-default-rekor': { kind: 'boolean', description: 'without its transparency logs' },
    'no-default-tsa': { kind: 'boolean', description: 'without its timestamp authorities' },
    out: { kind: 'string', value: 'FILE', description: 'file to write; standard output when absent' },
  },
  examples: [
    {
      command:
        'plimsoll signing-config create --fulcio url=https://fulcio.example.com,api-version=1,start-time=2026-01-01T00:00:00Z,operator=example.com --rekor url=https://rekor.example.com,api-version=2,start-time=2026-01-01T00:00:00Z,operator=example.com --rekor-config ANY --out signing_config.v0.2.json',
      explains: 'for a Sigstore of your own',
    },
  ],
  async run({ flags }, context) {
    const { fulcio, 'oidc-provider': oidc, rekor, tsa, 'rekor-config': rekorConfig, 'tsa-config': tsaConfig } = flags;
    const without = (['fulcio', 'oidc', 'rekor', 'tsa'] as const).filter((kind) => flags[`no-default-${kind}`]);
    const usesDefaults = flags['with-default-services'];
    const input = { fulcio, oidc, rekor, rekorConfig, tsa, tsaConfig, without, usesDefaults };
    return await writeDocument(await makeSigningConfig(context.ports, input, context.signal), flags.out, context);
  },
});
