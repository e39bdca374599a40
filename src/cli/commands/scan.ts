import { formatScanTable, toSarif, toVulnPredicate } from '../../app/scan-report.ts';
import { reachesThreshold, scanSource } from '../../app/scan.ts';
import type { ScanResult } from '../../app/scan.ts';
import { EXIT_NEGATIVE, SEVERITIES } from '../../core/index.ts';
import { defineCommand } from '../command.ts';
import type { Output } from '../command.ts';
import { BINARY_RULES_FLAG, LAYER_FLAGS, layerOptionsOf, loadCatalogers } from '../flags/sbom.ts';
import { IMAGE_FLAGS, imageAccessOf } from '../flags/trust.ts';

export const scan = defineCommand({
  name: 'scan',
  group: 'metadata',
  summary: 'find known vulnerabilities in an image, a folder, an SBOM or a package',
  description:
    'Matches against the local advisory store (see `db update` and `db import`); without advisories the scan fails. ' +
    'VEX statements of not_affected and fixed hide a finding; the report says which and why. ' +
    'With --fail-on, a finding of unknown severity counts as reaching the threshold.',
  args: [{ name: 'SOURCE', description: 'what `sbom` takes, an SBOM file, or a package URL' }],
  flags: {
    'fail-on': {
      kind: 'choice',
      choices: SEVERITIES,
      value: 'SEVERITY',
      description: 'exit 1 for a finding at least this bad',
    },
    'only-fixed': { kind: 'boolean', description: 'leave out what no version mends yet' },
    vex: { kind: 'list', value: 'FILE', description: 'OpenVEX document; may be repeated' },
    'prefer-id': {
      kind: 'list',
      value: 'PREFIX',
      description: 'show this name of a vulnerability where it has one, for example CVE-',
    },
    'include-unimportant': { kind: 'boolean', description: 'also what Debian marks as unimportant' },
    output: {
      kind: 'choice',
      short: 'o',
      choices: ['table', 'json', 'sarif', 'vuln'],
      default: 'table',
      description: 'form of the report; vuln is the predicate of a cosign vulnerability attestation',
    },
    platform: {
      kind: 'string',
      value: 'OS/ARCH',
      description: 'of an image for several platforms; linux/amd64 when absent',
    },
    ...LAYER_FLAGS,
    ...BINARY_RULES_FLAG,
    ...IMAGE_FLAGS,
  },
  examples: [
    {
      command: 'plimsoll scan --fail-on high localhost:5000/app:v1',
      explains: 'fails a build on high and critical findings',
    },
    {
      command: 'plimsoll scan --base localhost:5000/base:v1 --exclude-base localhost:5000/app:v1',
      explains: 'only what was added to the base image, which others mend',
    },
    { command: 'plimsoll scan pkg:golang/golang.org/x/net@v0.1.0', explains: 'asks about one package' },
    { command: 'plimsoll scan -o vuln app.spdx.json', explains: 'scans a stored SBOM for an attestation' },
  ],
  async run({ args: [source = ''], flags }, context) {
    const result = await scanSource(context.ports, source, {
      vex: flags.vex,
      onlyFixed: flags['only-fixed'],
      preferIds: flags['prefer-id'],
      includeUnimportant: flags['include-unimportant'],
      platform: flags.platform,
      ...layerOptionsOf(flags),
      catalogers: await loadCatalogers(flags, context),
      signal: context.signal,
      ...(await imageAccessOf(flags, context)),
    });
    print(context.output, result, flags.output);
    const threshold = SEVERITIES.find((severity) => severity === flags['fail-on']);
    return threshold !== undefined && reachesThreshold(result, threshold) ? EXIT_NEGATIVE : 0;
  },
});

function print(output: Output, result: ScanResult, form: string): void {
  if (form === 'sarif') output.raw(`${JSON.stringify(toSarif(result), undefined, 2)}\n`);
  else if (form === 'vuln') output.raw(`${JSON.stringify(toVulnPredicate(result), undefined, 2)}\n`);
  else if (form === 'json') output.raw(`${JSON.stringify(result, undefined, 2)}\n`);
  else output.result(result, formatScanTable(result));
}
