import { generateKeyPair } from '../../app/keys.ts';
import { defineCommand } from '../command.ts';
import { askNewPassword } from '../flags/trust.ts';

export const generateKeyPairCommand = defineCommand({
  name: 'generate-key-pair',
  group: 'trust',
  summary: 'make a key pair for signing',
  description:
    'Writes PREFIX.key, an ECDSA P-256 private key sealed under a password in the format of cosign, and PREFIX.pub. ' +
    'The password is read from COSIGN_PASSWORD, or asked; it may be empty.',
  args: [],
  flags: {
    'output-key-prefix': { kind: 'string', default: 'cosign', value: 'PREFIX', description: 'name of the two files' },
    force: { kind: 'boolean', description: 'overwrite files that exist' },
  },
  examples: [
    { command: 'plimsoll generate-key-pair', explains: 'writes cosign.key and cosign.pub' },
    {
      command: 'COSIGN_PASSWORD=secret plimsoll generate-key-pair --output-key-prefix release',
      explains: 'writes release.key and release.pub without asking',
    },
  ],
  async run({ flags }, context) {
    const files = await generateKeyPair(context.ports, {
      prefix: flags['output-key-prefix'],
      force: flags.force,
      askPassword: askNewPassword(context),
    });
    const text = `private key written to ${files.privateKey}\npublic key written to ${files.publicKey}`;
    context.output.result(files, text);
    return 0;
  },
});
