/** What policies demand beyond a signer: logs, timestamps, TrustRoots, other places; from the text to the verdict. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { createHandlerHttp } from '../artifacts/testing.ts';
import { writeTar } from '../artifacts/index.ts';
import { AppError, parseReference } from '../core/index.ts';
import type { WebHandler } from '../core/index.ts';
import { createTestPorts } from '../io/testing.ts';
import { evaluate, listRequirements, parsePolicies, readPolicyDocuments } from '../policies/index.ts';
import { createSubject, policyText } from '../policies/testing.ts';
import { formatPublicKey, importPublicKey, signImage } from '../trust/index.ts';
import { createSigningKey, pushBundle, pushImage, signOptionsOf } from '../trust/images/testing.ts';
import { serveTestRepository } from '../trust/tuf/testing.ts';
import { createTestKey } from '../trust/crypto/testing.ts';
import { ISSUER, pemOf, SIGNED_AT, SUBJECT, TestSigstore } from '../trust/testing.ts';
import { createEvidenceSource } from './gather-evidence.ts';
import { compilePolicies, loadPolicies } from './load-policies.ts';
import { openMaterial } from './policy-material.ts';
import { createPolicySigners } from './policy-signers.ts';
import { openRepository } from './registry.ts';
import { createTestRegistry } from './testing.ts';

const HOST = 'localhost:5000';
const SIGN_PREDICATE = 'https://sigstore.dev/cosign/sign/v1';
const identities = [{ issuer: ISSUER, subject: SUBJECT }];
const sigstore = new TestSigstore();
const stranger = new TestSigstore();

type Root = TestSigstore['root'];

const base64 = (text: string | Uint8Array) => Buffer.from(text).toString('base64');
const keyPem = (rawBytes: string) =>
  `-----BEGIN PUBLIC KEY-----\n${rawBytes.replaceAll(/(.{64})/g, '$1\n')}\n-----END PUBLIC KEY-----\n`;

/** The same trust as a TrustRoot. */
function trustRoot(name: string, root: Root, changes: object = {}): object {
  const authorities = (list: Root['certificateAuthorities']) =>
    list.map(({ uri, certChain }) => ({
      uri,
      subject: { organization: 'o', commonName: 'c' },
      certChain: base64(certChain.certificates.map(({ rawBytes }) => pemOf(rawBytes)).join('')),
    }));
  const logs = (list: Root['tlogs']) =>
    list.map(({ baseUrl, publicKey }) => ({
      baseURL: baseUrl,
      hashAlgorithm: 'sha-256',
      publicKey: base64(keyPem(publicKey.rawBytes)),
    }));
  const sigstoreKeys = {
    certificateAuthorities: authorities(root.certificateAuthorities),
    tLogs: logs(root.tlogs),
    ctLogs: logs(root.ctlogs),
    timestampAuthorities: authorities(root.timestampAuthorities),
    ...changes,
  };
  return { apiVersion: 'policy.sigstore.dev/v1alpha1', kind: 'TrustRoot', metadata: { name }, spec: { sigstoreKeys } };
}

async function setUp(more: Readonly<Record<string, WebHandler>> = {}) {
  const plain = createTestPorts({ clock: () => new Date('2026-01-01T00:00:00Z') });
  const http = createHandlerHttp({ [HOST]: createTestRegistry(plain), ...more });
  const trustedRoot = join(plain.home, 'root.json');
  await plain.files.writeAtomic(trustedRoot, JSON.stringify(sigstore.root));
  const ports = { ...plain, http, settings: { ...plain.settings, trustedRoot } };
  const reference = parseReference(`${HOST}/app`);
  const repository = openRepository(ports, reference);
  const image = await pushImage(repository);
  const digest = { sha256: image.digest.slice('sha256:'.length) };
  const statement = {
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ digest }],
    predicateType: SIGN_PREDICATE,
    predicate: {},
  };
  const judge = async (
    authority: object,
    beside: readonly object[] = [],
    policy: Readonly<Record<string, unknown>> = {},
  ) => {
    return await judgeText(
      [policyText([authority], policy), ...beside.map((one) => JSON.stringify(one))].join('\n---\n'),
    );
  };
  const judgeText = async (text: string) => {
    const documents = readPolicyDocuments(text, 'p.yaml');
    const policies = await compilePolicies(documents, openMaterial(ports));
    const source = createEvidenceSource(ports, { reuseFor: 0 });
    const requirements = listRequirements(policies);
    const gathered = await source.gather(
      { reference, digest: image.digest, requirements },
      new AbortController().signal,
    );
    const subject = { ...createSubject(), digest: image.digest };
    return evaluate(policies, { subject, ...gathered, at: ports.clock(), noMatch: 'deny' });
  };
  return { ports, repository, image, statement, judge, judgeText };
}

