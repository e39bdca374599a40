import { readPublicKey } from '../../app/keys.ts';
import { defineCommand } from '../command.ts';
import { askPassword } from '../flags/trust.ts';

export const publicKeyCommand = defineCommand({
  name: 'public-key',
  group: 'trust',
  summary: 'print the public half of a private key',
  args: [],
  flags: {
    key: { kind: 'string', required: true, value: 'KEY', description: 'private key, as sign takes it' },
    outfile: { kind: 'string', value: 'FILE', description: 'write it to this file instead' },
  },
  examples: [
    { command: 'plimsoll public-key --key cosign.key', explains: 'prints the public key in PEM' },
    { command: 'plimsoll public-key --key cosign.key --outfile cosign.pub', explains: 'writes it to a file' },
  ],
  async run({ flags }, context) {
    const key = await readPublicKey(context.ports, { key: flags.key, askPassword: askPassword(context) });
    if (flags.outfile === undefined) {
      context.output.result(key, key.pem);
      return 0;
    }
    await context.ports.files.writeAtomic(flags.outfile, key.pem);
    context.output.result({ ...key, file: flags.outfile }, `public key written to ${flags.outfile}`);
    return 0;
  },
});
