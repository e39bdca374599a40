import assert from 'node:assert/strict';
import { test } from 'node:test';
import { digestOf } from '../core/index.ts';
import type { Evidence, Verdict } from '../core/index.ts';
import { evaluate } from './evaluate.ts';
import type { Case } from './evaluate.ts';
import { parsePolicies } from './parse.ts';
import { createAttestation, createSignature, createSubject, createTestKey, policyText } from './testing.ts';

const key = createTestKey();
const otherKey = createTestKey();
const SPDX = 'https://spdx.dev/Document';
const at = new Date('2026-01-02T00:00:00Z');
const signedBy = (owner: typeof key) => ({ key: { data: owner.pem } });

function judge(text: string | readonly string[], evidence: readonly Evidence[], more: Partial<Case> = {}): Verdict {
  const policies = [text].flat().flatMap((one) => parsePolicies(one, 'test.yaml'));
  return evaluate(policies, { subject: createSubject(), evidence, rejected: [], at, noMatch: 'deny', ...more });
}

function codes(verdict: Verdict): readonly string[] {
  return verdict.reasons.map((reason) => reason.code);
}

test("evaluate allows an image whose signature verified with the authority's key", () => {
  const verdict = judge(policyText([signedBy(key)]), [createSignature(key)]);
  assert.deepEqual([verdict.outcome, codes(verdict)], ['allow', ['signature-verified']]);
});

test("evaluate denies without evidence, with another key's, and with another digest's", () => {
  for (const evidence of [[], [createSignature(otherKey)], [createSignature(key, digestOf('other'))]]) {
    const verdict = judge(policyText([signedBy(key)]), evidence);
    assert.deepEqual([verdict.outcome, codes(verdict)], ['deny', ['no-matching-signature']]);
  }
});

test('an attestation by the right key is not an image signature', () => {
  assert.equal(judge(policyText([signedBy(key)]), [createAttestation(key, SPDX, {})]).outcome, 'deny');
});

test('an image signature does not stand in for a required attestation', () => {
  const text = policyText([{ ...signedBy(key), attestations: [{ name: 'sbom', predicateType: 'spdxjson' }] }]);
  const verdict = judge(text, [createSignature(key)]);
  assert.deepEqual([verdict.outcome, codes(verdict)], ['deny', ['no-matching-attestation']]);
  assert.equal(judge(text, [createAttestation(key, 'https://cyclonedx.org/bom', {})]).outcome, 'deny');
  assert.equal(judge(text, [createAttestation(otherKey, SPDX, {})]).outcome, 'deny');
  assert.equal(judge(text, [createAttestation(key, SPDX, {}, digestOf('other'))]).outcome, 'deny');
  assert.equal(judge(text, [createAttestation(key, SPDX, {})]).outcome, 'allow');
});

test('every attestation of an authority is needed, one statement of each type suffices', () => {
  const rules = [
    { name: 'sbom', predicateType: SPDX },
    { name: 'built', predicateType: 'slsaprovenance1', policy: { type: 'cel', data: 'predicate.level >= 2' } },
  ];
  const text = policyText([{ ...signedBy(key), attestations: rules }]);
  const sbom = createAttestation(key, SPDX, {});
  const low = createAttestation(key, 'https://slsa.dev/provenance/v1', { level: 1 });
  const high = createAttestation(key, 'https://slsa.dev/provenance/v1', { level: 3 });
  const half = judge(text, [sbom]);
  assert.deepEqual([half.outcome, codes(half)], ['deny', ['attestation-verified', 'no-matching-attestation']]);
  const failing = judge(text, [sbom, low]);
  assert.deepEqual([failing.outcome, codes(failing)], ['deny', ['attestation-verified', 'condition-failed']]);
  assert.equal(judge(text, [high]).outcome, 'deny');
  assert.equal(judge(text, [sbom, low, high]).outcome, 'allow');
});

test('a condition that errs or gives no boolean denies', () => {
  for (const data of ['predicate.missing == 1', 'predicate.level', '1 / 0 == 1']) {
    const text = policyText([
      { ...signedBy(key), attestations: [{ name: 'a', predicateType: SPDX, policy: { type: 'cel', data } }] },
    ]);
    const verdict = judge(text, [createAttestation(key, SPDX, { level: 1 })]);
    assert.deepEqual([verdict.outcome, codes(verdict)], ['deny', ['condition-error']], data);
  }
});

