import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { AppError } from '../../core/index.ts';
import { dataSet, needsSharedData } from '../../../test/shared-data.ts';
import { parsePolicies, parseYamlDocuments } from '../parse.ts';
import type { SubjectObject } from '../policy.ts';
import { createSubject, createTestKey, policyText } from '../testing.ts';

const key = createTestKey();
const authority = { key: { data: key.pem } };

function refusal(text: string): string {
  try {
    parsePolicies(text, 'p.yaml');
  } catch (error) {
    assert.ok(error instanceof AppError && error.kind === 'invalid-input', String(error));
    return error.message;
  }
  return assert.fail('expected a refusal');
}

test('every policy that policy-controller refuses is refused', needsSharedData, () => {
  const folder = join(dataSet('policy'), 'clusterimagepolicy');
  const cases = JSON.parse(readFileSync(join(folder, 'expected-admission.json'), 'utf8')) as readonly {
    file: string;
    accepted: boolean;
    with_default_config_accepted?: boolean;
  }[];
  for (const { file, accepted, with_default_config_accepted: byDefault } of cases) {
    if (accepted && byDefault !== false) continue;
    assert.ok(refusal(readFileSync(join(folder, file), 'utf8')).length > 0, file);
  }
});

test('a valid policy is accepted, or refused by the name of what is not supported', needsSharedData, () => {
  const folder = join(dataSet('policy'), 'clusterimagepolicy');
  let accepted = 0;
  for (const sub of ['valid', 'examples', 'e2e']) {
    for (const file of readdirSync(join(folder, sub)).filter(
      (name) => name.endsWith('.yaml') && !name.startsWith('test-'),
    )) {
      const text = readFileSync(join(folder, sub, file), 'utf8');
      try {
        accepted += parsePolicies(text, file).length > 0 ? 1 : 0;
      } catch (error) {
        assert.ok(error instanceof AppError);
        assert.match(
          error.message,
          /not supported yet|hashAlgorithm: expected sha256|PEM "PUBLIC KEY"/,
          `${sub}/${file}`,
        );
      }
    }
  }
  assert.ok(accepted >= 3, `accepted ${accepted}`);
});

test('an unknown field is refused by its place, at every level', () => {
  assert.match(refusal(policyText([authority], { imagez: [] })), /p\.yaml\.spec\.imagez: unknown field/);
  assert.match(refusal(policyText([{ ...authority, subject: 'x' }])), /spec\.authorities\[0\]\.subject: unknown field/);
  assert.match(refusal(policyText([{ key: { data: key.pem, path: 'x' } }])), /key\.path: unknown field/);
});

test('what is not supported is refused, not skipped', () => {
  for (const field of ['ctlog', 'rfc3161timestamp', 'source', 'signatureFormat']) {
    assert.match(refusal(policyText([{ ...authority, [field]: {} }])), new RegExp(`${field}: not supported yet`));
  }
  const keyless = { identities: [{ issuer: 'a', subject: 'b' }] };
  for (const field of ['rfc3161timestamp', 'source', 'signatureFormat']) {
    assert.match(refusal(policyText([{ keyless, [field]: {} }])), new RegExp(`${field}: not supported yet`));
  }
  assert.match(
    refusal(policyText([{ keyless: { ...keyless, trustRootRef: 'x' } }])),
    /trustRootRef: not supported yet/,
  );
  assert.match(refusal(policyText([{ keyless, ctlog: { trustRootRef: 'x' } }])), /ctlog\.trustRootRef: not supported/);
  const secret = { ...keyless, 'ca-cert': { secretRef: { name: 'x' } } };
  assert.match(refusal(policyText([{ keyless: secret }])), /ca-cert without data: not supported yet/);
  assert.match(
    refusal(policyText([authority], { policy: { type: 'cel', data: 'true' } })),
    /spec\.policy: not supported yet/,
  );
  const cue = { name: 'a', predicateType: 'vuln', policy: { type: 'cue', data: 'x: 1' } };
  assert.match(refusal(policyText([{ ...authority, attestations: [cue] }])), /policy\.type cue: not supported yet/);
});

