import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { AppError } from '../core/index.ts';
import { createTestPorts, TEST_TIME } from '../io/testing.ts';
import { openStatementPolicies } from './statement-policies.ts';

const STATEMENT = Buffer.from('{"predicateType":"https://a.test","predicate":{"critical":1}}');

async function judge(...policies: readonly (readonly [file: string, text: string])[]) {
  const ports = createTestPorts();
  const paths = policies.map(([file]) => join(ports.home, file));
  for (const [at, [, text]] of policies.entries()) await writeFile(paths[at] ?? '', text);
  return (await openStatementPolicies(ports, paths))(STATEMENT, TEST_TIME);
}

const refused = (kind: AppError['kind'], expected: RegExp) => (error: unknown) =>
  error instanceof AppError && error.kind === kind && expected.test(error.message);

test('a statement meets CUE that it fits and Rego that allows it', async () => {
  assert.deepEqual(await judge(), []);
  assert.deepEqual(await judge(['a.cue', 'predicate: critical: <2'], ['b.cue', 'predicateType: =~"^https"']), []);
  assert.deepEqual(await judge(['a.rego', 'package signature\nallow { input.predicate.critical < 2 }']), []);
  const parts = [
    ['a.rego', 'package signature\nimport data.limits\nallow { input.predicate.critical < limits.most }'],
    ['b.rego', 'package limits\nmost = 2'],
  ] as const;
  assert.deepEqual(await judge(...parts), [], 'modules make one program');
});

test('what is not met is said by file', async () => {
  const [cue = ''] = await judge(['a.cue', 'predicate: critical: 0']);
  assert.match(cue, /a\.cue: predicate\.critical: /);
  for (const [text, found] of [
    ['package signature\nallow { input.predicate.critical == 0 }', 'nothing'],
    ['package signature\ndefault allow = false', 'false'],
    ['package signature\nallow = "yes" { true }', '"yes"'],
    ['package other\nallow { true }', 'nothing'],
  ] as const) {
    const [said = ''] = await judge(['a.rego', text]);
    assert.match(said, new RegExp(`expected data\\.signature\\.allow to be true, found ${found}$`), text);
  }
  const both = await judge(['a.cue', 'predicate: critical: 0'], ['b.rego', 'package signature\nallow { false }']);
  assert.equal(both.length, 2);
});

test('what is no policy is refused', async () => {
  await assert.rejects(judge(['a.json', '{}']), refused('usage', /expected a file \.cue or \.rego/));
  await assert.rejects(judge(['a.cue', '{']), refused('invalid-input', /a\.cue/));
  await assert.rejects(judge(['a.rego', 'package']), refused('invalid-input', /a\.rego|expected/));
});
