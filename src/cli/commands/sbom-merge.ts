import { joinSboms } from '../../app/sbom.ts';
import { defineCommand } from '../command.ts';
import { readSbomTargets, SBOM_OUTPUT_FLAG, writeSbomTargets } from '../flags/sbom.ts';
import { IMAGE_FLAGS, imageAccessOf } from '../flags/trust.ts';

export const sbomMerge = defineCommand({
  name: 'sbom merge',
  group: 'metadata',
  summary: 'make one SBOM of several',
  description:
    'What each of them was about becomes a component, which needs what it needed. One package in several of them is one component; ' +
    'two things under one id are told apart.',
  args: [{ name: 'SOURCE', description: 'SBOM file, or what `sbom` takes', repeated: true }],
  flags: {
    name: { kind: 'string', value: 'NAME', default: 'merged', description: 'of what they are together' },
    ...SBOM_OUTPUT_FLAG,
    ...IMAGE_FLAGS,
  },
  examples: [
    {
      command: 'plimsoll sbom merge --name shop -o spdx-json=shop.spdx.json web.cdx.json api.spdx.json',
      explains: 'one bill for all services of a product',
    },
  ],
  async run({ args: sources, flags }, context) {
    const targets = readSbomTargets(flags.output, 'table');
    const merged = await joinSboms(context.ports, sources, {
      name: flags.name,
      signal: context.signal,
      ...(await imageAccessOf(flags, context)),
    });
    await writeSbomTargets(merged, targets, context);
    return 0;
  },
});
