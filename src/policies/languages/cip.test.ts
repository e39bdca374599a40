import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { AppError, parseYamlDocuments } from '../../core/index.ts';
import { dataSet, needsSharedData } from '../../../test/shared-data.ts';
import { parsePolicies, readPolicyDocuments, readPolicySet } from '../parse.ts';
import type { SubjectObject } from '../policy.ts';
import { describeNeed } from '../resources.ts';
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

test('every policy that policy-controller takes is read, whole', needsSharedData, () => {
  const folder = join(dataSet('policy'), 'clusterimagepolicy');
  const read: string[] = [];
  for (const sub of ['valid', 'examples', 'e2e']) {
    const files = readdirSync(join(folder, sub)).filter((name) => /^(?!test-).*\.yaml$/.test(name));
    for (const file of files) {
      const text = readFileSync(join(folder, sub, file), 'utf8')
        .replaceAll('<< region >>', 'us-east-1')
        .replaceAll('<< account id >>', '111122223333')
        .replaceAll(/<<[^>]*>>/g, 'name');
      read.push(...readPolicySet(readPolicyDocuments(text, file)).plans.map(({ name }) => name));
    }
  }
  assert.equal(read.length, 47);
});

test('TrustRoots are read, and believed in what they hold', needsSharedData, () => {
  const folder = join(dataSet('policy'), 'clusterimagepolicy/trustroot');
  const text = readFileSync(join(folder, 'valid/valid-sigstore-keys.yaml'), 'utf8');
  const root = readPolicySet(readPolicyDocuments(text, 'root.yaml'))
    .resources(new Map())
    .trustRoot('bring-your-own-sigstore-keys');
  assert.ok(root?.definition.kind === 'keys');
  const { authorities, logs, ctLogs, timestampAuthorities } = root.definition.services;
  const golden = (name: string) => readFileSync(join(folder, 'golden', name), 'utf8').trim();
  assert.equal(authorities[0]?.chain.trim(), golden('fulcio.crt.pem'));
  assert.equal(logs[0]?.publicKey.trim(), golden('rekor.pem'));
  assert.equal(ctLogs[0]?.publicKey.trim(), golden('ctfe.pem'));
  assert.equal(timestampAuthorities[0]?.chain.trim(), golden('tsa.crt.pem'));
  const broken = (from: string, to: string) => refusal(text.replace(from, to));
  assert.match(broken('hashAlgorithm: sha-256', 'hashAlgorithm: md5'), /hashAlgorithm: expected "?sha-256/);
  assert.match(broken('sigstoreKeys:', 'sigstoreKey:'), /sigstoreKey: unknown field/);
  assert.match(broken('LS0tLS1C', '!!!'), /certChain: expected base64/);
  assert.match(refusal(`${text}\n${text}`), /TrustRoot bring-your-own-sigstore-keys once/);
});

test('key services are named as policy-controller wants them', needsSharedData, () => {
  const file = join(dataSet('policy'), 'clusterimagepolicy/vectors/kms-reference.json');
  const cases = JSON.parse(readFileSync(file, 'utf8')) as readonly { kms: string; valid: boolean }[];
  for (const { kms, valid } of cases) {
    const read = () => readPolicySet(readPolicyDocuments(policyText([{ key: { kms } }]), 'p.yaml')).plans[0]?.needs;
    if (valid) assert.deepEqual(read(), [{ kind: 'kms', reference: kms }]);
    else assert.throws(read, /key\.kms: expected a key of/, kms);
  }
});

test('what a policy names elsewhere is looked for there, and a policy without it is refused', () => {
  const secret = (name: string, data: object) =>
    JSON.stringify({ apiVersion: 'v1', kind: 'Secret', metadata: { name }, stringData: data });
  const byName = policyText([{ key: { secretRef: { name: 'signer' } } }]);
  assert.match(refusal(byName), /key\.secretRef: expected Secret signer, found none/);
  const [policy] = parsePolicies(`${byName}\n---\n${secret('signer', { 'cosign.pub': key.pem })}`, 'p.yaml');
  const [found] = policy?.authorities ?? [];
  assert.ok(found?.kind === 'signer' && found.signer.kind === 'key');
  assert.equal(found.signer.key.keyId, key.keyId);
  assert.match(
    refusal(`${byName}\n---\n${secret('signer', { a: key.pem, b: key.pem })}`),
    /expected one entry, found 2/,
  );
  const rule = {
    name: 'a',
    predicateType: 'vuln',
    policy: { type: 'cel', configMapRef: { namespace: 'ns', name: 'rules', key: 'a' } },
  };
  const byMap = policyText([{ ...authority, attestations: [rule] }]);
  assert.match(refusal(byMap), /configMapRef: expected ConfigMap ns\/rules with a, found none/);
  const map = (data: object) =>
    JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'rules', namespace: 'ns' }, data });
  assert.equal(parsePolicies(`${byMap}\n---\n${map({ a: 'true' })}`, 'p.yaml').length, 1);
  assert.match(refusal(`${byMap}\n---\n${map({ a: 'tru' })}`), /unknown name tru/);
  assert.match(
    refusal(policyText([{ keyless: { identities: [{ issuer: 'a', subject: 'b' }], trustRootRef: 'own' } }])),
    /trustRootRef: expected TrustRoot own, found none/,
  );
});