test('a TrustRoot is believed in place of what is configured, and no other', async () => {
  const { repository, image, statement, judge } = await setUp();
  await pushBundle(repository, image, stranger.signStatement(statement));
  const keyless = { keyless: { identities, trustRootRef: 'own' }, ctlog: { trustRootRef: 'own' } };
  assert.equal((await judge({ keyless: { identities } })).outcome, 'deny', 'nobody believes the stranger');
  assert.equal((await judge(keyless, [trustRoot('own', stranger.root)])).outcome, 'allow');
  assert.equal((await judge(keyless, [trustRoot('own', sigstore.root)])).outcome, 'deny');
  const noLogs = trustRoot('own', stranger.root, { tLogs: [] });
  assert.equal((await judge(keyless, [noLogs])).outcome, 'deny', 'no log to believe');
  await assert.rejects(judge(keyless), /expected TrustRoot own, found none/);
});

test('a TrustRoot may be a TUF repository, elsewhere or in the document', async () => {
  const files = new Map<string, Uint8Array>();
  const plain = createTestPorts({ clock: () => new Date('2026-01-01T00:00:00Z') });
  const tuf = await serveTestRepository(plain, stranger.root);
  const recording: WebHandler = async (request, context) => {
    const response = await tuf.handler(request, context);
    const bytes = new Uint8Array(await response.arrayBuffer());
    if (response.status === 200) files.set(new URL(request.url).pathname.slice('/tuf/'.length), bytes);
    return new Response(bytes, { status: response.status });
  };
  const { repository, image, statement, judge } = await setUp({ 'localhost:5555': recording });
  await pushBundle(repository, image, stranger.signStatement(statement));
  const keyless = { keyless: { identities, trustRootRef: 'own' } };
  const document = (spec: object) => ({ ...trustRoot('own', stranger.root), spec });
  const remote = { root: base64(tuf.root), mirror: 'http://localhost:5555/tuf' };
  assert.equal((await judge(keyless, [document({ remote })])).outcome, 'allow');
  const tar = writeTar(
    [...files].map(([path, content]) => ({ path: `repository/${path}`, size: content.length, content })),
  );
  const mirrorFS = gzipSync(Buffer.concat(await Array.fromAsync(tar))).toString('base64');
  const packed = document({ repository: { root: base64(tuf.root), mirrorFS, targets: 'targets' } });
  assert.equal((await judge(keyless, [packed])).outcome, 'allow');
  const other = await serveTestRepository(createTestPorts(), stranger.root);
  const foreign = { repository: { root: base64(other.root), mirrorFS } };
  await assert.rejects(judge(keyless, [document(foreign)]), { kind: 'untrusted-root' }, 'signed by other keys');
  const damaged = { repository: { root: base64(tuf.root), mirrorFS: base64('no gzip') } };
  await assert.rejects(judge(keyless, [document(damaged)]), /TrustRoot own: expected gzip/);
});

test('a TUF repository that is not to be had is believed on until its metadata expires', async () => {
  const state = { now: Date.parse('2026-01-01T00:00:00Z'), isDown: false };
  const plain = createTestPorts({ clock: () => new Date(state.now) });
  const tuf = await serveTestRepository(plain, stranger.root);
  const handler: WebHandler = async (request, context) =>
    state.isDown ? new Response('', { status: 503 }) : await tuf.handler(request, context);
  const ports = { ...plain, http: createHandlerHttp({ 'localhost:5555': handler }) };
  const remote = { root: base64(tuf.root), mirror: 'http://localhost:5555/tuf' };
  const root = { ...trustRoot('own', stranger.root), spec: { remote } };
  const text = `${policyText([{ keyless: { identities, trustRootRef: 'own' } }])}\n---\n${JSON.stringify(root)}`;
  const [authority] = parsePolicies(text, 'p.yaml')[0]?.authorities ?? [];
  assert.ok(authority?.kind === 'signer');
  const signers = createPolicySigners(ports);
  await signers.demand(authority.signer);
  state.isDown = true;
  state.now += 2 * 60 * 60 * 1000;
  assert.equal((await signers.demand(authority.signer)).kind, 'identities');
  state.now += 100 * 365 * 24 * 60 * 60 * 1000;
  await assert.rejects(signers.demand(authority.signer), AppError);
});

