import { checkBsiForm, createBsiSbom, listBsiGaps, parseSbomAuthor, writeBsiSbom } from '../../app/bsi-sbom.ts';
import { createSbom } from '../../app/sbom.ts';
import { AppError } from '../../core/index.ts';
import { defineCommand } from '../command.ts';
import { BASE_FLAG, readSbomTargets, SBOM_OUTPUT_FLAG, writeSbomTargets } from '../flags/sbom.ts';
import { IMAGE_FLAGS, imageAccessOf } from '../flags/trust.ts';

export const sbom = defineCommand({
  name: 'sbom',
  group: 'metadata',
  summary: 'list what an image, a folder or an archive is made of',
  description:
    'Finds packages of distributions, of some twenty languages and of tools (docs/reference/catalogers.md) with the layer that brought each, and writes SPDX 2.2, 2.3 or 3.0 or CycloneDX 1.4 to 1.7. ' +
    'The same source gives the same document; the time in it is SOURCE_DATE_EPOCH where that is set. ' +
    'In images only what is installed counts; in folders lock files count too. Files that could not be read are said in the document.',
  args: [
    {
      name: 'SOURCE',
      description:
        'image reference, folder, archive; registry:, oci-dir:, oci-archive:, docker-archive:, dir:, file: or proc: (a running process) says which',
    },
  ],
  flags: {
    ...SBOM_OUTPUT_FLAG,
    profile: {
      kind: 'choice',
      choices: ['bsi'],
      description:
        'write what BSI TR-03183-2 v2.1 requires, as far as it can be known, and say what cannot; cyclonedx-json when no format is given',
    },
    author: {
      kind: 'string',
      value: 'ADDRESS',
      description: 'who makes the document, for --profile: an e-mail address or URL, or NAME <ADDRESS>',
    },
    base: BASE_FLAG,
    'exclude-base': { kind: 'boolean', description: 'leave out what the base image brought' },
    scope: {
      kind: 'choice',
      choices: ['squashed', 'all-layers'],
      default: 'squashed',
      description: 'all-layers: also what lower layers of an image hold and upper ones took away, marked as gone',
    },
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
    {
      command: 'plimsoll sbom --base localhost:5000/base:v1 --exclude-base localhost:5000/app:v1',
      explains: 'only what was added to the base image',
    },
    {
      command: `plimsoll sbom --profile bsi --author jane@example.com -o cyclonedx-json=app.cdx.json .`,
      explains: 'for products that fall under the Cyber Resilience Act',
    },
  ],
  async run({ args: [source = ''], flags }, context) {
    const isBsi = flags.profile === 'bsi';
    if (flags.author !== undefined && !isBsi)
      throw new AppError('usage', 'expected --author with --profile, found it alone');
    const author = flags.author === undefined ? undefined : parseSbomAuthor(flags.author);
    const targets = isBsi
      ? readSbomTargets(flags.output, 'cyclonedx-json', checkBsiForm)
      : readSbomTargets(flags.output, 'table');
    const found = await (isBsi ? createBsiSbom : createSbom)(context.ports, source, {
      platform: flags.platform,
      base: flags.base,
      allLayers: flags.scope === 'all-layers',
      excludesBase: flags['exclude-base'],
      signal: context.signal,
      ...(await imageAccessOf(flags, context)),
    });
    if (!isBsi) await writeSbomTargets(found, targets, context);
    else {
      await writeSbomTargets(found, targets, context, (sbom, form) => writeBsiSbom(sbom, form, author));
      const gaps = listBsiGaps(writeBsiSbom(found, 'cyclonedx-json', author));
      for (const gap of gaps) context.output.note(`bsi: ${gap}`);
    }
    return 0;
  },
});
