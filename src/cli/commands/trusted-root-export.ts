import { exportTrust } from '../../app/trust-material.ts';
import { defineCommand } from '../command.ts';
import { describeMaterial, materialValue } from '../flags/material.ts';

export const trustedRootExport = defineCommand({
  name: 'trusted-root export',
  group: 'trust',
  summary: 'write all trust material to one file, for a place without network',
  description: 'The file holds the trusted root, the signing configuration and the TUF metadata that proves them.',
  args: [{ name: 'FILE', description: 'file to write' }],
  flags: {},
  examples: [
    { command: 'plimsoll trusted-root export trust.json', explains: 'carry it over, then trusted-root import' },
  ],
  async run({ args: [file = ''] }, context) {
    const material = await exportTrust(context.ports, file, context.signal);
    context.output.result({ file, ...materialValue(material) }, `${describeMaterial(material)}\nwritten to ${file}`);
    return 0;
  },
});