test('a condition sees the time of judgement', () => {
  const data = "now - timestamp(predicate.finished) < duration('24h')";
  const text = policyText([
    { ...signedBy(key), attestations: [{ name: 'young', predicateType: SPDX, policy: { type: 'cel', data } }] },
  ]);
  const young = createAttestation(key, SPDX, { finished: '2026-01-01T12:00:00Z' });
  assert.equal(judge(text, [young]).outcome, 'allow');
  assert.equal(judge(text, [young], { at: new Date('2026-01-03T00:00:00Z') }).outcome, 'deny');
});

test('authorities are alternatives, policies are all needed', () => {
  assert.equal(judge(policyText([signedBy(otherKey), signedBy(key)]), [createSignature(key)]).outcome, 'allow');
  const verdict = judge([policyText([signedBy(key)]), policyText([signedBy(otherKey)])], [createSignature(key)]);
  assert.deepEqual([verdict.outcome, codes(verdict)], ['deny', ['signature-verified', 'no-matching-signature']]);
});

test('a static authority decides without evidence', () => {
  assert.equal(judge(policyText([{ static: { action: 'pass' } }]), []).outcome, 'allow');
  assert.deepEqual(codes(judge(policyText([{ static: { action: 'fail' } }]), [createSignature(key)])), ['static-fail']);
});

test('warn mode admits and tells every reason', () => {
  const verdict = judge(policyText([signedBy(key)], { mode: 'warn' }), []);
  assert.deepEqual([verdict.outcome, codes(verdict)], ['warn', ['no-matching-signature']]);
});

test("a warning of one policy does not soften another's denial", () => {
  const verdict = judge([policyText([signedBy(key)], { mode: 'warn' }), policyText([signedBy(key)])], []);
  assert.equal(verdict.outcome, 'deny');
});

test('an image that no policy speaks of gets what was configured', () => {
  const text = policyText([signedBy(key)], { images: [{ glob: 'elsewhere.example/**' }] });
  for (const noMatch of ['deny', 'warn', 'allow'] as const) assert.equal(judge(text, [], { noMatch }).outcome, noMatch);
});

test('match narrows a policy to kinds and labels', () => {
  const match = (selector: unknown, resource = 'pods') =>
    policyText([signedBy(key)], { match: [{ version: 'v1', resource, selector }] });
  assert.equal(judge(match({ matchLabels: { tier: 'web' } }), []).reasons[0]?.code, 'no-matching-signature');
  assert.equal(judge(match({ matchLabels: { tier: 'db' } }), []).reasons[0]?.code, 'no-matching-policy');
  assert.equal(
    judge(match({ matchExpressions: [{ key: 'tier', operator: 'NotIn', values: ['web'] }] }), []).reasons[0]?.code,
    'no-matching-policy',
  );
  assert.equal(judge(match(undefined, 'jobs'), []).reasons[0]?.code, 'no-matching-policy');
});

test('a signer proven by certificate is not the authority whose key id it claims', () => {
  const signer = { kind: 'certificate', issuer: 'i', subject: key.keyId, keyId: key.keyId } as const;
  assert.equal(judge(policyText([signedBy(key)]), [{ ...createSignature(key), signer }]).outcome, 'deny');
});

test('a statement that was pushed many times is judged once', () => {
  const rule = { name: 'a', predicateType: SPDX, policy: { type: 'cel', data: 'predicate.level > 1' } };
  const text = policyText([{ ...signedBy(key), attestations: [rule] }]);
  const low = createAttestation(key, SPDX, { level: 1 });
  const copies = Array.from({ length: 50 }, (_, index) => ({ ...low, source: digestOf(`copy ${index}`) }));
  assert.deepEqual(codes(judge(text, copies)), ['condition-failed']);
  assert.equal(judge(text, [...copies, createAttestation(key, SPDX, { level: 2 })]).outcome, 'allow');
});