test('a key may have to be logged, and stamped', async () => {
  const { repository, image, statement, judge } = await setUp();
  const key = createTestKey();
  const { publicKey } = key;
  const data = formatPublicKey(publicKey);
  assert.equal(importPublicKey(data).keyId, publicKey.keyId);
  const roots = [trustRoot('own', sigstore.root), trustRoot('other', stranger.root)];
  const outcome = async (terms: object) => (await judge({ key: { data }, ...terms }, roots)).outcome;
  await pushBundle(repository, image, sigstore.signStatement(statement, { key }));
  assert.equal(await outcome({}), 'allow');
  assert.equal(await outcome({ ctlog: {} }), 'allow');
  assert.equal(await outcome({ ctlog: { url: 'https://rekor.test' } }), 'allow');
  assert.equal(await outcome({ ctlog: { trustRootRef: 'other' } }), 'deny', 'another log');
  assert.equal(await outcome({ rfc3161timestamp: { trustRootRef: 'own' } }), 'deny', 'nobody stamped it');
  await pushBundle(repository, image, sigstore.signStatement(statement, { key, stampedAt: [SIGNED_AT] }));
  assert.equal(await outcome({ rfc3161timestamp: { trustRootRef: 'own' } }), 'allow');
  assert.equal(await outcome({ rfc3161timestamp: { trustRootRef: 'other' } }), 'deny', 'another authority');
  const both = { rfc3161timestamp: { trustRootRef: 'own' }, ctlog: { trustRootRef: 'other' } };
  assert.equal(await outcome(both), 'deny', 'each that is named must vouch');
});

test('signatures are looked for where the source says, and only there', async () => {
  const { ports, repository, image, judge } = await setUp();
  const key = createSigningKey();
  const authority = { key: { data: formatPublicKey(key.publicKey) } };
  const elsewhere = openRepository(ports, parseReference(`${HOST}/signatures`));
  await signImage(elsewhere, { subject: image, annotations: {} }, signOptionsOf(key));
  const outcome = async (source: object) => (await judge({ ...authority, source: [source] })).outcome;
  assert.equal((await judge(authority)).outcome, 'deny');
  assert.equal(await outcome({ oci: `${HOST}/signatures` }), 'allow');
  assert.equal(await outcome({ oci: `${HOST}/nothing` }), 'deny');
  const tag = `${image.digest.replace(':', '-')}.sig`;
  await signImage(repository, { subject: image, annotations: {} }, signOptionsOf(createSigningKey()));
  assert.equal(await outcome({ tagPrefix: 'team-', oci: `${HOST}/signatures` }), 'allow', 'referrers have no names');
  const prefixed = openRepository(ports, parseReference(`${HOST}/prefixed`));
  await signImage(prefixed, { subject: image, annotations: {} }, { ...signOptionsOf(key), formats: ['legacy'] });
  assert.equal(await outcome({ tagPrefix: 'team-', oci: `${HOST}/prefixed` }), 'deny');
  const { bytes, descriptor } = await prefixed.fetchManifest(tag);
  await prefixed.pushManifest(bytes, descriptor.mediaType, `team-${tag}`);
  assert.equal(await outcome({ tagPrefix: 'team-', oci: `${HOST}/prefixed` }), 'allow');
});

test('where only bundles count, a signature in the old form is none', async () => {
  const { repository, image, statement, judge } = await setUp();
  const legacy = { keyless: { identities } };
  const bundles = { ...legacy, signatureFormat: 'bundle' };
  assert.equal((await judge(bundles)).outcome, 'deny');
  await pushBundle(repository, image, sigstore.signStatement(statement));
  assert.equal((await judge(bundles)).outcome, 'allow');
  assert.equal((await judge(legacy)).outcome, 'allow');
});