test('a condition that does not compile, or names the unknown, is refused at load', () => {
  const withCel = (data: string) =>
    policyText([{ ...authority, attestations: [{ name: 'a', predicateType: 'vuln', policy: { type: 'cel', data } }] }]);
  assert.match(refusal(withCel('predicate.(')), /expected a CEL expression/);
  assert.match(refusal(withCel('predicat.x == 1')), /unknown name predicat/);
  assert.match(refusal(withCel('predicate.list.exists(p, p == q)')), /unknown name q/);
  assert.equal(parsePolicies(withCel('predicate.list.exists(p, p == 1)'), 'p.yaml').length, 1);
});

test('a policy that says nothing, or two things at once, is refused', () => {
  assert.match(refusal(policyText([authority], { images: [] })), /spec\.images: expected at least one glob/);
  assert.match(refusal(policyText([])), /spec\.authorities: expected at least one authority/);
  assert.match(refusal(policyText([{}])), /authorities\[0\]: expected exactly one of key, keyless, static, found none/);
  assert.match(refusal(policyText([{ ...authority, static: { action: 'pass' } }])), /found key and static/);
  assert.match(refusal(policyText([{ key: {} }])), /key: expected exactly one of data, secretRef, kms, found none/);
  assert.match(refusal(policyText([{ key: { data: key.pem, kms: 'x' } }])), /found data and kms/);
  assert.match(
    refusal(policyText([{ static: { action: 'pass' }, attestations: [] }])),
    /attestations: expected nothing/,
  );
  assert.match(
    refusal(
      policyText([
        { ...authority, name: 'a' },
        { ...authority, name: 'a' },
      ]),
    ),
    /found "a" twice/,
  );
  assert.match(refusal(policyText([{ name: 'authority-1', ...authority }, authority])), /found "authority-1" twice/);
  assert.match(refusal(policyText([{ keyless: {} }])), /identities: expected at least one identity/);
});

test('an identity names issuer and subject, each exactly or as a pattern', () => {
  const withIdentity = (identity: unknown, more: object = {}) =>
    refusal(policyText([{ keyless: { identities: [identity], ...more } }]));
  const good = { issuer: 'https://issuer.test', subject: 'jane@example.com' };
  assert.match(withIdentity({ issuer: 'a' }), /expected exactly one of subject, subjectRegExp, found none/);
  assert.match(withIdentity({ subject: 'a' }), /expected exactly one of issuer, issuerRegExp, found none/);
  assert.match(withIdentity({ ...good, subjectRegExp: '.*' }), /found subject and subjectRegExp/);
  assert.match(withIdentity({ ...good, subject: '' }), /subject: identity: expected text/);
  assert.match(withIdentity({ issuerRegExp: '****', subject: 'a' }), /issuer: .*expected a regular expression/);
  assert.match(withIdentity({ issuerRegExp: '', subject: 'a' }), /expected a pattern/);
  assert.match(withIdentity({ ...good, email: 'a' }), /email: unknown field/);
  assert.match(withIdentity(good, { url: 'fulcio' }), /url: expected a URL/);
  assert.match(withIdentity(good, { url: 'https://a.test', 'ca-cert': { data: 'x' } }), /at most one of url, ca-cert/);
  const keyless = {
    url: 'https://fulcio.sigstore.dev',
    identities: [good, { issuerRegExp: '.*', subjectRegExp: '.*' }],
  };
  const text = policyText([{ keyless, ctlog: { url: 'https://rekor.sigstore.dev' } }]);
  const [authority] = parsePolicies(text, 'p.yaml')[0]?.authorities ?? [];
  assert.ok(authority?.kind === 'signer' && authority.signer.kind === 'keyless');
  const { authority: ca, log, identities } = authority.signer;
  assert.deepEqual([ca, log, identities.length], ['fulcio.sigstore.dev', 'rekor.sigstore.dev', 2]);
});