test('very many rejected candidates do not flood a denial', () => {
  const rejected = Array.from({ length: 100 }, () => ({ code: 'signature-mismatch', message: 'no' }));
  assert.equal(judge(policyText([signedBy(key)]), [], { rejected }).reasons.length, 21);
});

test('rejected candidates are told in a denial', () => {
  const rejected = [{ code: 'signature-wrong', message: 'the signature does not fit the payload' }];
  assert.deepEqual(codes(judge(policyText([signedBy(key)]), [], { rejected })), [
    'no-matching-signature',
    'signature-wrong',
  ]);
});

test('Rego says yes with true, or with a result that warns of nothing', () => {
  const judged = (rego: string, predicate: unknown = { data: 'x' }) => {
    const policy = { type: 'rego', data: `package sigstore\n${rego}` };
    const rule = { name: 'a', predicateType: SPDX, policy };
    const text = policyText([{ ...signedBy(key), attestations: [rule] }]);
    const { outcome, reasons } = judge(text, [createAttestation(key, SPDX, predicate)]);
    return [outcome, reasons[0]?.code, reasons[0]?.expected];
  };
  const yes = ['allow', 'attestation-verified', undefined];
  const no = (expected: string) => ['deny', 'condition-failed', expected];
  assert.deepEqual(judged('isCompliant { input.predicate.data == "x" }'), yes);
  assert.deepEqual(judged('isCompliant { input.predicate.data == "y" }'), no('data.sigstore.isCompliant to be true'));
  assert.deepEqual(
    judged('default isCompliant = false\nisCompliant = false { true }'),
    no('data.sigstore.isCompliant to be true'),
  );
  const entry = (result: boolean, more = '') => `isCompliant = r { r := [{"result": ${result}${more}}] }`;
  assert.deepEqual(judged(entry(true)), yes);
  assert.deepEqual(judged(entry(true, ', "error": "", "warning": ""')), yes);
  assert.deepEqual(judged(entry(true, ', "warning": "old"')), no('old'));
  assert.deepEqual(judged(entry(false, ', "error": "too old"')), no('too old'));
  assert.deepEqual(judged('isCompliant = "yes"').slice(0, 2), ['deny', 'condition-error']);
  assert.deepEqual(judged('import rego.v1\nisCompliant if input.predicate.data == "x"'), yes);
  for (const [rego, message] of [
    ['isCompliant { http.send({}) }', /http\.send/],
    ['isCompliant { x }', /rego_unsafe_var_error|x/],
  ] as const)
    assert.throws(() => judged(rego), message);
  const elsewhere = {
    name: 'a',
    predicateType: SPDX,
    policy: { type: 'rego', data: 'package other\nisCompliant = true' },
  };
  assert.throws(() => judge(policyText([{ ...signedBy(key), attestations: [elsewhere] }]), []), /of package sigstore/);
});

test('of results with entries the first that says yes decides', () => {
  const entries = '[{"result": true, "warning": "old"}, {"result": true}]';
  const rule = {
    name: 'a',
    predicateType: SPDX,
    policy: { type: 'rego', data: `package sigstore\nisCompliant = ${entries}` },
  };
  const text = policyText([{ ...signedBy(key), attestations: [rule] }]);
  const verdict = judge(text, [createAttestation(key, SPDX, {})]);
  assert.deepEqual([verdict.outcome, codes(verdict)], ['deny', ['condition-failed']]);
});

test('attestations of an authority that is not satisfied are there, and none', () => {
  const wanted = { ...signedBy(otherKey), name: 'b', attestations: [{ name: 'sbom', predicateType: SPDX }] };
  const data = 'import "list"\nauthorityMatches: b: attestations: sbom: list.MinItems(1)';
  const text = policyText([signedBy(key), wanted], { policy: { type: 'cue', data } });
  assert.equal(judge(text, [createSignature(key)]).outcome, 'deny');
  assert.equal(judge(text, [createSignature(key), createAttestation(otherKey, SPDX, {})]).outcome, 'allow');
});

