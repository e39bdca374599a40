/** Packages that published scanners find in their own test files, found by the catalogers. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { checkReferencePage } from '../conformance-page.ts';
import { dataSet, needsSharedData } from '../shared-data.ts';
import { listCases, runCase } from './catalogers/expectation.ts';
import type { Outcome } from './catalogers/expectation.ts';
import { ECOSYSTEMS } from './catalogers/index.ts';

const rows: string[] = [];
const decided: string[] = [];

for (const [ecosystem, table] of Object.entries(ECOSYSTEMS)) {
  test(`${ecosystem}: cases of published scanners give the same packages`, needsSharedData, async (context) => {
    const root = dataSet('catalogers');
    const outcomes = new Map<string, Outcome>();
    for (const name of listCases(root, ecosystem)) {
      outcomes.set(name, await runCase(root, `${ecosystem}/${name}`, table));
    }
    const failed = [...outcomes].filter(([, { difference }]) => difference !== undefined).map(([name]) => name);
    const exceptions = Object.keys(table.exceptions ?? {});
    context.diagnostic(`${outcomes.size - failed.length} of ${outcomes.size} cases agree`);
    rows.push(rowOf(ecosystem, [...outcomes.values()], exceptions.length));
    for (const [name, reason] of Object.entries(table.exceptions ?? {}))
      decided.push(`- \`${ecosystem}/${name}\`: ${reason}`);
    const listed = new Set([...exceptions, ...table.notYet]);
    const differences = failed
      .filter((name) => !listed.has(name))
      .map((name) => `${name}: ${outcomes.get(name)?.difference?.slice(0, 600)}`);
    assert.deepEqual(differences, [], `cases that differ and are not listed:\n${differences.join('\n')}`);
    const agreeing = [...listed].filter((name) => !failed.includes(name));
    assert.deepEqual(agreeing, [], 'cases that are listed and agree, or are none');
  });
}

/** Precision and recall are over packages; cases that must be refused have none. */
function rowOf(ecosystem: string, outcomes: readonly Outcome[], exceptions: number): string {
  const sum = (count: (outcome: Outcome) => number) => outcomes.reduce((total, outcome) => total + count(outcome), 0);
  const agreeing = sum(({ difference }) => (difference === undefined ? 1 : 0));
  const [matched, missing, extra] = [sum((one) => one.matched), sum((one) => one.missing), sum((one) => one.extra)];
  const share = (part: number, whole: number) => (whole === 0 ? '' : `${((100 * part) / whole).toFixed(1)} %`);
  const cells = [
    ecosystem,
    outcomes.length,
    agreeing,
    exceptions,
    matched + missing,
    share(matched, matched + extra),
    share(matched, matched + missing),
  ];
  return `| ${cells.join(' | ')} |`;
}

test('where cases are decided otherwise, the record of decisions says so', () => {
  const record = readFileSync(join(import.meta.dirname, '../../docs/adr/0009-published-scanners.md'), 'utf8');
  const decided = Object.entries(ECOSYSTEMS).filter(([, { exceptions = {} }]) => Object.keys(exceptions).length > 0);
  for (const [ecosystem] of decided) assert.ok(record.includes(`- **${ecosystem}**: `), ecosystem);
  const count = decided.reduce((sum, [, { exceptions = {} }]) => sum + Object.keys(exceptions).length, 0);
  assert.ok(count <= 9, `expected at most one exception in a hundred cases, found ${count}`);
});

test('the page of accuracy is what the cases give', needsSharedData, (context) => {
  const total = `${rows.length} ecosystems`;
  for (const row of rows) context.diagnostic(row);
  assert.equal(rows.length, Object.keys(ECOSYSTEMS).length, total);
  checkReferencePage('catalogers.md', [
    '# Accuracy of catalogers',
    '',
    'Test files of Syft, Trivy, OSV-Scalibr and go-rpmdb, with the packages that their tests expect: name, version and, where given, package URL are',
    'compared; a file that must be refused has to be named as skipped. Precision is the share of packages found that are expected, recall the',
    'share of expected packages that are found. What each scanner does in its own way and is not counted is in',
    '`test/conformance/catalogers/conventions.ts`.',
    '',
    '| ecosystem | cases | agreeing | decided otherwise | packages expected | precision | recall |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    ...rows,
    ...(decided.length === 0 ? [] : ['', 'Decided otherwise, with the specification that says so:', '', ...decided]),
  ]);
});
