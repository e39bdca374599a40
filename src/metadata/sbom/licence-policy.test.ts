import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { checkLicencePattern, judgeLicences, kindOfLicences, matchesPattern } from './licence-policy.ts';

const ALLOW = ['MIT', 'BSD-*', 'Apache-2.0', 'GPL-2.0-only WITH Classpath-exception-2.0'];
const DENY = ['GPL-*', 'LicenseRef-Bad'];

/** Judged with both lists, with the first alone, with the second alone. */
const TABLE: readonly (readonly [string, string, string, string])[] = [
  ['MIT', 'allowed', 'allowed', 'allowed'],
  ['mit', 'allowed', 'allowed', 'allowed'],
  ['BSD-3-Clause', 'allowed', 'allowed', 'allowed'],
  ['ISC', 'not-allowed', 'not-allowed', 'allowed'],
  ['GPL-2.0', 'denied', 'not-allowed', 'denied'],
  ['GPL-2.0+', 'denied', 'not-allowed', 'denied'],
  ['Apache-2.0+', 'allowed', 'allowed', 'allowed'],
  ['MIT OR GPL-2.0-only', 'allowed', 'allowed', 'allowed'],
  ['GPL-2.0-only OR ISC', 'not-allowed', 'not-allowed', 'allowed'],
  ['MIT AND GPL-2.0-only', 'denied', 'not-allowed', 'denied'],
  ['MIT AND (ISC OR BSD-2-Clause)', 'allowed', 'allowed', 'allowed'],
  ['(MIT OR ISC) AND (GPL-3.0-only OR ISC)', 'not-allowed', 'not-allowed', 'allowed'],
  ['GPL-2.0-only WITH Classpath-exception-2.0', 'denied', 'allowed', 'denied'],
  ['GPL-2.0-with-classpath-exception', 'denied', 'allowed', 'denied'],
  ['Apache-2.0 WITH LLVM-exception', 'allowed', 'allowed', 'allowed'],
  ['LicenseRef-Bad', 'denied', 'not-allowed', 'denied'],
  ['LicenseRef-Other', 'not-allowed', 'not-allowed', 'allowed'],
  ['see LICENSE', 'not-allowed', 'not-allowed', 'allowed'],
];

test('judgeLicences takes expressions as they mean', () => {
  for (const [text, ...expected] of TABLE) {
    const outcomes = [
      { allow: ALLOW, deny: DENY },
      { allow: ALLOW, deny: [] },
      { allow: [], deny: DENY },
    ].map((policy) => judgeLicences([text], policy).outcome);
    assert.deepEqual([text, ...outcomes], [text, ...expected]);
  }
});

test('what a component lists must be let through as a whole; nothing and nonsense have words of their own', () => {
  const deny = { allow: [], deny: ['unknown', 'none'] };
  assert.deepEqual(judgeLicences(['MIT', 'GPL-2.0-only'], { allow: ['MIT'], deny: [] }), {
    outcome: 'not-allowed',
    because: ['GPL-2.0-only'],
  });
  assert.equal(judgeLicences([], { allow: ['MIT'], deny: [] }).outcome, 'not-allowed');
  assert.equal(judgeLicences([], { allow: ['MIT', 'none'], deny: [] }).outcome, 'allowed');
  assert.equal(judgeLicences([], deny).outcome, 'denied');
  assert.equal(judgeLicences(['GPL2'], { allow: [], deny: ['GPL*'] }).outcome, 'denied');
  assert.deepEqual(judgeLicences(['see LICENSE'], deny), { outcome: 'denied', because: ['see LICENSE'] });
  assert.deepEqual(
    ['MIT', 'LicenseRef-X OR MIT', 'what'].map((text) => kindOfLicences([text])),
    ['listed', 'reference', 'unknown'],
  );
  assert.equal(kindOfLicences([]), 'none');
});

test('a licence that is denied with its exception stays denied although it is allowed without', () => {
  const policy = { allow: ['GPL-2.0-only'], deny: ['GPL-2.0-only WITH Classpath-exception-2.0'] };
  assert.equal(judgeLicences(['GPL-2.0-only WITH Classpath-exception-2.0'], policy).outcome, 'denied');
  assert.equal(judgeLicences(['GPL-2.0-only'], policy).outcome, 'allowed');
});

test('an OR is never judged worse than a side of it, an AND never better', () => {
  const id = fc.constantFrom('MIT', 'ISC', 'GPL-2.0-only', 'LicenseRef-Bad', 'BSD-2-Clause');
  const expression = fc.array(fc.tuple(id, fc.constantFrom(' AND ', ' OR ')), { minLength: 1, maxLength: 6 });
  const rank = (text: string) =>
    ['denied', 'not-allowed', 'allowed'].indexOf(judgeLicences([text], { allow: ALLOW, deny: DENY }).outcome);
  const textOf = (parts: readonly (readonly [string, string])[]) =>
    `(${parts.map(([name, joint], index) => `${index === 0 ? '' : joint}${name}`).join('')})`;
  fc.assert(
    fc.property(expression.map(textOf), expression.map(textOf), (left, right) => {
      assert.equal(rank(`${left} OR ${right}`), Math.max(rank(left), rank(right)));
      assert.equal(rank(`${left} AND ${right}`), Math.min(rank(left), rank(right)));
    }),
  );
});

test('patterns match whole texts, and those that can match nothing are refused', () => {
  assert.ok(matchesPattern('a*b*c', 'a--b--c'));
  assert.ok(!matchesPattern('a*b*c', 'a--c--b'));
  assert.ok(!matchesPattern('ab*bc', 'abc'));
  assert.ok(!matchesPattern('MIT', 'MIT-0'));
  assert.equal(checkLicencePattern('gpl-2.0-only', '--deny'), 'GPL-2.0-only');
  assert.equal(checkLicencePattern('GPL-2.0', '--deny'), 'GPL-2.0-only');
  for (const text of ['GPL2', 'MIT OR ISC', ''])
    assert.throws(() => checkLicencePattern(text, '--deny'), { kind: 'usage', message: /^--deny: expected an id/ });
});
