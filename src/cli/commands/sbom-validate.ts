import { createSbomValidator } from '../../app/validate-sbom.ts';
import type { SbomFault } from '../../app/validate-sbom.ts';
import { EXIT_NEGATIVE } from '../../core/index.ts';
import { defineCommand } from '../command.ts';

export const sbomValidate = defineCommand({
  name: 'sbom validate',
  group: 'metadata',
  summary: 'say whether SBOMs are valid by the official schemas',
  description:
    'SPDX 2.2, 2.3 and 3.0 and CycloneDX 1.4 to 1.7, in every spelling; then what the specifications demand in words: unique ids, ' +
    'references that lead somewhere. Exit code 1 when one is not valid.',
  args: [{ name: 'FILE', description: 'SBOM', repeated: true }],
  flags: {},
  examples: [
    { command: 'plimsoll sbom validate *.cdx.json', explains: 'in a pipeline, before documents are published' },
  ],
  async run({ args: files }, context) {
    const { paint } = context.output;
    const validate = createSbomValidator(context.ports);
    const results = [];
    for (const file of files) results.push({ file, ...(await validate(file)) });
    const line = ({ where, message, rule }: SbomFault) => `  ${where}: ${message} ${paint('dim', `(${rule})`)}`;
    const lines = results.flatMap(({ file, format, faults }) => [
      `${faults.length === 0 ? paint('good', 'valid') : paint('bad', 'not valid')} ${file}: ${format}`,
      ...faults.map(line),
    ]);
    context.output.result(results, lines.join('\n'));
    return results.every(({ faults }) => faults.length === 0) ? 0 : EXIT_NEGATIVE;
  },
});
