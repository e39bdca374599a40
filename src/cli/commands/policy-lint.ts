import { lintPolicies } from '../../app/lint-policies.ts';
import type { LintFinding } from '../../app/lint-policies.ts';
import { EXIT_NEGATIVE } from '../../core/index.ts';
import { defineCommand } from '../command.ts';
import { POLICY_TRUST_FLAG } from '../flags/trust.ts';

export const policyLint = defineCommand({
  name: 'policy lint',
  group: 'policies',
  summary: 'find what is wrong with policies, and what in them is wider than it looks',
  description:
    'Reads and compiles every policy as the admission server would, and reports all that is wrong instead of the first. ' +
    'Exit code 1 when there is an error, or with --strict a warning.',
  args: [{ name: 'PATH', description: 'policy file, or folder of policy files', repeated: true }],
  flags: {
    resolve: {
      kind: 'boolean',
      description: 'also fetch remote texts and keys of key services, and look for whom policies believe',
    },
    strict: { kind: 'boolean', description: 'exit with 1 for warnings, too' },
    ...POLICY_TRUST_FLAG,
  },
  examples: [
    { command: 'plimsoll policy lint policies/ --strict', explains: 'in a pipeline, before policies are applied' },
  ],
  async run({ args: paths, flags }, context) {
    const findings = await lintPolicies(context.ports, { paths, resolves: flags.resolve });
    const { paint } = context.output;
    const line = ({ where, level, code, message, fix }: LintFinding): string =>
      `${paint(level === 'error' ? 'bad' : 'warn', level)} ${where}: ${message} ${paint('dim', `(${code})`)}${fix === undefined ? '' : `\n  fix: ${fix}`}`;
    context.output.result(findings, findings.length === 0 ? 'nothing found' : findings.map(line).join('\n'));
    const isFaulty = findings.some(({ level }) => level === 'error' || flags.strict);
    return isFaulty ? EXIT_NEGATIVE : 0;
  },
});
