import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { AppError, parseDigest } from '../core/index.ts';
import { dataSet, needsSharedData } from '../../test/shared-data.ts';
import { decodeResourceDescriptor, digestSetsAgree } from './resource-descriptor.ts';
import {
  decodeStatement,
  digestSetOf,
  encodeStatement,
  findSubject,
  parseStatement,
  STATEMENT_V01,
  STATEMENT_V1,
} from './statement.ts';

const artifact = parseDigest(`sha256:${'a'.repeat(64)}`);

function refused(message: RegExp): (error: unknown) => boolean {
  return (error) => error instanceof AppError && error.kind === 'invalid-input' && message.test(error.message);
}

test('a statement is written with the field order that others write, and read back', () => {
  const bytes = encodeStatement({
    type: STATEMENT_V01,
    subjects: [{ name: 'app', digest: digestSetOf(artifact) }],
    predicateType: 'https://example.com/p',
    predicate: { a: 1 },
  });
  const expected = `{"_type":"${STATEMENT_V01}","subject":[{"name":"app","digest":{"sha256":"${'a'.repeat(64)}"}}],"predicateType":"https://example.com/p","predicate":{"a":1}}`;
  assert.equal(new TextDecoder().decode(bytes), expected);
  const statement = parseStatement(bytes);
  assert.equal(statement.type, STATEMENT_V01);
  assert.deepEqual(statement.predicate, { a: 1 });
});

test("a subject matches by the artifact's own algorithm only", () => {
  const sha512 = parseDigest(`sha512:${'b'.repeat(128)}`);
  const digest = { sha512: 'b'.repeat(128) };
  const statement = decodeStatement({ _type: STATEMENT_V1, subject: [{ digest }], predicateType: 'p:p' }, 'statement');
  assert.equal(findSubject(statement, artifact), undefined);
  assert.equal(findSubject(statement, sha512)?.digest['sha512'], digest.sha512);
});

test('only the value of the very algorithm counts, whatever stands beside it', () => {
  const hex = 'a'.repeat(64);
  for (const digest of [
    { sha256: 'b'.repeat(64), sha3: hex },
    { sha256: 'b'.repeat(64), gitCommit: hex },
    { SHA256: hex },
    { 'sha-256': hex },
  ]) {
    const statement = decodeStatement(
      { _type: STATEMENT_V1, subject: [{ digest }], predicateType: 'p:p' },
      'statement',
    );
    assert.equal(findSubject(statement, artifact), undefined, JSON.stringify(digest));
  }
  const several = [{ digest: { sha256: 'b'.repeat(64) } }, { name: 'other', digest: { sha256: hex } }];
  const statement = decodeStatement({ _type: STATEMENT_V1, subject: several, predicateType: 'p:p' }, 'statement');
  assert.equal(findSubject(statement, artifact)?.name, 'other');
});

test('a digest in upper case, of another length or with other letters is refused, not passed over', () => {
  for (const sha256 of ['A'.repeat(64), 'a'.repeat(63), 'a'.repeat(65), `${'a'.repeat(63)}g`, ` ${'a'.repeat(63)}`]) {
    const value = { _type: STATEMENT_V1, subject: [{ digest: { sha256 } }], predicateType: 'p:p' };
    assert.throws(() => decodeStatement(value, 'statement'), refused(/lower-case hex digits/), sha256);
  }
});

test('a digest that only looks like a property of every object never matches', () => {
  const statement = decodeStatement(
    { _type: STATEMENT_V1, subject: [{ digest: { md5: '0'.repeat(32) } }], predicateType: 'p:p' },
    'statement',
  );
  assert.equal(findSubject(statement, artifact), undefined);
});

test('more subjects than the ceiling are refused', () => {
  const subject = Array.from({ length: 10_001 }, () => ({ digest: digestSetOf(artifact) }));
  assert.throws(
    () => decodeStatement({ _type: STATEMENT_V1, subject, predicateType: 'p:p' }, 'statement'),
    refused(/statement\.subject: expected at most 10000 entries/),
  );
});

test('a statement without subjects, and a subject without digests, are refused with the path', () => {
  const decode = (subject: unknown) => (): unknown =>
    decodeStatement({ _type: STATEMENT_V1, subject, predicateType: 'p:p' }, 'statement');
  assert.throws(decode([]), refused(/^statement\.subject: expected at least one subject/));
  const subjects = [{ digest: digestSetOf(artifact) }, { digest: {} }];
  assert.throws(decode(subjects), refused(/^statement\.subject\[1\]\.digest: expected at least one digest/));
});

interface Cases {
  readonly statements: readonly { case: string; artifactSha256: string; statement: unknown; expect: string }[];
  readonly resourceDescriptors: readonly { case: string; descriptor: unknown; expect: string }[];
  readonly digestSetMatching: readonly { a: Record<string, string>; b: Record<string, string>; match: boolean }[];
}

function readCases(): Cases {
  return JSON.parse(readFileSync(join(dataSet('predicates'), 'statement-cases.json'), 'utf8')) as Cases;
}

test('published statements match their artifacts as published', needsSharedData, () => {
  for (const entry of readCases().statements) {
    let outcome = 'fail';
    try {
      const statement = decodeStatement(entry.statement, 'statement');
      if (findSubject(statement, parseDigest(`sha256:${entry.artifactSha256}`)) !== undefined) outcome = 'pass';
    } catch (error) {
      assert.ok(error instanceof AppError && error.kind === 'invalid-input', entry.case);
    }
    // Upper-case digests are refused, so that they can never be silently unequal.
    assert.equal(outcome, entry.expect === 'pass-or-fail' ? 'fail' : entry.expect, entry.case);
  }
});

test('published resource descriptors and digest sets are judged as published', needsSharedData, () => {
  const cases = readCases();
  for (const entry of cases.resourceDescriptors) {
    const decode = (): unknown => decodeResourceDescriptor(entry.descriptor, 'descriptor');
    if (entry.expect === 'pass') decode();
    else assert.throws(decode, refused(/^descriptor/), entry.case);
  }
  for (const { a, b, match } of cases.digestSetMatching) assert.equal(digestSetsAgree(a, b), match);
});
