import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { join } from 'node:path';
import { test } from 'node:test';
import { OCI_INDEX } from '../artifacts/index.ts';
import { createHandlerHttp } from '../artifacts/testing.ts';
import { AppError, parseReference } from '../core/index.ts';
import type { Digest, ErrorKind, Ports, WebHandler } from '../core/index.ts';
import { createTestPorts } from '../io/testing.ts';
import { pushImage } from '../trust/images/testing.ts';
import { attest } from './attest.ts';
import { generateKeyPair, readPublicKey } from './keys.ts';
import { openRepository } from './registry.ts';
import { signFile, signImages } from './sign.ts';
import type { SignImagesInput } from './sign.ts';
import { createTestRegistry } from './testing.ts';
import { verifyFile } from './verify-file.ts';
import { formatAttestation, verifyImageAttestations, verifyImages } from './verify.ts';
import type { FailedVerification, SignatureResult, VerifyImagesInput } from './verify.ts';

const HOST = 'localhost:5000';

function setUp(wrap: (inner: WebHandler) => WebHandler = (inner) => inner) {
  const plain = createTestPorts();
  const ports = { ...plain, http: createHandlerHttp({ [HOST]: wrap(createTestRegistry(plain)) }) };
  const repository = openRepository(ports, parseReference(`${HOST}/app`));
  return { ports, repository, path: (name: string) => join(ports.home, name) };
}

const password = async (): Promise<string> => '';

// One pair for all tests: opening a key file is slow on purpose.
const shared = setUp();
const key = shared.path('cosign.key');
const publicKey = shared.path('cosign.pub');
await generateKeyPair(shared.ports, { prefix: shared.path('cosign'), force: false, askPassword: password });
const sealedPem = new TextDecoder().decode(await shared.ports.files.read(key));

const pair = generateKeyPairSync('ec', {
  namedCurve: 'P-256',
  publicKeyEncoding: { format: 'pem', type: 'spki' },
  privateKeyEncoding: { format: 'pem', type: 'pkcs8' },
});

/** Plain keys, named by variables, so that every test may have ports of its own. */
function setUpWithKeys(wrap?: (inner: WebHandler) => WebHandler) {
  const set = setUp(wrap);
  return { ...set, ports: { ...set.ports, environment: { KEY: pair.privateKey, PUB: pair.publicKey } } };
}

const signing: Omit<SignImagesInput, 'references'> = {
  key: 'env://KEY',
  askPassword: password,
  formats: ['bundle'],
  annotations: {},
  recursive: false,
};

async function rejects(action: Promise<unknown>, kind: ErrorKind, message: RegExp, exitCode?: number): Promise<void> {
  await assert.rejects(action, (error) => {
    assert.ok(error instanceof AppError, String(error));
    assert.equal(error.kind, kind, error.message);
    assert.match(error.message, message);
    if (exitCode !== undefined) assert.equal(error.exitCode, exitCode);
    return true;
  });
}

function verifying(reference: string, annotations: Readonly<Record<string, string>> = {}) {
  return { references: [reference], signers: { keys: ['env://PUB'] }, annotations };
}

async function verifyImage(ports: Ports, input: VerifyImagesInput): Promise<SignatureResult> {
  return onlyOf(await verifyImages(ports, input));
}

function onlyOf<T extends { readonly outcome: string }>(results: readonly (T | FailedVerification)[]): T {
  const [result] = results;
  assert.ok(result !== undefined && results.length === 1 && !('error' in result));
  return result;
}

test('a key pair is written with a sealed private half that only its owner reads', async () => {
  assert.match(sealedPem, /^-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----/);
  assert.equal((await shared.ports.files.stat(key))?.mode, 0o600);
  assert.equal((await shared.ports.files.stat(publicKey))?.mode, 0o644);
  const read = await readPublicKey(shared.ports, { key, askPassword: password });
  assert.equal(read.pem, new TextDecoder().decode(await shared.ports.files.read(publicKey)));
});

