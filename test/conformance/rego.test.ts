/** OPA's own suite of evaluation cases, in the syntax of v1. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { compileRego } from '../../src/policies/interpreters/index.ts';
import { faultsOf } from '../../src/policies/interpreters/rego/fault.ts';
import { parseJsonText, toJson } from '../../src/policies/interpreters/rego/json.ts';
import { checkConformancePart } from '../conformance-page.ts';
import { dataSet, needsSharedData } from '../shared-data.ts';
import { EXCEPTIONS } from './rego-exceptions.ts';

interface Case {
  readonly note: string;
  readonly modules?: readonly string[];
  readonly query: string;
  readonly data?: unknown;
  readonly input?: unknown;
  /** In the syntax of Rego: holds what JSON has not. */
  readonly input_term?: string;
  readonly want_result?: readonly Readonly<Record<string, unknown>>[];
  readonly want_error_code?: string;
  readonly want_error?: string;
  /** Lists within results are in any order. */
  readonly sort_bindings?: boolean;
  readonly strict_error?: boolean;
}

/** Cases by category. Numbers are read exactly. */
function loadCases(): Map<string, Case[]> {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-rego-'));
  try {
    execFileSync('tar', ['-xzf', join(dataSet('rego'), 'opa-conformance-v1.tar.gz'), '-C', folder]);
    const root = join(folder, 'v1');
    return new Map(
      readdirSync(root)
        .sort()
        .map((category) => {
          const files = readdirSync(join(root, category)).map((file) =>
            readFileSync(join(root, category, file), 'utf8'),
          );
          return [category, files.flatMap((text) => (toJson(parseJsonText(text)) as { cases: Case[] }).cases)];
        }),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Undefined where the case is as wanted, else what was found. */
function differenceOf(wanted: Case): string | undefined {
  const isError = wanted.want_error_code !== undefined || wanted.want_error !== undefined;
  try {
    const modules = (wanted.modules ?? []).map((text, i) => ({ file: `module-${i}.rego`, text }));
    const program = compileRego(modules, { version: 'v1' });
    const text = wanted.input_term === undefined ? wanted.query : `${wanted.query} with input as ${wanted.input_term}`;
    const found = program.query(text, {
      input: wanted.input,
      data: wanted.data ?? {},
      now: new Date('2026-01-02T03:04:05Z'),
      strictBuiltinErrors: wanted.strict_error === true,
    });
    if (found.kind === 'error') return isError ? differenceOfCode(wanted, found.error.code) : found.error.message;
    if (isError) return `expected ${wanted.want_error_code ?? wanted.want_error}, found results`;
    const [results, expected] = [found.results, wanted.want_result ?? []].map((list) => canonical(list, wanted));
    return results === expected ? undefined : `expected ${expected}, found ${results}`;
  } catch (error) {
    const [fault] = faultsOf(error) ?? [];
    if (fault === undefined) throw error;
    return isError ? differenceOfCode(wanted, fault.code) : fault.message;
  }
}

function differenceOfCode({ want_error_code: code }: Case, found: string): string | undefined {
  return code === undefined || code === found ? undefined : `expected ${code}, found ${found}`;
}

function canonical(results: readonly unknown[], { sort_bindings: isUnordered }: Case): string {
  const order = (value: unknown): unknown => {
    if (typeof value === 'bigint') return { integer: String(value) };
    if (Array.isArray(value)) {
      const items = value.map(order);
      return isUnordered === true ? items.map((item) => JSON.stringify(item)).sort() : items;
    }
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, inner]) => [key, order(inner)]),
    );
  };
  return results
    .map((result) => JSON.stringify(order(result)))
    .sort()
    .join('\n');
}

test("OPA's evaluation cases pass but for the named exceptions, as the reference page says", needsSharedData, () => {
  const unexpected: string[] = [];
  const rows: string[] = [];
  let [total, failures] = [0, 0];
  for (const [category, cases] of loadCases()) {
    let failed = 0;
    for (const wanted of cases) {
      const difference = differenceOf(wanted);
      const isException = EXCEPTIONS.has(wanted.note);
      if (difference !== undefined) failed += 1;
      if (difference !== undefined && !isException) unexpected.push(`${wanted.note}: ${difference.slice(0, 500)}`);
      if (difference === undefined && isException)
        unexpected.push(`${wanted.note}: passes, and is no exception any more`);
    }
    rows.push(`| ${category} | ${cases.length - failed} | ${failed} |`);
    total += cases.length;
    failures += failed;
  }
  assert.deepEqual(unexpected.slice(0, 10), [], `${unexpected.length} cases`);
  assert.equal(total, 2067);
  assert.ok(failures / total <= 0.02, `${failures} of ${total} fail`);
  const reasons = [...new Set(EXCEPTIONS.values())].map((reason) => {
    const count = [...EXCEPTIONS.values()].filter((other) => other === reason).length;
    return `- ${count}: ${reason}`;
  });
  checkConformancePart('Conformance of Rego', [
    `What the evaluation suite of OPA 1.14 says of the Rego interpreter: ${total - failures} pass, ${failures} fail. Reasons of failures,`,
    'with the number of names of cases (some names stand for several):',
    '',
    ...reasons,
    '',
    '| category | pass | fail |',
    '| --- | --- | --- |',
    ...rows,
  ]);
});
