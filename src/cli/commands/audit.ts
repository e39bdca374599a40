import { admitFiles } from '../../app/admit-files.ts';
import type { Admission } from '../../app/admit.ts';
import { explainAdmission } from '../../app/explain.ts';
import { AppError, EXIT_NEGATIVE } from '../../core/index.ts';
import type { Outcome } from '../../core/index.ts';
import { defineCommand } from '../command.ts';
import { POLICY_TRUST_FLAG } from '../flags/trust.ts';
import { readManifest } from '../manifest.ts';

interface Row {
  readonly namespace: string | undefined;
  readonly kind: string;
  readonly name: string;
  readonly outcome: Outcome;
  /** Under the policies that it is compared with. */
  readonly before?: Outcome;
}

export const audit = defineCommand({
  name: 'audit',
  group: 'policies',
  summary: 'say which workloads policies would deny, and what a change of policies changes',
  description:
    'Judges what runs (`kubectl get pods -A -o yaml`, or any manifests) without touching it: first see what would be denied, then enforce. ' +
    'With --against, only what the two sets of policies judge differently is explained. Exit code 1 when something would be denied, or with ' +
    '--against something that was not denied before.',
  args: [],
  flags: {
    filename: { kind: 'list', short: 'f', value: 'FILE', description: 'manifest, or - for standard input' },
    policy: { kind: 'list', value: 'PATH', description: 'policy file, or folder of policy files' },
    against: { kind: 'list', value: 'PATH', description: 'policies to compare with: those in force' },
    'no-match': {
      kind: 'choice',
      choices: ['deny', 'warn', 'allow'],
      default: 'deny',
      description: 'verdict for an image that no policy speaks of',
    },
    ...POLICY_TRUST_FLAG,
    insecure: { kind: 'boolean', description: 'ask registries over plain HTTP' },
  },
  examples: [
    {
      command: 'kubectl get pods -A -o yaml | plimsoll audit -f - --policy new/ --against policies/',
      explains: 'what a change of policies would do to what runs',
    },
  ],
  async run({ flags }, context) {
    if (flags.filename.length === 0 || flags.policy.length === 0)
      throw new AppError('usage', 'expected at least one -f FILE and one --policy PATH');
    const manifests = await Promise.all(flags.filename.map((name) => readManifest(name, context)));
    const judge = async (policyPaths: readonly string[]) => {
      const noMatch = flags['no-match'] as Outcome;
      const input = { manifests, policyPaths, namespace: 'default', noMatch, at: context.ports.clock() };
      return await admitFiles(context.ports, { ...input, insecure: flags.insecure }, context.signal);
    };
    const now = await judge(flags.policy);
    const before = flags.against.length === 0 ? undefined : await judge(flags.against);
    const rows = now.map((admission, index) => rowOf(admission, before?.[index]));
    const { paint } = context.output;
    const shown = now.filter((_, index) => isNotable(rows[index]));
    const lines = shown.map((admission) => {
      const row = rows[now.indexOf(admission)];
      const change = row?.before === undefined ? '' : paint('dim', `was ${row.before}, now `);
      return `${change}${explainAdmission(admission, paint)}`;
    });
    context.output.result(rows, [...lines, summaryOf(rows)].join('\n'));
    return rows.some((row) => row.outcome === 'deny' && row.before !== 'deny') ? EXIT_NEGATIVE : 0;
  },
});

function rowOf({ object, outcome }: Admission, before: Admission | undefined): Row {
  const { namespace, kind, name } = object;
  return { namespace, kind, name, outcome, ...(before === undefined ? {} : { before: before.outcome }) };
}

function isNotable(row: Row | undefined): boolean {
  if (row === undefined) return false;
  return row.before === undefined ? row.outcome !== 'allow' : row.outcome !== row.before;
}

function summaryOf(rows: readonly Row[]): string {
  const count = (outcome: Outcome) => rows.filter((row) => row.outcome === outcome).length;
  const changed = rows.filter((row) => row.before !== undefined && row.before !== row.outcome).length;
  const compared = rows.some(({ before }) => before !== undefined) ? `; ${changed} judged differently` : '';
  return `${rows.length} objects: ${count('deny')} denied, ${count('warn')} with warnings, ${count('allow')} admitted${compared}`;
}
