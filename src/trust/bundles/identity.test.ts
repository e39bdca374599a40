import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TextRule } from '../../core/index.ts';
import { AppError, exactly, parsePattern } from '../../core/index.ts';
import type { Certificate } from '../crypto/index.ts';
import { findIdentity } from './identity.ts';

const ISSUER = 'https://token.actions.githubusercontent.com';
const SUBJECT = 'https://github.com/acme/app/.github/workflows/build.yml@refs/heads/main';

function certificateOf(
  names: readonly string[],
  claims: Readonly<Record<number, string>> = { 8: ISSUER },
): Certificate {
  const extensions = {
    names: names.map((value) => ({ kind: 'uri', value })),
    claims: new Map(Object.entries(claims).map(([number, text]) => [Number(number), text])),
  };
  // Only the extensions are looked at.
  return { extensions } as unknown as Certificate;
}

function matches(subject: TextRule, name: string): boolean {
  return findIdentity(certificateOf([name]), { issuer: exactly(ISSUER), subject }) !== undefined;
}

test('an identity matches exactly: no prefix, suffix or other case', () => {
  assert.ok(matches(exactly(SUBJECT), SUBJECT));
  for (const other of [`${SUBJECT}x`, SUBJECT.slice(1), SUBJECT.toUpperCase(), `${SUBJECT}\n`, '']) {
    assert.ok(!matches(exactly(SUBJECT), other), JSON.stringify(other));
  }
});

test('a pattern must match from the first character to the last', () => {
  const pattern = parsePattern('https://github\\.com/acme/app/.*', 'subject');
  assert.ok(matches(pattern, SUBJECT));
  for (const other of [
    'https://evil.test/?https://github.com/acme/app/x',
    'https://github.com/acme/app-evil/x',
    'https://github.com/acme/app/x\nhttps://evil.test',
    'https://githubxcom/acme/app/x',
  ]) {
    assert.ok(!matches(pattern, other), other);
  }
  const either = parsePattern('a|b', 'subject');
  assert.ok(matches(either, 'a') && matches(either, 'b'));
  assert.ok(!matches(either, 'ax') && !matches(either, 'xb'));
});

test('a pattern cannot close the anchors around it, and none is not any', () => {
  for (const source of ['a)|(?:b', '', '(', '.'.repeat(5000)]) {
    assert.throws(
      () => parsePattern(source, 'subject'),
      (error) => error instanceof AppError && error.kind === 'usage',
      source.slice(0, 20),
    );
  }
  assert.throws(() => exactly(''), AppError);
});

test('the newer claim of the issuer is preferred, and without one nobody matches', () => {
  const rule = { issuer: exactly(ISSUER), subject: exactly(SUBJECT) };
  assert.ok(findIdentity(certificateOf([SUBJECT], { 1: ISSUER }), rule));
  assert.equal(findIdentity(certificateOf([SUBJECT], { 1: ISSUER, 8: 'https://other.test' }), rule), undefined);
  const anybody = { issuer: parsePattern('.*', 'issuer'), subject: parsePattern('.*', 'subject') };
  assert.equal(findIdentity(certificateOf([SUBJECT], {}), anybody), undefined);
  assert.equal(findIdentity(certificateOf([]), anybody), undefined);
});

test('each of several names is an identity, and claims must be equal', () => {
  const rule = { issuer: exactly(ISSUER), subject: exactly('b') };
  assert.deepEqual(findIdentity(certificateOf(['a', 'b']), rule), { issuer: ISSUER, subject: 'b' });
  const claimed = { ...rule, claims: { 14: 'refs/heads/main' } };
  assert.equal(findIdentity(certificateOf(['b']), claimed), undefined);
  assert.equal(findIdentity(certificateOf(['b'], { 8: ISSUER, 14: 'refs/heads/main2' }), claimed), undefined);
  assert.ok(findIdentity(certificateOf(['b'], { 8: ISSUER, 14: 'refs/heads/main' }), claimed));
});

test('patterns are read as Go programs write them, and what JavaScript reads otherwise is refused', () => {
  for (const source of [
    String.raw`https:\/\/github\.com\/acme\/app\/\.github\/workflows\/build\.yml\@refs/heads/main`,
    String.raw`(?i)HTTPS://GITHUB\.COM/(?P<owner>acme)/[\w\-\.\@/:]+`,
    String.raw`^https\://github.com/acme/.*$`,
  ]) {
    assert.ok(matches(parsePattern(source, 'subject'), SUBJECT), source);
  }
  assert.ok(!matches(parsePattern(String.raw`https\\\-.*`, 'subject'), SUBJECT));
  assert.ok(matches(parsePattern(String.raw`a\\\-b`, 'subject'), String.raw`a\-b`));
  for (const source of [String.raw`\Ahttps.*\z`, '[[:alpha:]]+', '(?m)^https', '(?-s)x', 'x{2,1}']) {
    assert.throws(() => parsePattern(source, 'subject'), { kind: 'usage' }, source);
  }
});

test('a name longer than any is not tried against patterns', () => {
  assert.ok(!matches(parsePattern('.*', 'subject'), 'x'.repeat(5000)));
});

test('anybody at all is a rule of its own, never the absence of one', () => {
  const rule = { issuer: { kind: 'unsafe-any' } as const, subject: exactly('a') };
  assert.ok(findIdentity(certificateOf(['a'], {}), rule));
  assert.equal(findIdentity(certificateOf(['b'], {}), rule), undefined);
});

test('no name keeps a pattern busy: what cannot be said in time is no match', () => {
  const start = performance.now();
  for (const pattern of ['https://github\\.com/([a-z]+/?)*@refs', '(.*)/(.*)/(.*)/(.*)x'])
    assert.ok(!matches(parsePattern(pattern, 'subject'), `https://github.com/${'a'.repeat(40)}${'/'.repeat(1000)}`));
  assert.ok(performance.now() - start < 5000);
});
