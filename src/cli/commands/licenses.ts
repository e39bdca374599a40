import { checkLicences, loadLicenceExceptions, parseLicencePolicy } from '../../app/check-licences.ts';
import type { LicenceReport, LicenceUse, LicenceViolation } from '../../app/check-licences.ts';
import { openSbom } from '../../app/sbom.ts';
import { EXIT_NEGATIVE } from '../../core/index.ts';
import { alignColumns } from '../columns.ts';
import { defineCommand } from '../command.ts';
import type { Output } from '../command.ts';
import { PLATFORM_FLAG } from '../flags/platform.ts';
import { IMAGE_FLAGS, imageAccessOf } from '../flags/trust.ts';

export const licenses = defineCommand({
  name: 'licenses',
  group: 'metadata',
  summary: 'list the licences of what an image or an SBOM holds, and judge them by a policy',
  description:
    'Expressions of SPDX are judged as they mean: of an OR one side must be let through, of an AND both; a licence that is denied is ' +
    'denied with an exception too, unless both are allowed as "ID WITH EXCEPTION". Beside ids there are LicenseRef-ID, * for any part of ' +
    'an id, unknown (texts that are no expression) and none (no licence at all). Exit code 1 when something is not let through. ' +
    'A file of exceptions has a list `exceptions` of `package` (package URL, * for any part), `reason`, and if wanted `licences` and `until`.',
  args: [{ name: 'SOURCE', description: 'SBOM file, or what `sbom` takes' }],
  flags: {
    allow: {
      kind: 'list',
      value: 'LICENCE[,LICENCE]',
      description: 'only these are let through; may be repeated; all that is not denied when absent',
    },
    deny: { kind: 'list', value: 'LICENCE[,LICENCE]', description: 'these are not; may be repeated' },
    exceptions: {
      kind: 'string',
      value: 'FILE',
      description: 'YAML or JSON: packages that are let through all the same',
    },
    platform: PLATFORM_FLAG,
    ...IMAGE_FLAGS,
  },
  examples: [
    { command: 'plimsoll licenses app.spdx.json', explains: 'which licences there are' },
    {
      command: `plimsoll licenses --deny 'GPL-*,AGPL-*' --exceptions licences.yaml localhost:5000/app:v1`,
      explains: 'no strong copyleft in an image, apart from what was looked at',
    },
    {
      command: `plimsoll licenses --allow MIT,Apache-2.0,ISC --allow 'BSD-*' .`,
      explains: 'nothing else; what has no licence or none that is known fails too',
    },
  ],
  async run({ args: [source = ''], flags }, context) {
    const policy = parseLicencePolicy(flags.allow, flags.deny);
    const exceptions =
      flags.exceptions === undefined ? [] : await loadLicenceExceptions(context.ports, flags.exceptions);
    const sbom = await openSbom(context.ports, source, {
      platform: flags.platform,
      signal: context.signal,
      ...(await imageAccessOf(flags, context)),
    });
    const report = checkLicences(sbom, { policy, exceptions, at: context.ports.clock() });
    context.output.result(report, formatReport(report, context.output));
    const passed = report.licences.filter(({ kind, outcome }) => kind === 'unknown' && outcome === 'allowed').length;
    if (passed > 0 && policy.deny.length > 0) {
      context.output.note(`${passed} texts are no licences that SPDX knows and passed; --deny unknown refuses such`);
    }
    return report.violations.length === 0 ? 0 : EXIT_NEGATIVE;
  },
});

function formatReport({ licences, violations, excepted }: LicenceReport, output: Output): string {
  const rows = licences.map((use) => [use.licence, use.components, use.kind, judgementOf(use)]);
  const [title = '', ...lines] = alignColumns([['LICENCE', 'COMPONENTS', 'KIND', 'JUDGED'], ...rows]);
  const painted = lines.map((line, index) => (isOpen(licences[index]) ? output.paint('bad', line) : line));
  const parts = [[title, ...painted]];
  if (violations.length > 0) parts.push(['not let through:', ...violations.map(lineOf)]);
  if (excepted.length > 0) parts.push(['let through by exceptions:', ...excepted.map(lineOf)]);
  return parts.map((part) => part.join('\n')).join('\n\n');
}

function isOpen(use: LicenceUse | undefined): boolean {
  return use !== undefined && use.outcome !== 'allowed' && use.excepted < use.components;
}

function judgementOf({ outcome, excepted }: LicenceUse): string {
  return `${outcome.replace('-', ' ')}${excepted === 0 ? '' : ` (${excepted} excepted)`}`;
}

function lineOf({ id, because, outcome, exception, expired }: LicenceViolation): string {
  const until = exception?.until === undefined ? '' : ` until ${exception.until}`;
  const why = exception === undefined ? '' : `: ${exception.reason}${until}`;
  const past = expired === undefined ? '' : `; its exception ended on ${expired.until}`;
  return `  ${id}  ${because.join(', ')} ${outcome.replace('-', ' ')}${why}${past}`;
}
