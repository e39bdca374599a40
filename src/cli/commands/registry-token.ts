import { createRegistryToken } from '../../app/keep-registry.ts';
import { defineCommand } from '../command.ts';

export const registryToken = defineCommand({
  name: 'registry token',
  group: 'server',
  summary: 'make a static token for the rules of a served registry',
  description:
    'Prints the token, which is kept nowhere, and the line for the rules (registry serve --rules), which holds only its digest. Clients ' +
    'send it as a bearer token, or as the password of any user name.',
  args: [{ name: 'NAME', description: 'what the token is called in the rules and in the audit log' }],
  flags: {},
  examples: [{ command: 'plimsoll registry token ci', explains: 'for a build server' }],
  async run({ args }, context) {
    const [name = ''] = args;
    const { token, sha256 } = createRegistryToken(context.ports);
    // quoted: YAML would read some digests as numbers
    const line = `- { name: ${JSON.stringify(name)}, sha256: "${sha256}" }`;
    context.output.result({ name, token, sha256 }, `${token}\n\ntokens:\n  ${line}`);
    return 0;
  },
});
