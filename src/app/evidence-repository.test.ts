import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { createHandlerHttp } from '../artifacts/testing.ts';
import { AppError, parseReference } from '../core/index.ts';
import { createTestPorts } from '../io/testing.ts';
import { pushImage } from '../trust/images/testing.ts';
import { attest } from './attest.ts';
import { prepareCleaning } from './clean-image.ts';
import { copyArtifact } from './copy-artifact.ts';
import { downloadDocuments } from './download.ts';
import { listReferrers } from './list-referrers.ts';
import { openRepository } from './registry.ts';
import { signImages } from './sign.ts';
import { createTestRegistry } from './testing.ts';
import { triangulate } from './triangulate.ts';
import { verifyImageAttestations, verifyImages } from './verify.ts';

const HOST = 'localhost:5000';
const OTHER = 'localhost:6000';
const { signal } = new AbortController();
const TYPE = 'https://example.com/type';

async function setUp(store = `${OTHER}/security/signatures`) {
  const plain = createTestPorts();
  const { privateKey: KEY, publicKey: PUB } = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { format: 'pem', type: 'spki' },
    privateKeyEncoding: { format: 'pem', type: 'pkcs8' },
  });
  const second = createTestPorts();
  const http = createHandlerHttp({ [HOST]: createTestRegistry(plain), [OTHER]: createTestRegistry(second) });
  const beside = { ...plain, http, environment: { KEY, PUB } };
  const ports = { ...beside, environment: { ...beside.environment, COSIGN_REPOSITORY: store } };
  const image = await pushImage(openRepository(ports, parseReference(`${HOST}/app`)));
  const reference = `${HOST}/app@${image.digest}`;
  const signing = { key: 'env://KEY', askPassword: async () => '', formats: ['bundle', 'legacy'] as const };
  const sign = async () =>
    await signImages(ports, { ...signing, references: [reference], annotations: {}, recursive: false });
  const attestIt = async () =>
    await attest(ports, { ...signing, reference, type: TYPE, predicate: Buffer.from('{"a":1}') });
  const verify = async (by: typeof beside, from = reference) => {
    const asked = { references: [from], signers: { keys: ['env://PUB'] } };
    const signatures = await verifyImages(by, { ...asked, annotations: {} });
    const attestations = await verifyImageAttestations(by, { ...asked, predicateType: TYPE });
    return [...signatures, ...attestations].map(({ outcome }) => outcome);
  };
  return { ports, beside, image, reference, sign, attest: attestIt, verify };
}

test('what refers to an image is kept in the repository that is named, and found there alone', async () => {
  const { ports, beside, image, reference, sign, attest: attestIt, verify } = await setUp();
  await sign();
  await attestIt();
  assert.deepEqual(await verify(ports), ['verified', 'verified']);
  assert.deepEqual(await verify(beside), ['absent', 'absent']);
  const own = openRepository(ports, parseReference(`${HOST}/app`));
  assert.deepEqual(await own.listTags(), []);
  assert.deepEqual(await own.listReferrers(image.digest), []);
  const { referrers } = await listReferrers(ports, { reference }, signal);
  assert.equal(referrers.length, 4, 'two bundles and two tags');
  const download = { kind: 'signature', reference } as const;
  assert.equal((await downloadDocuments(ports, download, signal)).documents.length, 2);
  const { location } = await triangulate(ports, { reference, type: 'signature' }, signal);
  assert.equal(location, `${OTHER}/security/signatures:sha256-${image.digest.slice(7)}.sig`);
});

test('a statement and a payload name the image where it is', async () => {
  const { ports, sign, reference } = await setUp();
  await sign();
  const { documents } = await downloadDocuments(ports, { kind: 'signature', reference }, signal);
  const texts = documents.map((document) => JSON.stringify(document));
  const payload = Buffer.from(/"Payload":"([^"]+)"/.exec(texts.join('\n'))?.[1] ?? '', 'base64').toString();
  assert.match(payload, /"docker-reference":"localhost:5000\/app"/);
});

test('a copy takes along what is kept elsewhere, to where the image goes', async () => {
  const { ports, beside, reference, image, sign, attest: attestIt, verify } = await setUp();
  await sign();
  await attestIt();
  const { differences } = await copyArtifact(ports, { source: reference, target: `${OTHER}/copy:v1` }, signal);
  assert.deepEqual(differences, []);
  assert.deepEqual(await verify(beside, `${OTHER}/copy@${image.digest}`), ['verified', 'verified']);
});

test('cleaning removes what is kept elsewhere and nothing of the image', async () => {
  const { ports, reference, sign, verify } = await setUp();
  await sign();
  const cleaning = await prepareCleaning(ports, { reference, type: 'all' }, signal);
  assert.equal(cleaning.doomed.length, 2);
  await cleaning.run();
  assert.deepEqual(await verify(ports), ['absent', 'absent']);
  await openRepository(ports, parseReference(reference)).fetchManifest(parseReference(reference).digest ?? '');
});

test('a tag or a digest is no repository', async () => {
  const { sign } = await setUp(`${OTHER}/signatures:v1`);
  await assert.rejects(
    sign(),
    (error: unknown) => error instanceof AppError && error.kind === 'usage' && /COSIGN_REPOSITORY/.test(error.message),
  );
});
