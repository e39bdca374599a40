import { explainAdmission } from '../../app/explain.ts';
import { testPolicies } from '../../app/test-policies.ts';
import type { CaseResult } from '../../app/test-policies.ts';
import { EXIT_NEGATIVE } from '../../core/index.ts';
import { defineCommand } from '../command.ts';
import { POLICY_TRUST_FLAG } from '../flags/trust.ts';
import { formatJUnit } from '../junit.ts';

export const policyTest = defineCommand({
  name: 'policy test',
  group: 'policies',
  summary: 'hold policies against a table of objects and the verdicts that they should get',
  description:
    'The table is YAML: `policies` (files or folders, from where the table is), `cases` of `name`, `image` or `manifest`, `expect` (allow, ' +
    'warn, deny) and, where wanted, `reasons` (codes), `namespace`; `at` judges as of a time. Exit code 1 when a case is not as expected.',
  args: [{ name: 'TABLE', description: 'YAML file', repeated: true }],
  flags: {
    junit: { kind: 'string', value: 'FILE', description: 'also write the results as JUnit XML' },
    ...POLICY_TRUST_FLAG,
    insecure: { kind: 'boolean', description: 'ask registries over plain HTTP' },
  },
  examples: [{ command: 'plimsoll policy test policies/cases.yaml --junit report.xml', explains: 'in a pipeline' }],
  async run({ args: tables, flags }, context) {
    const suites: { readonly name: string; readonly cases: readonly CaseResult[] }[] = [];
    for (const path of tables) {
      const access = { insecure: flags.insecure };
      suites.push({ name: path, cases: await testPolicies(context.ports, { path, access }, context.signal) });
    }
    if (flags.junit !== undefined)
      await context.ports.files.writeAtomic(flags.junit, new TextEncoder().encode(formatJUnit(suites.map(suiteOf))));
    const cases = suites.flatMap((suite) => suite.cases);
    const failed = cases.filter(({ fault }) => fault !== undefined);
    const { paint } = context.output;
    const lines = cases.map(({ name, fault, admissions }) =>
      fault === undefined
        ? `${paint('good', 'ok')}     ${name}`
        : [
            `${paint('bad', 'FAILED')} ${name}: ${fault}`,
            ...admissions.map((one) => explainAdmission(one, paint)),
          ].join('\n'),
    );
    const summary = `${cases.length - failed.length} passed, ${failed.length} failed`;
    const results = cases.map(({ name, expected, found, fault, milliseconds }) => ({
      name,
      expected,
      found,
      ...(fault === undefined ? {} : { fault }),
      milliseconds,
    }));
    context.output.result(results, [...lines, summary].join('\n'));
    return failed.length > 0 ? EXIT_NEGATIVE : 0;
  },
});

function suiteOf({ name, cases }: { readonly name: string; readonly cases: readonly CaseResult[] }) {
  return {
    name,
    cases: cases.map(({ name: title, fault, milliseconds, admissions }) => ({
      name: title,
      milliseconds,
      ...(fault === undefined
        ? {}
        : { failure: { message: fault, text: admissions.map((one) => explainAdmission(one)).join('\n') } }),
    })),
  };
}
