/** ClusterImagePolicies that name signers by certificate identity, from the text to the verdict. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { createHandlerHttp } from '../artifacts/testing.ts';
import { parseReference } from '../core/index.ts';
import type { Descriptor } from '../core/index.ts';
import { createTestPorts } from '../io/testing.ts';
import { evaluate, listRequirements, parsePolicies } from '../policies/index.ts';
import { createSubject, policyText } from '../policies/testing.ts';
import { pushBundle, pushImage } from '../trust/images/testing.ts';
import { serveTestRepository } from '../trust/tuf/testing.ts';
import { ISSUER, pemOf, SUBJECT, TestSigstore } from '../trust/testing.ts';
import { createEvidenceSource } from './gather-evidence.ts';
import { loadPolicies } from './load-policies.ts';
import { openRepository } from './registry.ts';
import { createTestRegistry } from './testing.ts';
import { initializeTrust } from './trust-material.ts';

const HOST = 'localhost:5000';
const SIGN_PREDICATE = 'https://sigstore.dev/cosign/sign/v1';
const SBOM = 'https://spdx.dev/Document';
const sigstore = new TestSigstore();
const identities = [{ issuer: ISSUER, subject: SUBJECT }];

function statementAbout(subject: Descriptor, predicateType: string): object {
  const digest = { sha256: subject.digest.slice('sha256:'.length) };
  return { _type: 'https://in-toto.io/Statement/v1', subject: [{ digest }], predicateType, predicate: {} };
}

async function setUp(root: object | null = sigstore.root) {
  const plain = createTestPorts({ clock: () => new Date('2026-01-01T00:00:00Z') });
  const trustedRoot = join(plain.home, 'root.json');
  if (root !== null) await plain.files.writeAtomic(trustedRoot, JSON.stringify(root));
  const tuf = await serveTestRepository(plain, sigstore.root);
  const http = createHandlerHttp({ [HOST]: createTestRegistry(plain), 'localhost:5555': tuf.handler });
  const settings = { ...plain.settings, ...(root === null ? {} : { trustedRoot }) };
  const ports = { ...plain, http, settings };
  const reference = parseReference(`${HOST}/app`);
  const repository = openRepository(ports, reference);
  const image = await pushImage(repository);
  const source = createEvidenceSource(ports, { reuseFor: 0 });
  const judge = async (...authorities: readonly object[]) => await judgeBy(authorities);
  /** Each list of authorities is a policy. */
  const judgeBy = async (...lists: readonly (readonly object[])[]) => {
    const policies = lists.flatMap((list) => parsePolicies(policyText(list, { images: [{ glob: '**' }] }), 'p.yaml'));
    const requirements = listRequirements(policies);
    const wanted = { reference, digest: image.digest, requirements };
    const { evidence, rejected } = await source.gather(wanted, new AbortController().signal);
    const subject = { ...createSubject(), digest: image.digest };
    return evaluate(policies, { subject, evidence, rejected, at: ports.clock(), noMatch: 'deny' });
  };
  const initialize = async () => {
    const path = join(plain.home, 'tuf.json');
    await plain.files.writeAtomic(path, tuf.root);
    return await initializeTrust(ports, { mirror: 'http://localhost:5555/tuf', root: path });
  };
  return { ports, repository, image, judge, judgeBy, initialize };
}

test('a policy admits what the identity signed, and nothing that another or nobody signed', async () => {
  const { repository, image, judge } = await setUp();
  const keyless = { url: 'https://fulcio.test', identities };
  const authority = { keyless, ctlog: { url: 'https://rekor.test' } };
  assert.equal((await judge(authority)).outcome, 'deny');
  await pushBundle(repository, image, sigstore.signStatement(statementAbout(image, SBOM)));
  assert.equal((await judge(authority)).outcome, 'deny', 'an attestation is no signature');
  await pushBundle(repository, image, sigstore.signStatement(statementAbout(image, SIGN_PREDICATE)));
  const admitted = await judge(authority);
  assert.equal(admitted.outcome, 'allow');
  assert.match(admitted.reasons[0]?.message ?? '', /^signed by https:\/\/github\.com\/acme\/app/);
  const other = await judge({ keyless: { identities: [{ issuer: ISSUER, subject: `${SUBJECT}x` }] } });
  assert.equal(other.outcome, 'deny');
  assert.deepEqual(
    other.reasons.map(({ code }) => code),
    ['no-matching-signature', 'identity-mismatch', 'identity-mismatch'],
  );
});