test('a rule over everything sees what each authority found, the configuration and the object', async () => {
  const { repository, image, judge, judgeText } = await setUp();
  const key = createSigningKey();
  await signImage(repository, { subject: image, annotations: {} }, signOptionsOf(key));
  const authority = { name: 'owner', key: { data: formatPublicKey(key.publicKey) } };
  const outcome = async (policy: object) => await judge(authority, [], { policy });
  const cue = (data: string, more: object = {}) => ({ type: 'cue', data, ...more });
  const one = 'import "list"\nauthorityMatches: owner: signatures: list.MinItems(1)';
  assert.equal((await outcome(cue(one))).outcome, 'allow');
  const two = await outcome(cue(one.replace('1', '2')));
  assert.equal(two.outcome, 'deny', 'one signer in both forms is one');
  assert.match(two.reasons.at(-1)?.expected ?? '', /authorityMatches\.owner\.signatures: expected at least 2/);
  const closed = { name: 'closed', static: { action: 'fail' } };
  const both = 'import "list"\nauthorityMatches: other: signatures: list.MinItems(1)';
  const other = { name: 'other', key: { data: formatPublicKey(createSigningKey().publicKey) } };
  const texts = policyText([authority, other, closed], { policy: cue(both) });
  assert.equal((await judgeText(texts)).outcome, 'deny', 'an authority that is not satisfied is there, and empty');
  const config = 'config: "linux/amd64": os: "linux"';
  assert.equal((await outcome(cue(config, { fetchConfigFile: true }))).outcome, 'allow');
  const windows = 'config: "linux/amd64": os: "windows"';
  assert.equal((await outcome(cue(windows, { fetchConfigFile: true }))).outcome, 'deny');
  assert.equal((await outcome(cue('spec: containers: [...]', { includeSpec: true }))).outcome, 'allow');
  assert.equal((await outcome(cue('spec: containers: "none"', { includeSpec: true }))).outcome, 'deny');
  const cel = (data: string, more: object = {}) => ({ type: 'cel', data, ...more });
  assert.equal((await outcome(cel('typemeta.kind == "Pod"', { includeTypeMeta: true }))).outcome, 'allow');
  assert.equal((await outcome(cel('metadata.name == "x"', { includeObjectMeta: true }))).outcome, 'deny');
  assert.equal((await outcome(cel('size(authorityMatches.owner.signatures) == 1'))).outcome, 'allow');
  assert.equal((await outcome(cel('size(authorityMatches.other.signatures) == 1'))).outcome, 'deny', 'errors deny');
});

test('a text from elsewhere is fetched when policies are loaded, and never more than what was written', async () => {
  const rule = 'predicateType: string';
  let asked = 0;
  const files: WebHandler = async () => {
    asked += 1;
    return new Response(rule);
  };
  const { ports } = await setUp({ 'policies.test': files });
  const sha256sum = (await import('node:crypto')).createHash('sha256').update(rule).digest('hex');
  const load = async (sum: string) => {
    const remote = { url: 'https://policies.test/rule.cue', sha256sum: sum };
    const attestations = [{ name: 'a', predicateType: 'vuln', policy: { type: 'cue', remote } }];
    const key = { data: formatPublicKey(createSigningKey().publicKey) };
    await ports.files.writeAtomic(join(ports.home, 'p.yaml'), policyText([{ key, attestations }]));
    return await loadPolicies(ports, [join(ports.home, 'p.yaml')]);
  };
  assert.equal((await load(sha256sum)).length, 1);
  await assert.rejects(load('0'.repeat(64)), /expected content of SHA-256 0000/);
  assert.equal(asked, 2);
});

test('a policy that is slow to compile is refused when its time is over, whatever else it names', async () => {
  const { ports } = await setUp();
  const data = 'import "list"\nl: [for a in list.Range(0, 3000, 1) for b in list.Range(0, 3000, 1) {a * b}]';
  const text = policyText([{ key: { data: formatPublicKey(createTestKey().publicKey) } }], {
    policy: { type: 'cue', data },
  });
  const documents = readPolicyDocuments(text, 'p.yaml');
  const start = performance.now();
  await assert.rejects(compilePolicies(documents, openMaterial(ports), 200), {
    kind: 'invalid-input',
    message: /^policy \S+: expected to be compiled: expected an answer within 200 ms, found none$/,
  });
  assert.ok(performance.now() - start < 5000, 'it would take far longer');
});
