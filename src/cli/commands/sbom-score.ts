import { biggestGains, SBOM_PROFILES, scoreFiles } from '../../app/score-sbom.ts';
import type { CriterionScore, ProfileScore } from '../../app/score-sbom.ts';
import { AppError, EXIT_NEGATIVE } from '../../core/index.ts';
import { alignColumns } from '../columns.ts';
import { defineCommand } from '../command.ts';
import type { Output } from '../command.ts';

/** Gains that are told. */
const TOLD = 3;

export const sbomScore = defineCommand({
  name: 'sbom score',
  group: 'metadata',
  summary: 'say how good SBOMs are, and what would make them better',
  description:
    'Points from 0 to 10 by profile: sbomqs (its general score), ntia, cisa (2025 draft), bsi (TR-03183-2 v2.1), bsi-2.0 and cra. ' +
    'Points of a criterion are the share of components that satisfy it; what does not apply counts for nothing. ' +
    'A from 9, B from 8, C from 7, D from 5. Exit code 1 when a score is below --min.',
  args: [{ name: 'FILE', description: 'SBOM of SPDX or CycloneDX', repeated: true }],
  flags: {
    profile: {
      kind: 'list',
      value: 'NAME',
      description: `${SBOM_PROFILES.join(', ')}; may be repeated; sbomqs and ntia when absent`,
    },
    min: { kind: 'number', value: 'POINTS', description: 'the least that each profile must have, from 0 to 10' },
  },
  examples: [
    { command: 'plimsoll sbom score app.cdx.json', explains: 'the general score, and the minimum elements' },
    {
      command: 'plimsoll sbom score --profile bsi --min 7.5 app.cdx.json',
      explains: 'fails a pipeline whose document falls behind',
    },
  ],
  async run({ args: files, flags }, { ports, output }) {
    const { min = 0 } = flags;
    if (min < 0 || min > 10) throw new AppError('usage', `--min: expected points from 0 to 10, found ${min}`);
    const scores = await scoreFiles(ports, files, flags.profile.length > 0 ? flags.profile : ['sbomqs', 'ntia']);
    const parts = scores.flatMap(({ file, profiles }) => profiles.map((score) => formatScore(file, score, output)));
    output.result(scores, parts.join('\n\n'));
    return scores.every(({ profiles }) => profiles.every(({ points }) => points >= min)) ? 0 : EXIT_NEGATIVE;
  },
});

function formatScore(file: string, score: ProfileScore, { paint }: Output): string {
  const { name, points, grade, conforms, criteria } = score;
  const verdict = conforms === undefined ? '' : conforms ? ', conforms' : ', does not conform';
  const rows = criteria.map((one) => [one.group, one.id, pointsOf(one), shareOf(one), one.wants]);
  const gains = biggestGains(score, TOLD).map(({ gain, id, fix }) => `  +${gain.toFixed(2)} ${id}: ${fix}`);
  return [
    paint(
      grade < 'C' ? 'good' : grade < 'F' ? 'warn' : 'bad',
      `${file}: ${name}: ${points.toFixed(2)} (${grade}${verdict})`,
    ),
    ...alignColumns([['GROUP', 'CRITERION', 'POINTS', 'HAVE IT', 'WANTED'], ...rows]),
    ...(gains.length === 0 ? [] : ['most would be won by:', ...gains]),
  ].join('\n');
}

function pointsOf({ points }: CriterionScore): string {
  return points === undefined ? '-' : points.toFixed(1);
}

function shareOf({ passed, total, points, required }: CriterionScore): string {
  if (points === undefined) return '-';
  return `${passed}/${total}${required && passed < total ? ' !' : ''}`;
}