test('neither half of a key pair is overwritten unless forced', async () => {
  const { ports, path } = setUp();
  await ports.files.writeAtomic(path('one.pub'), 'mine');
  const input = { prefix: path('one'), force: false, askPassword: password };
  await rejects(generateKeyPair(ports, input), 'usage', /one\.pub exists already/);
  assert.equal(await ports.files.stat(path('one.key')), undefined);
  assert.equal(new TextDecoder().decode(await ports.files.read(path('one.pub'))), 'mine');
  await generateKeyPair(ports, { ...input, force: true });
  assert.match(new TextDecoder().decode(await ports.files.read(path('one.pub'))), /PUBLIC KEY/);
});

test('keys that are absent, of an unknown scheme or not keys are refused by kind', async () => {
  const { ports, path } = setUpWithKeys();
  const verify = (name: string) => verifyImage(ports, { ...verifying(`${HOST}/app:v1`), signers: { keys: [name] } });
  await rejects(verify(path('absent.pub')), 'not-found', /absent\.pub/);
  await rejects(verify('env://ABSENT'), 'not-found', /variable is not set/);
  await rejects(verify('absent-kms://x'), 'not-found', /sigstore-kms-absent-kms/);
  await rejects(verify('env://KEY'), 'invalid-input', /expected a PEM block PUBLIC KEY/);
  await rejects(
    verifyImage(ports, { ...verifying(`${HOST}/app:v1`), signers: { keys: [] } }),
    'usage',
    /whose signature/,
  );
});

test('signing a tag signs the digest behind it, and verifying finds it in both forms', async () => {
  const { ports, repository } = setUpWithKeys();
  const image = await pushImage(repository);
  const { bytes, descriptor } = await repository.fetchManifest(image.digest);
  await repository.pushManifest(bytes, descriptor.mediaType, 'v1');
  const references = [`${HOST}/app:v1`];
  const [signed] = await signImages(ports, {
    ...signing,
    references,
    formats: ['bundle', 'legacy'],
    annotations: { team: 'blue' },
  });
  assert.equal(signed?.reference, `${HOST}/app:v1@${image.digest}`);
  const result = await verifyImage(ports, verifying(`${HOST}/app:v1`, { team: 'blue' }));
  assert.equal(result.outcome, 'verified');
  assert.equal(result.digest, image.digest);
  assert.deepEqual(result.verification.verified.map((entry) => entry.storage).sort(), ['referrer', 'tag']);
  const wrong = await verifyImage(ports, verifying(`${HOST}/app:v1`, { team: 'red' }));
  assert.equal(wrong.outcome, 'unmatched');
});

test('no signature, a missing tag and a registry that fails are three different answers', async () => {
  const { ports, repository } = setUpWithKeys();
  const image = await pushImage(repository);
  assert.equal((await verifyImage(ports, verifying(`${HOST}/app@${image.digest}`))).outcome, 'absent');
  await rejects(verifyImage(ports, verifying(`${HOST}/app:v9`)), 'not-found', /tag does not exist/, 11);
  // Slow retries are for the network; a refusal is final.
  const denied = setUpWithKeys(() => async () => new Response('no', { status: 403 }));
  await rejects(verifyImage(denied.ports, verifying(`${HOST}/app@${image.digest}`)), 'unauthorized', /./);
});

test('an attested image is not a signed one', async () => {
  const { ports, repository } = setUpWithKeys();
  const image = await pushImage(repository);
  const reference = `${HOST}/app@${image.digest}`;
  const predicate = new TextEncoder().encode('{"spdxVersion":"SPDX-2.3"}');
  await attest(ports, { ...signing, reference, type: 'spdxjson', predicate });
  assert.equal((await verifyImage(ports, verifying(reference))).outcome, 'absent');
});

