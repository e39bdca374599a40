import { issueToken } from '../../app/serve-authority.ts';
import { defineCommand } from '../command.ts';
import { askPassword } from '../flags/trust.ts';

export const authorityToken = defineCommand({
  name: 'authority token',
  group: 'server',
  summary: "print a token of a private Sigstore's own OpenID provider",
  description: "For an authority that is served with --try-out; it wants the password of the authority's keys.",
  args: [{ name: 'EMAIL', description: 'whom the token is for' }],
  flags: {
    dir: {
      kind: 'string',
      value: 'DIR',
      description: 'folder of the authority; authority in the data folder when absent',
    },
  },
  examples: [
    {
      command: 'plimsoll authority token --dir ./authority ada@example.com > token',
      explains: 'a token for --identity-token',
    },
  ],
  async run({ args: [email = ''], flags }, context) {
    const token = await issueToken(context.ports, { folder: flags.dir, email, password: askPassword(context) });
    context.output.result({ token }, token);
    return 0;
  },
});
