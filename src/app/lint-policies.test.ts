import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { createTestPorts } from '../io/testing.ts';
import { createTestKey, policyText } from '../policies/testing.ts';
import { lintPolicies } from './lint-policies.ts';
import { makePolicy, POLICY_TEMPLATES } from './policy-templates.ts';

const key = createTestKey();
const keyless = (more: object) => ({ keyless: { identities: [{ issuer: 'https://a.test', subject: 'b' }], ...more } });

async function lint(files: Readonly<Record<string, string>>, resolves = false) {
  const ports = createTestPorts();
  const folder = join(ports.home, 'policies');
  for (const [name, text] of Object.entries(files)) {
    await ports.files.makeFolder(folder);
    await ports.files.writeAtomic(join(folder, name), text);
  }
  const findings = await lintPolicies(ports, { paths: [folder], resolves });
  return findings.map(
    ({ level, code, where, message }) => `${level} ${code} ${where.slice(folder.length + 1)}: ${message}`,
  );
}

test('lint reports everything that is wrong, each at its place', async () => {
  const found = await lint({
    'a.yaml': policyText([{ key: { data: key.pem } }], { imagez: [] }),
    'b.yaml': 'a: [',
    'c.yaml': policyText([{ key: { secretRef: { name: 'gone' } } }]),
    'd.yaml': policyText([{ key: { data: key.pem } }]),
    'e.yaml': policyText([{ key: { data: key.pem } }]),
  });
  assert.deepEqual(
    found.map((line) => line.replace(/: .*/s, '')),
    ['a.yaml:1:362', 'b.yaml:1:5', 'c.yaml:1:170', 'd.yaml:1:1', 'e.yaml:1:1'].map(
      (place) => `error error-invalid-input ${place}`,
    ),
  );
  assert.match(found[0] ?? '', /spec\.imagez: unknown field/);
  assert.match(found[2] ?? '', /expected Secret gone, found none/);
  assert.match(found[3] ?? '', /the name policy is that of the policy in .*c\.yaml/);
});

test('lint warns of what is legal and rarely meant', async () => {
  const authorities = [
    { name: 'all', static: { action: 'pass' } },
    {
      name: 'lax',
      ...keyless({ insecureIgnoreSCT: true, identities: [{ issuer: 'https://a.test', subjectRegExp: 'a.test/.*' }] }),
    },
    { name: 'strict', ...keyless({ identities: [{ issuer: 'https://a.test', subjectRegExp: 'a\\.test/[.]*' }] }) },
  ];
  const found = await lint({ 'a.yaml': policyText(authorities, { mode: 'warn' }) });
  assert.deepEqual(
    found.map((line) => line.split(' ').slice(0, 2).join(' ')),
    ['moot-authorities', 'warns-only', 'loose-pattern', 'ignores-scts'].map((code) => `warning ${code}`),
  );
  assert.match(found[2] ?? '', /lax: \. in a\.test\/\.\* stands for any character/);
});

test('lint says who is believed only when it is asked to look', async () => {
  const files = { 'a.yaml': policyText([keyless({})]) };
  assert.deepEqual(await lint(files), []);
  assert.match(
    (await lint(files, true))[0] ?? '',
    /error error-untrusted-root a\.yaml:1:1: policy policy: expected a trusted root/,
  );
});

test('every template makes a policy without fault, and none without somebody who signs', async () => {
  for (const name of Object.keys(POLICY_TEMPLATES)) {
    const text = makePolicy(name, { glob: '**', repository: 'acme/app.js', licenses: ['MIT'] });
    assert.deepEqual(await lint({ 'a.yaml': text }), [], name);
    assert.throws(() => makePolicy(name, { glob: '**', licenses: ['MIT'] }), { kind: 'usage' }, name);
    assert.throws(() => makePolicy(name, { glob: '**', licenses: ['MIT'], key: key.pem, subject: 'a', issuer: 'b' }), {
      kind: 'usage',
    });
  }
  const wrong = { glob: '**', key: key.pem, licenses: [] };
  assert.throws(() => makePolicy('nothing', wrong), /expected a template \(signed, a-map, slsa, licenses\)/);
  assert.throws(() => makePolicy('slsa', { ...wrong, level: '4' }), /--level: expected 0 to 3/);
  assert.throws(() => makePolicy('licenses', wrong), /--license: expected at least one/);
  assert.throws(() => makePolicy('signed', { glob: '**', repository: 'app', licenses: [] }), /expected OWNER\/NAME/);
});

test('what is wrong is shown by line and column, also inside of a text of another language', async () => {
  const head = (name: string) => `apiVersion: policy.sigstore.dev/v1beta1
kind: ClusterImagePolicy
metadata: {name: ${name}}
spec:
  images: [{glob: "**"}]
`;
  const text = `${head('a')}  authorities: [{static: {action: pass}}]
  policy:
    type: cel
    data: |
      authorityMatches.size() > 0 &&
        lower("A") == "a"
---
${head('b')}  authorities: [{key: {data: "x"}}]
---
${head('c')}  authorities: []
`;
  assert.deepEqual(await lint({ 'a.yaml': text }), [
    'error error-invalid-input a.yaml:11:9: spec.policy.data: unknown function lower',
    'error error-invalid-input a.yaml:18:30: spec.authorities[0].key.data: expected a PEM "PUBLIC KEY", found "x"',
    'error error-invalid-input a.yaml:25:16: spec.authorities: expected at least one authority, found none',
  ]);
});

test('a pattern that every subject fits is warned of', async () => {
  const identities = [{ issuer: 'https://a.test', subjectRegExp: '.*' }];
  const found = await lint({ 'a.yaml': policyText([keyless({ identities })]) });
  assert.deepEqual(
    found.map((line) => line.split(' ').slice(0, 2).join(' ')),
    ['warning any-subject'],
  );
});

test('a condition that an empty attestation meets is warned of, in every language', async () => {
  const lintCondition = async (type: string, data: string) => {
    const attestations = [{ name: 'sbom', predicateType: 'https://e.test/v1', policy: { type, data } }];
    const found = await lint({ 'a.yaml': policyText([{ key: { data: key.pem }, attestations }]) });
    return found.map((line) => line.split(' ')[1]);
  };
  for (const [type, data] of [
    ['cue', 'predicate: builder: id: "b1"'],
    ['cel', '!has(predicate.failed)'],
    [
      'rego',
      'package sigstore\nisCompliant { count([c | c := input.predicate.components[_]; c.license != "MIT"]) == 0 }',
    ],
  ] as const)
    assert.deepEqual(await lintCondition(type, data), ['asks-for-nothing'], data);
  for (const [type, data] of [
    ['cue', 'predicateType: "https://e.test/v2"'],
    ['cel', 'predicate.builder.id == "b1"'],
    ['rego', 'package sigstore\nisCompliant { input.predicate.builder.id == "b1" }'],
  ] as const)
    assert.deepEqual(await lintCondition(type, data), [], data);
});
