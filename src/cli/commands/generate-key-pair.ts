import { generateKeyPair, generateKeySecret } from '../../app/keys.ts';
import { defineCommand } from '../command.ts';
import { askNewPassword } from '../flags/trust.ts';

export const generateKeyPairCommand = defineCommand({
  name: 'generate-key-pair',
  group: 'trust',
  summary: 'make a key pair for signing',
  description:
    'Writes PREFIX.key, an ECDSA P-256 private key sealed under a password in the format of cosign, and PREFIX.pub. ' +
    'The password is read from COSIGN_PASSWORD, or asked; it may be empty. With k8s://NAMESPACE/NAME the pair ' +
    'and the password go into that Secret, through kubectl, and the public half into PREFIX.pub too.',
  args: [{ name: 'SECRET', description: 'k8s://NAMESPACE/NAME, instead of files', optional: true }],
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
    { command: 'plimsoll generate-key-pair k8s://signing/release', explains: 'keeps it in a Secret of a cluster' },
  ],
  async run({ args: [name], flags }, context) {
    const input = {
      prefix: flags['output-key-prefix'],
      force: flags.force,
      askPassword: askNewPassword(context),
    };
    const files =
      name === undefined
        ? await generateKeyPair(context.ports, input)
        : await generateKeySecret(context.ports, { ...input, name }, context.signal);
    const text = `private key written to ${files.privateKey}\npublic key written to ${files.publicKey}`;
    context.output.result(files, text);
    return 0;
  },
});