test('a text from elsewhere counts only with the digest that is written, and makes another version', () => {
  const data = 'predicate.x == 1';
  const sha256sum = createHash('sha256').update(data).digest('hex');
  const url = 'https://example.com/rule.cel';
  const rule = { name: 'a', predicateType: 'vuln', policy: { type: 'cel', remote: { url, sha256sum } } };
  const { plans, resources } = readPolicySet(
    readPolicyDocuments(policyText([{ ...authority, attestations: [rule] }]), 'p.yaml'),
  );
  const [plan] = plans;
  assert.deepEqual(plan?.needs, [{ kind: 'remote', url, sha256: sha256sum }]);
  const name = describeNeed({ kind: 'remote', url, sha256: sha256sum });
  assert.equal(plan?.compile(resources(new Map([[name, data]]))).name, 'policy');
  assert.throws(() => plan?.compile(resources(new Map([[name, `${data} `]]))), /expected content of SHA-256/);
  const withRemote = (remote: object) =>
    refusal(policyText([{ ...authority, attestations: [{ ...rule, policy: { type: 'cel', remote } }] }]));
  assert.match(withRemote({ url, sha256sum: 'ab' }), /sha256sum: expected SHA-256 in hex/);
  assert.match(withRemote({ url: 'http://example.com/', sha256sum }), /remote\.url: expected an https address/);
});

test('an unknown field is refused by its place, at every level', () => {
  assert.match(refusal(policyText([authority], { imagez: [] })), /p\.yaml\.spec\.imagez: unknown field/);
  assert.match(refusal(policyText([{ ...authority, subject: 'x' }])), /spec\.authorities\[0\]\.subject: unknown field/);
  assert.match(refusal(policyText([{ key: { data: key.pem, path: 'x' } }])), /key\.path: unknown field/);
});

test('terms that contradict each other or say too little are refused', () => {
  const keyless = { identities: [{ issuer: 'a', subject: 'b' }] };
  assert.match(refusal(policyText([{ ...authority, rfc3161timestamp: {} }])), /trustRootRef: expected a TrustRoot/);
  assert.match(refusal(policyText([{ ...authority, signatureFormat: 'bundle' }])), /expected bundle beside keyless/);
  assert.match(refusal(policyText([{ ...authority, signatureFormat: 'other' }])), /signatureFormat: expected/);
  assert.match(refusal(policyText([{ ...authority, source: [{}, {}] }])), /expected at most one source, found 2/);
  assert.match(refusal(policyText([{ ...authority, source: [{ tagPrefix: 'a/b' }] }])), /tagPrefix: expected/);
  assert.match(refusal(policyText([{ ...authority, source: [{ oci: 'a.test/b:tag' }] }])), /oci: expected registry/);
  const roots = { keyless: { ...keyless, trustRootRef: 'a' }, ctlog: { trustRootRef: 'b' }, signatureFormat: 'bundle' };
  assert.match(refusal(policyText([roots])), /ctlog\.trustRootRef: expected that of keyless \(a\), found "b"/);
  const kms = { keyless: { ...keyless, 'ca-cert': { kms: 'hashivault://a' } } };
  assert.match(refusal(policyText([kms])), /ca-cert\.kms: expected data or secretRef/);
});

