import { createSbom } from '../../app/sbom.ts';
import { defineCommand } from '../command.ts';
import { readSbomTargets, SBOM_OUTPUT_FLAG, writeSbomTargets } from '../flags/sbom.ts';
import { IMAGE_FLAGS, imageAccessOf } from '../flags/trust.ts';

export const sbom = defineCommand({
  name: 'sbom',
  group: 'metadata',
  summary: 'list what an image, a folder or an archive is made of',
  description:
    'Finds packages of Debian, Alpine, npm and Go with the layer that brought each, and writes SPDX 2.2, 2.3 or 3.0 or CycloneDX 1.4 to 1.7. ' +
    'The same source gives the same document; the time in it is SOURCE_DATE_EPOCH where that is set. ' +
    'In images only what is installed counts; in folders lock files count too. Files that could not be read are said in the document.',
  args: [
    {
      name: 'SOURCE',
      description:
        'image reference, folder, archive; registry:, oci-dir:, oci-archive:, docker-archive:, dir: or file: says which',
    },
  ],
  flags: {
    ...SBOM_OUTPUT_FLAG,
    platform: {
      kind: 'string',
      value: 'OS/ARCH',
      description: 'of an image for several platforms; linux/amd64 when absent',
    },
    ...IMAGE_FLAGS,
  },
  examples: [
    { command: 'plimsoll sbom .', explains: 'lists what a source folder declares and holds' },
    {
      command: 'plimsoll sbom -o spdx-json=app.spdx.json -o cyclonedx-json=app.cdx.json localhost:5000/app:v1',
      explains: 'writes both formats in one pass over the image',
    },
  ],
  async run({ args: [source = ''], flags }, context) {
    const targets = readSbomTargets(flags.output, 'table');
    const found = await createSbom(context.ports, source, {
      platform: flags.platform,
      signal: context.signal,
      ...(await imageAccessOf(flags, context)),
    });
    await writeSbomTargets(found, targets, context);
    return 0;
  },
});