test('attestations that an identity must have made are asked for by their type', async () => {
  const { repository, image, judge } = await setUp();
  const authority = { keyless: { identities }, attestations: [{ name: 'sbom', predicateType: 'spdxjson' }] };
  await pushBundle(repository, image, sigstore.signStatement(statementAbout(image, SIGN_PREDICATE)));
  assert.equal((await judge(authority)).outcome, 'deny');
  await pushBundle(repository, image, sigstore.signStatement(statementAbout(image, SBOM)));
  assert.equal((await judge(authority)).outcome, 'allow');
});

test('what one authority believes counts for no other', async () => {
  const { repository, image, judge, judgeBy } = await setUp();
  const mine = new TestSigstore();
  // Signed under a CA that the first authority names, for the same identity; logged where both look.
  const certificate = sigstore.issue({ issuer: mine.intermediate, scts: [] });
  await pushBundle(repository, image, sigstore.signStatement(statementAbout(image, SIGN_PREDICATE), { certificate }));
  const data = pemOf(Buffer.from(mine.intermediate.der).toString('base64'));
  const lax = { name: 'lax', keyless: { 'ca-cert': { data }, insecureIgnoreSCT: true, identities } };
  assert.equal((await judge(lax)).outcome, 'allow');
  const strict = { name: 'strict', keyless: { identities } };
  assert.equal((await judge(strict)).outcome, 'deny');
  assert.equal((await judgeBy([lax], [strict])).outcome, 'deny');
  const unlogged = { name: 'scts', keyless: { 'ca-cert': { data }, identities } };
  assert.equal((await judge(unlogged)).outcome, 'deny', 'no log published the certificate');
});

test('keyless authorities without anybody to believe are refused when they are loaded, and when they are asked', async () => {
  const { ports, judge } = await setUp(null);
  await ports.files.writeAtomic(join(ports.home, 'p.yaml'), policyText([{ keyless: { identities } }]));
  await assert.rejects(loadPolicies(ports, [join(ports.home, 'p.yaml')]), { kind: 'untrusted-root' });
  await assert.rejects(judge({ keyless: { identities } }), { kind: 'untrusted-root' });
});

test('a CA or log that the trusted root does not have is refused by name', async () => {
  const { judge } = await setUp();
  const elsewhere = judge({ keyless: { url: 'https://fulcio.elsewhere', identities } });
  await assert.rejects(elsewhere, /expected fulcio\.elsewhere, found fulcio\.test/);
  const log = judge({ keyless: { identities }, ctlog: { url: 'https://other.test' } });
  await assert.rejects(log, /expected other\.test, found rekor\.test, log2025\.rekor\.test/);
});

test('without a configured trusted root, what was initialized says whom to believe', async () => {
  const { repository, image, judge, initialize } = await setUp(null);
  await initialize();
  await pushBundle(repository, image, sigstore.signStatement(statementAbout(image, SIGN_PREDICATE)));
  assert.equal((await judge({ keyless: { identities } })).outcome, 'allow');
  const other = await judge({ keyless: { identities: [{ issuer: ISSUER, subject: `${SUBJECT}x` }] } });
  assert.equal(other.outcome, 'deny');
});

test('evidence is not used again once others are believed', async () => {
  const { ports, repository, image } = await setUp();
  await pushBundle(repository, image, sigstore.signStatement(statementAbout(image, SIGN_PREDICATE)));
  let now = ports.clock().getTime();
  const source = createEvidenceSource({ ...ports, clock: () => new Date(now) }, { reuseFor: 60_000 });
  const requirements = listRequirements(parsePolicies(policyText([{ keyless: { identities } }]), 'p.yaml'));
  const wanted = { reference: parseReference(`${HOST}/app`), digest: image.digest, requirements };
  const count = async () => (await source.gather(wanted, new AbortController().signal)).evidence.length;
  assert.equal(await count(), 1);
  await ports.files.writeAtomic(ports.settings.trustedRoot ?? '', JSON.stringify(new TestSigstore().root));
  now += 2000;
  assert.equal(await count(), 0);
});
