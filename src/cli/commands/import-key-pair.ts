import { importKeyPair } from '../../app/keys.ts';
import { defineCommand } from '../command.ts';
import { askNewPassword } from '../flags/trust.ts';

export const importKeyPairCommand = defineCommand({
  name: 'import-key-pair',
  group: 'trust',
  summary: 'seal an existing private key under a password',
  description:
    'Reads a private key in PEM without a password (PKCS#8, SEC 1 or PKCS#1; ECDSA P-256, P-384, P-521, Ed25519, RSA from 2048 ' +
    'bits) and writes PREFIX.key and PREFIX.pub in the format of cosign.',
  args: [],
  flags: {
    key: { kind: 'string', short: 'k', required: true, value: 'KEY', description: 'private key: a file or env://NAME' },
    'output-key-prefix': {
      kind: 'string',
      short: 'o',
      default: 'import-cosign',
      value: 'PREFIX',
      description: 'name of the two files',
    },
    force: { kind: 'boolean', description: 'overwrite files that exist' },
    yes: { kind: 'boolean', short: 'y', hidden: true, description: 'nothing is asked' },
  },
  examples: [{ command: 'plimsoll import-key-pair --key openssl.pem', explains: 'writes import-cosign.key and .pub' }],
  async run({ flags }, context) {
    const files = await importKeyPair(context.ports, {
      key: flags.key,
      prefix: flags['output-key-prefix'],
      force: flags.force,
      askPassword: askNewPassword(context),
    });
    const text = `private key written to ${files.privateKey}\npublic key written to ${files.publicKey}`;
    context.output.result(files, text);
    return 0;
  },
});
