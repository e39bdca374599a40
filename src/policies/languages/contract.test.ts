/** What policies mean, written in every language: over one document, all give one verdict. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createAttestation, createTestKey } from '../testing.ts';
import { compileCelCondition } from './cel-condition.ts';
import { compileCueCondition } from './cue-condition.ts';
import { LIST_INTENTS } from './intents-of-lists.ts';
import { VALUE_INTENTS } from './intents-of-values.ts';
import type { Intent } from './intents-of-values.ts';
import { compileRegoCondition } from './rego-condition.ts';

const AT = new Date('2026-06-01T00:00:00Z');
const KEY = createTestKey();
const INTENTS = [...VALUE_INTENTS, ...LIST_INTENTS];

type Judge = (predicate: unknown) => boolean;

/** Each language: whether the predicate of a statement is as its text wants. */
function judgesOf({ name, cel, cue, rego0, rego1 }: Intent): Readonly<Record<string, Judge>> {
  const compiledCel = compileCelCondition(cel, name);
  const compiledCue = compileCueCondition(cue, name);
  const compiledRego0 = compileRegoCondition(`package sigstore\n${rego0}`, name);
  const compiledRego1 = compileRegoCondition(`package sigstore\nimport rego.v1\n${rego1}`, name);
  const statementOf = (predicate: unknown) => createAttestation(KEY, 'https://example.com/v1', predicate);
  return {
    cel: (predicate) => compiledCel(statementOf(predicate), AT).kind === 'holds',
    cue: (predicate) => compiledCue(new TextDecoder().decode(statementOf(predicate).payload)).kind === 'holds',
    rego0: (predicate) => compiledRego0(statementOf(predicate).statement, AT).kind === 'holds',
    rego1: (predicate) => compiledRego1(statementOf(predicate).statement, AT).kind === 'holds',
  };
}

for (const intent of INTENTS) {
  test(`in every language: ${intent.name}`, () => {
    const judges = judgesOf(intent);
    const wanted = { satisfied: true, violated: false, missing: intent.isMissingFine ?? false, malformed: false };
    for (const [input, expected] of Object.entries(wanted)) {
      const predicate = intent[input as keyof typeof wanted];
      const found = Object.fromEntries(Object.entries(judges).map(([language, judge]) => [language, judge(predicate)]));
      const all = { cel: expected, cue: expected, rego0: expected, rego1: expected };
      assert.deepEqual(found, all, `${input}: ${JSON.stringify(predicate)}`);
    }
  });
}

test('there are intents enough, and each text is of its own', () => {
  assert.ok(INTENTS.length >= 25);
  assert.equal(new Set(INTENTS.map(({ name }) => name)).size, INTENTS.length);
});
