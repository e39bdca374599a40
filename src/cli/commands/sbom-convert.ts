import { defineCommand } from '../command.ts';
import { readSbomTargets, rewriteSbom, SBOM_OUTPUT_FLAG } from '../flags/sbom.ts';

export const sbomConvert = defineCommand({
  name: 'sbom convert',
  group: 'metadata',
  summary: 'write an SBOM in another format',
  description:
    'Reads SPDX 2.2, 2.3 and 3.0, CycloneDX and the JSON of Syft, also as the predicate of a statement or in an envelope ' +
    '(whose signature is not checked here). Components, their facts and dependencies are kept; what is not is said on standard error.',
  args: [{ name: 'FILE', description: 'SBOM' }],
  flags: { ...SBOM_OUTPUT_FLAG },
  examples: [
    {
      command: 'plimsoll sbom convert -o cyclonedx-json=app.cdx.json app.spdx.json',
      explains: 'makes CycloneDX of SPDX',
    },
  ],
  async run({ args: [file = ''], flags }, context) {
    await rewriteSbom(file, { targets: readSbomTargets(flags.output, 'table') }, context);
    return 0;
  },
});
