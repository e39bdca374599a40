import { makePolicy, POLICY_TEMPLATES } from '../../app/policy-templates.ts';
import { defineCommand } from '../command.ts';

const MAX_KEY_BYTES = 64 * 1024;
const TEMPLATES = Object.entries(POLICY_TEMPLATES).map(([name, { summary }]) => `${name}: ${summary}`);

export const policyInit = defineCommand({
  name: 'policy init',
  group: 'policies',
  summary: 'write a policy to begin with',
  description: `Prints a ClusterImagePolicy. Templates: ${TEMPLATES.join('; ')}.`,
  args: [{ name: 'TEMPLATE', description: `one of ${Object.keys(POLICY_TEMPLATES).join(', ')}` }],
  flags: {
    glob: { kind: 'string', value: 'GLOB', default: '**', description: 'images that it speaks of' },
    name: { kind: 'string', value: 'NAME', description: 'name of the policy; that of the template when absent' },
    'github-repository': {
      kind: 'string',
      value: 'OWNER/NAME',
      description: 'signed by any workflow of this repository',
    },
    'certificate-identity': { kind: 'string', value: 'SUBJECT', description: 'signed by exactly this identity' },
    'certificate-oidc-issuer': { kind: 'string', value: 'URL', description: 'who vouches for that identity' },
    key: { kind: 'string', value: 'FILE', description: 'signed by this public key, in PEM' },
    level: { kind: 'string', value: 'N', description: 'SLSA build level, 0 to 3; 2 when absent' },
    license: { kind: 'list', value: 'SPDX-ID', description: 'licence that is allowed' },
  },
  examples: [
    {
      command: "plimsoll policy init a-map --github-repository acme/app --glob 'ghcr.io/acme/**'",
      explains: 'provenance, SBOM and scan, all by the workflows of one repository',
    },
  ],
  async run({ args: [template = ''], flags }, context) {
    const key =
      flags.key === undefined
        ? undefined
        : new TextDecoder().decode(await context.ports.files.read(flags.key, MAX_KEY_BYTES));
    const policy = makePolicy(template, {
      glob: flags.glob,
      name: flags.name,
      repository: flags['github-repository'],
      subject: flags['certificate-identity'],
      issuer: flags['certificate-oidc-issuer'],
      key,
      level: flags.level,
      licenses: flags.license,
    });
    context.output.result({ policy }, policy.trimEnd());
    return 0;
  },
});