test('a key of another hash, a private key and text that is no key are refused', () => {
  const withKey = (fields: unknown) => refusal(policyText([{ key: fields }]));
  assert.match(withKey({ data: key.pem, hashAlgorithm: 'sha512' }), /hashAlgorithm: expected sha256, found "sha512"/);
  const { privateKey } = generateKeyPairSync('ed25519', {
    privateKeyEncoding: { format: 'pem', type: 'pkcs8' },
    publicKeyEncoding: { format: 'pem', type: 'spki' },
  });
  assert.match(withKey({ data: privateKey }), /expected a PEM "PUBLIC KEY", found "-----BEGIN PRIVATE KEY/);
  assert.match(withKey({ data: key.pem.replace(/\n[^-]{20}/, '\n') }), /found one that cannot be read/);
});

test('a match names what it speaks of, and an attestation what it wants', () => {
  const withMatch = (match: unknown) => policyText([authority], { match: [match] });
  assert.match(refusal(withMatch({ version: 'v1' })), /resource: expected one of .*, found ""/);
  assert.match(refusal(withMatch({ version: 'v1', resource: 'services' })), /found "services"/);
  assert.match(refusal(withMatch({ resource: 'pods' })), /version: expected an API version or \*/);
  const withRule = (rule: unknown) => refusal(policyText([{ ...authority, attestations: [rule] }]));
  assert.match(withRule({ name: 'a', predicateType: 'nonsense' }), /predicateType: expected a URI or a short name/);
  const twice = { type: 'cel', data: 'true', remote: {} };
  assert.match(withRule({ name: 'a', predicateType: 'vuln', policy: twice }), /found data and remote/);
  assert.match(withRule({ name: 'a', predicateType: 'vuln', policy: { type: 'cel' } }), /policy: expected exactly one/);
  const remote = { type: 'cel', remote: {} };
  assert.match(withRule({ name: 'a', predicateType: 'vuln', policy: remote }), /policy\.remote: not supported yet/);
});

test('a match is by group, version, resource and label alike', () => {
  const applies = (match: unknown, object: Partial<SubjectObject>) => {
    const [policy] = parsePolicies(policyText([authority], { match: [match] }), 'p.yaml');
    const subject = createSubject();
    return policy?.appliesTo({ ...subject, object: { ...subject.object, ...object } });
  };
  const deployment = { apiVersion: 'apps/v1', kind: 'Deployment' };
  assert.equal(applies({ group: 'apps', version: 'v1', resource: 'deployments' }, deployment), true);
  assert.equal(applies({ group: 'apps', version: '*', resource: 'deployments' }, deployment), true);
  assert.equal(applies({ version: 'v1', resource: 'deployments' }, deployment), false);
  assert.equal(applies({ group: 'apps', version: 'v2', resource: 'deployments' }, deployment), false);
  assert.equal(applies({ group: 'apps', version: 'v1', resource: 'replicasets' }, deployment), false);
  assert.equal(applies({ version: 'v1', resource: 'pods' }, {}), true);
});

test('merge keys merge as they do for kubectl, so that nothing stands behind them unread', () => {
  const base = `base: &base { containers: [{ image: hidden }] }\nspec:\n  <<: *base`;
  const [document] = parseYamlDocuments(base, 'pod.yaml', 10);
  assert.deepEqual(document?.value.spec, { containers: [{ image: 'hidden' }] });
  assert.match(refusal('a: &a [*a]'), /p\.yaml: expected YAML/);
  const bomb = ['a0: &a0 [x, x]', ...Array.from({ length: 30 }, (_, n) => `a${n + 1}: &a${n + 1} [*a${n}, *a${n}]`)];
  assert.match(refusal(bomb.join('\n')), /p\.yaml: expected YAML/);
});

test('ceilings of a policy file hold', () => {
  assert.match(refusal(`# ${'x'.repeat(1024 * 1024)}`), /expected at most 1048576 bytes/);
  assert.match(refusal('---\na: 1\n'.repeat(201)), /expected at most 200 documents/);
});

test('malformed YAML, repeated keys and foreign documents are refused with their place', () => {
  assert.match(refusal('a: [1'), /p\.yaml: expected YAML/);
  assert.match(refusal('a: 1\na: 2'), /p\.yaml: expected YAML/);
  assert.match(refusal('apiVersion: v1\nkind: Pod'), /expected a policy \(ClusterImagePolicy\), found v1 Pod/);
  assert.match(refusal(`${policyText([authority])}\n---\napiVersion: v1\nkind: Pod`), /p\.yaml#2/);
  assert.match(refusal('- 1'), /expected an object/);
});