test('a rule over everything counts who said what, not how often it is kept', () => {
  const certified = (subject: string): Evidence => ({
    ...createSignature(key),
    signer: { kind: 'certificate', issuer: 'https://issuer.test', subject },
    demand: keyless.id,
  });
  const identities = ['ann', 'bob'].map((subject) => ({ issuer: 'https://issuer.test', subject }));
  const data = 'import "list"\nauthorityMatches: reviewers: signatures: list.MinItems(2)';
  const text = policyText([{ name: 'reviewers', keyless: { identities } }], { policy: { type: 'cue', data } });
  const [authority] = parsePolicies(text, 'test.yaml')[0]?.authorities ?? [];
  assert.ok(authority?.kind === 'signer');
  const keyless = authority.signer;
  const ann = certified('ann');
  assert.equal(judge(text, [ann, { ...ann, storage: 'tag', source: digestOf('legacy') }]).outcome, 'deny');
  assert.equal(judge(text, [ann, certified('bob')]).outcome, 'allow');
  const ids = '[...{id: string}] & list.UniqueItems()';
  assert.equal(judge(text.replace('list.MinItems(2)', ids), [ann, certified('bob')]).outcome, 'allow', 'ids differ');
  const attested = policyText(
    [{ name: 'reviewers', keyless: { identities }, attestations: [{ name: 'review', predicateType: SPDX }] }],
    { policy: { type: 'cue', data: data.replace('signatures', 'attestations: review') } },
  );
  const review = (of: Evidence): Evidence => ({
    ...createAttestation(key, SPDX, {}),
    signer: of.signer,
    demand: keyless.id,
  });
  assert.equal(judge(attested, [review(ann), review(ann)]).outcome, 'deny');
  assert.equal(judge(attested, [review(ann), review(certified('bob'))]).outcome, 'allow', 'both said the same');
});

test('a condition that takes too long denies in seconds, whatever its language', () => {
  const predicate = { list: Array.from({ length: 400 }, (_, index) => index) };
  const slow = {
    cue: 'predicate: list: [...]\nx: [for a in predicate.list for b in predicate.list for c in predicate.list {a + b + c}]',
    rego: 'package sigstore\nisCompliant { l := input.predicate.list; count({[a, b, c] | a := l[_]; b := l[_]; c := l[_]}) > 0 }',
  };
  for (const [type, data] of Object.entries(slow)) {
    const rule = { name: 'a', predicateType: SPDX, policy: { type, data } };
    const start = performance.now();
    const verdict = judge(policyText([{ ...signedBy(key), attestations: [rule] }]), [
      createAttestation(key, SPDX, predicate),
    ]);
    assert.deepEqual([verdict.outcome, codes(verdict)], ['deny', ['condition-error']], type);
    assert.ok(performance.now() - start < 10_000, type);
  }
});

test('the conditions of an image have one ceiling together, and the next image is judged', () => {
  const list = Array.from({ length: 400 }, (_, index) => index);
  const slow =
    'package sigstore\nisCompliant { l := input.predicate.list; count({[a, b, c] | a := l[_]; b := l[_]; c := l[_]}) > 0 }';
  const rule = { name: 'a', predicateType: SPDX, policy: { type: 'rego', data: slow } };
  const text = policyText([{ ...signedBy(key), attestations: [rule] }]);
  const policies = parsePolicies(text, 'test.yaml');
  const matter: Case = { subject: createSubject(), evidence: [], rejected: [], at, noMatch: 'deny' };
  const evidence = [1, 2, 3].map((count) => createAttestation(key, SPDX, { count, list }));
  const start = performance.now();
  const verdict = evaluate(policies, { ...matter, evidence }, 300);
  assert.ok(performance.now() - start < 1900, 'before the ceiling of one');
  assert.deepEqual([verdict.outcome, codes(verdict)], ['deny', ['condition-error']]);
  assert.match(verdict.reasons[0]?.message ?? '', /of all policies together: expected an answer within 300 ms/);
  const short = createAttestation(key, SPDX, { list: [1] });
  assert.equal(evaluate(policies, { ...matter, evidence: [short] }).outcome, 'allow');
  const warning = parsePolicies(
    policyText([{ ...signedBy(key), attestations: [rule] }], { mode: 'warn' }),
    'test.yaml',
  );
  assert.equal(evaluate(warning, { ...matter, evidence }, 300).outcome, 'warn');
});
