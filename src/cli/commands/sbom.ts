import { checkBsiForm, createBsiSbom, listBsiGaps, writeBsiSbom } from '../../app/bsi-sbom.ts';
import { listPlatforms } from '../../app/list-platforms.ts';
import { checkSbomForm, createSbom, findSbomFile, formatSbom, parseSbomAuthor } from '../../app/sbom.ts';
import type { Sbom } from '../../app/sbom.ts';
import { createStepCosts } from '../../app/step-costs.ts';
import { AppError } from '../../core/index.ts';
import { defineCommand } from '../command.ts';
import {
  BINARY_RULES_FLAG,
  checkPlatformTargets,
  LAYER_FLAGS,
  layerOptionsOf,
  loadCatalogers,
  readSbomTargets,
  rewriteSbom,
  SBOM_OUTPUT_FLAG,
  writeSboms,
  writeStepCosts,
} from '../flags/sbom.ts';
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
        'image reference, folder, archive, file, or an SBOM to write anew; registry:, oci-dir:, oci-archive:, docker-archive:, dir:, file: or proc: (a running process) says which',
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
      description: 'who makes the document: an e-mail address, the URL of an organization, or NAME <ADDRESS>',
    },
    ...LAYER_FLAGS,
    ...BINARY_RULES_FLAG,
    platform: {
      kind: 'string',
      value: 'OS/ARCH',
      description:
        'of an image for several platforms; linux/amd64 when absent; all makes a document for each, app-linux-arm64.spdx.json of app.spdx.json',
    },
    timing: {
      kind: 'boolean',
      description:
        'say on standard error what each layer and each cataloger took, costliest first; as JSON with --json',
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
    const format = formatOf(flags.profile);
    const targets = readSbomTargets(flags.output, format.absent, format.check);
    const access = await imageAccessOf(flags, context);
    const asked = { ...layerOptionsOf(flags), signal: context.signal, ...access };
    const document = await findSbomFile(context.ports, source);
    if (document !== undefined) {
      refuseForDocuments(flags);
      await rewriteSbom(document, { targets, platform: flags.platform, ...asked }, context);
      return 0;
    }
    const costs = createStepCosts();
    const options = {
      author: flags.author === undefined ? undefined : parseSbomAuthor(flags.author),
      catalogers: await loadCatalogers(flags, context),
      timeStep: flags.timing ? costs.timeStep : undefined,
      ...asked,
    };
    const isAll = flags.platform === 'all';
    if (isAll) checkPlatformTargets(targets);
    const create = async (platform?: string) => await format.create(context.ports, source, { ...options, platform });
    const sboms = new Map<string | undefined, Sbom>();
    const platforms = isAll ? await listPlatforms(context.ports, source, options) : [];
    for (const platform of platforms) sboms.set(platform, await create(platform));
    if (platforms.length === 0) sboms.set(undefined, await create(isAll ? undefined : flags.platform));
    await writeSboms(sboms, targets, context, format.write);
    for (const sbom of sboms.values()) for (const gap of format.listGaps(sbom)) context.output.note(gap);
    if (flags.timing) writeStepCosts(costs.list(), context);
    return 0;
  },
});

interface Format {
  readonly absent: string;
  readonly check: (form: string) => void;
  readonly create: typeof createSbom;
  readonly write: (sbom: Sbom, form: string) => string;
  readonly listGaps: (sbom: Sbom) => readonly string[];
}

function formatOf(profile: string | undefined): Format {
  if (profile === undefined) {
    return { absent: 'table', check: checkSbomForm, create: createSbom, write: formatSbom, listGaps: () => [] };
  }
  return {
    absent: 'cyclonedx-json',
    check: checkBsiForm,
    create: createBsiSbom,
    write: writeBsiSbom,
    listGaps: (sbom) => listBsiGaps(writeBsiSbom(sbom, 'cyclonedx-json')).map((gap) => `bsi: ${gap}`),
  };
}

/** What asks for files, of which a document has none. The platform may be that of a base. */
function refuseForDocuments(flags: Readonly<Record<string, unknown>>): void {
  const name = ['profile', 'author', 'binary-rules', ...(flags.base === undefined ? ['platform'] : []), 'timing'].find(
    (candidate) => flags[candidate] !== undefined && flags[candidate] !== false,
  );
  if (name !== undefined) throw new AppError('usage', `--${name}: expected an image or files, found an SBOM`);
}