test('signers that differ in any term are different signers', () => {
  const ids = (authorities: readonly unknown[]) =>
    parsePolicies(policyText(authorities), 'p.yaml')[0]?.authorities.map((one) =>
      one.kind === 'signer' ? one.signer.id : '',
    );
  const keyless = (issuerRegExp: string) => ({ keyless: { identities: [{ issuerRegExp, subject: 'b' }] } });
  const all = [
    authority,
    { ...authority, ctlog: {} },
    { ...authority, ctlog: { url: 'https://log.test' } },
    { ...authority, source: [{ tagPrefix: 'p' }] },
    { ...authority, source: [{ oci: 'a.test/b' }] },
    keyless('a.*'),
    keyless('b.*'),
    { ...keyless('a.*'), signatureFormat: 'bundle' },
  ];
  assert.equal(new Set(ids(all)).size, all.length);
  assert.deepEqual(ids([authority]), [key.keyId]);
});

test('a condition that does not compile, or names the unknown, is refused at load', () => {
  const withCel = (data: string) =>
    policyText([{ ...authority, attestations: [{ name: 'a', predicateType: 'vuln', policy: { type: 'cel', data } }] }]);
  assert.match(refusal(withCel('predicate.(')), /expected a CEL expression/);
  assert.match(refusal(withCel('predicat.x == 1')), /unknown name predicat/);
  assert.match(refusal(withCel('predicate.list.exists(p, p == q)')), /unknown name q/);
  assert.equal(parsePolicies(withCel('predicate.list.exists(p, p == 1)'), 'p.yaml').length, 1);
});

test('a rule over everything names only what it is given, and is not empty', () => {
  const withRule = (policy: object) => policyText([authority], { policy: { type: 'cel', ...policy } });
  const all = 'config.all(name, false)';
  assert.match(
    refusal(withRule({ data: all })),
    /spec\.policy\.data:1:1: unknown name config, expected .*authorityMatches/,
  );
  assert.equal(parsePolicies(withRule({ data: all, fetchConfigFile: true }), 'p.yaml').length, 1);
  assert.match(refusal(withRule({ type: 'cue', data: ' \n' })), /spec\.policy\.data: expected CUE, found nothing/);
});

test('a source is a repository by any of its names', () => {
  const [policy] = parsePolicies(
    policyText([{ ...authority, source: [{ oci: 'docker.io/team/signatures' }] }]),
    'p.yaml',
  );
  const [found] = policy?.authorities ?? [];
  assert.ok(found?.kind === 'signer');
  assert.equal(found.signer.source?.repository, 'index.docker.io/team/signatures');
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
  for (const anybody of ['.*', '^.*$', '(.+)'])
    assert.match(withIdentity({ issuerRegExp: '.*', subjectRegExp: anybody }), /patterns that anybody matches/);
  assert.match(withIdentity(good, { url: 'fulcio' }), /url: expected a URL/);
  assert.match(withIdentity(good, { url: 'https://a.test', 'ca-cert': { data: 'x' } }), /at most one of url, ca-cert/);
  const keyless = {
    url: 'https://fulcio.sigstore.dev',
    identities: [good, { issuerRegExp: '.*', subjectRegExp: 'jane@.*' }],
  };
  const text = policyText([{ keyless, ctlog: { url: 'https://rekor.sigstore.dev' } }]);
  const [authority] = parsePolicies(text, 'p.yaml')[0]?.authorities ?? [];
  assert.ok(authority?.kind === 'signer' && authority.signer.kind === 'keyless');
  const { authority: ca, log, identities } = authority.signer;
  assert.deepEqual([ca, log, identities.length], ['fulcio.sigstore.dev', { host: 'rekor.sigstore.dev' }, 2]);
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
