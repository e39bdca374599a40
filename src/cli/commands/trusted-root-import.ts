import { importTrust } from '../../app/trust-material.ts';
import { defineCommand } from '../command.ts';
import { describeMaterial, materialValue } from '../flags/material.ts';

export const trustedRootImport = defineCommand({
  name: 'trusted-root import',
  group: 'trust',
  summary: 'take trust material from a file that trusted-root export wrote',
  description:
    'Everything in it is proven from the root that is trusted here already, else from --root, else from its own: then compare the ' +
    'checksum, or give --root-checksum. Nothing goes back behind what was seen before.',
  args: [{ name: 'FILE', description: 'file to read' }],
  flags: {
    root: { kind: 'string', value: 'FILE', description: 'root metadata to trust' },
    'root-checksum': { kind: 'string', value: 'HEX', description: 'SHA-256 of the root metadata, or sha512:HEX' },
  },
  examples: [
    {
      command: 'plimsoll trusted-root import trust.json --root root.json',
      explains: 'in the place without network; verify and sign then know whom to believe',
    },
  ],
  async run({ args: [file = ''], flags }, context) {
    const input = { root: flags.root, rootChecksum: flags['root-checksum'] };
    const material = await importTrust(context.ports, file, input);
    context.output.result(materialValue(material), describeMaterial(material));
    return 0;
  },
});