test('an attestation is found by its type, and printed as an envelope over the same statement', async () => {
  const { ports, repository } = setUpWithKeys();
  const image = await pushImage(repository);
  const reference = `${HOST}/app@${image.digest}`;
  const predicate = new TextEncoder().encode('{"spdxVersion":"SPDX-2.3"}');
  const attested = await attest(ports, { ...signing, reference, type: 'spdxjson', predicate });
  assert.equal(attested.predicateType, 'https://spdx.dev/Document');
  const { predicateType } = attested;
  const wanted = { references: [reference], signers: { keys: ['env://PUB'] }, predicateType };
  const { outcome, verification } = onlyOf(await verifyImageAttestations(ports, wanted));
  assert.equal(outcome, 'verified');
  const [first] = verification.verified;
  assert.ok(first !== undefined);
  const { payload } = JSON.parse(formatAttestation(first)) as { payload: string };
  assert.deepEqual(JSON.parse(Buffer.from(payload, 'base64').toString('utf8')), first.statement);
  const cyclonedx = { ...wanted, predicateType: 'https://cyclonedx.org/bom' };
  const other = onlyOf(await verifyImageAttestations(ports, cyclonedx));
  assert.equal(other.outcome, 'absent');
});

test('a predicate that is not of its type is refused before anything is signed', async () => {
  const { ports, repository } = setUpWithKeys();
  const image = await pushImage(repository);
  const reference = `${HOST}/app@${image.digest}`;
  const input = {
    ...signing,
    reference,
    predicate: new TextEncoder().encode('{"bomFormat":"SPDX","specVersion":"1"}'),
  };
  await rejects(attest(ports, { ...input, type: 'cyclonedx' }), 'invalid-input', /predicate\.bomFormat/);
  await rejects(attest(ports, { ...input, type: 'sbom' }), 'usage', /predicate type/);
  assert.deepEqual(await repository.listReferrers(image.digest), []);
});

test('recursive signing signs an index and every image in it, once each', async () => {
  const { ports, repository } = setUpWithKeys();
  const one = await pushImage(repository, 'one');
  const other = await pushImage(repository, 'other');
  const index = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [one, other, one] };
  const bytes = new TextEncoder().encode(JSON.stringify(index));
  const { digest } = await repository.pushManifest(bytes, OCI_INDEX, 'all');
  const isSigned = async (wanted: Digest): Promise<boolean> =>
    (await verifyImage(ports, verifying(`${HOST}/app@${wanted}`))).outcome === 'verified';
  const references = [`${HOST}/app:all`];
  await signImages(ports, { ...signing, references });
  assert.deepEqual([await isSigned(digest), await isSigned(one.digest)], [true, false]);
  const signed = await signImages(ports, { ...signing, references, recursive: true });
  assert.deepEqual(
    signed.map((entry) => entry.digest),
    [digest, one.digest, other.digest],
  );
  assert.deepEqual([await isSigned(one.digest), await isSigned(other.digest)], [true, true]);
});

test('a file verifies by bundle, by signature file, by signature text and by digest', async () => {
  const { ports, path } = setUpWithKeys();
  await ports.files.writeAtomic(path('app.tar'), 'content');
  const { signature, digest } = await signFile(ports, {
    file: path('app.tar'),
    key: 'env://KEY',
    askPassword: password,
    bundle: path('app.bundle'),
    outputSignature: path('app.sig'),
  });
  const signers = { keys: ['env://PUB'] };
  for (const proof of [{ bundle: path('app.bundle') }, { signature: path('app.sig') }, { signature }]) {
    for (const file of [path('app.tar'), digest, new TextEncoder().encode('content')]) {
      assert.equal((await verifyFile(ports, { file, signers, ...proof })).verified.length, 1);
    }
    const other = await verifyFile(ports, { file: new TextEncoder().encode('other'), signers, ...proof });
    assert.deepEqual(other.verified, []);
    assert.equal(other.rejected.length, 1);
  }
  await rejects(verifyFile(ports, { file: digest, signers }), 'usage', /found neither/);
  const both = { bundle: path('app.bundle'), signature };
  await rejects(verifyFile(ports, { file: digest, signers, ...both }), 'usage', /found both/);
  await rejects(verifyFile(ports, { file: path('absent'), signers, signature }), 'not-found', /absent/);
});
