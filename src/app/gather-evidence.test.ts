import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createHandlerHttp } from '../artifacts/testing.ts';
import { AppError, parseReference } from '../core/index.ts';
import type { Descriptor, Http, WebHandler } from '../core/index.ts';
import { createTestPorts, TEST_TIME } from '../io/testing.ts';
import type { RequiredSigner, Requirement } from '../policies/index.ts';
import { OCI_MANIFEST } from '../artifacts/index.ts';
import { attestImage, formatPublicKey, signImage } from '../trust/index.ts';
import type { SigningKey } from '../trust/index.ts';
import { createSigningKey, pushImage, signOptionsOf } from '../trust/images/testing.ts';
import { createEvidenceSource } from './gather-evidence.ts';
import { openRepository } from './registry.ts';
import { createTestRegistry } from './testing.ts';

const HOST = 'localhost:5000';
const VULN = 'https://cosign.sigstore.dev/attestation/vuln/v1';
const key = createSigningKey();
const other = createSigningKey();
const signal = new AbortController().signal;

function keySigner(publicKey: SigningKey['publicKey']): RequiredSigner {
  const { keyId } = publicKey;
  return { kind: 'key', id: keyId, key: { keyId, pem: formatPublicKey(publicKey) } };
}

function signatureBy({ publicKey }: SigningKey): Requirement {
  return { kind: 'signature', signer: keySigner(publicKey) };
}

function attestationBy({ publicKey }: SigningKey): Requirement {
  return { kind: 'attestation', signer: keySigner(publicKey), predicateType: VULN };
}

/** A registry with one image in two repositories, a clock that is set by hand, and a count of what is asked. */
async function setUp(wrap: (inner: WebHandler) => WebHandler = (inner) => inner) {
  const plain = createTestPorts();
  const state = { asked: 0, now: TEST_TIME.getTime(), isDown: false };
  const inner = wrap(createTestRegistry(plain));
  const counted: WebHandler = async (request) => {
    state.asked += 1;
    return state.isDown ? new Response('', { status: 400 }) : await inner(request);
  };
  const http = createHandlerHttp({ [HOST]: counted });
  const ports = { ...plain, http, clock: () => new Date(state.now) };
  const repository = openRepository(ports, parseReference(`${HOST}/app`));
  const image = await pushImage(repository);
  await pushImage(openRepository(ports, parseReference(`${HOST}/copy`)));
  const source = createEvidenceSource(ports, { reuseFor: 60_000 });
  const gather = async (requirements: readonly Requirement[], more: { name?: string; isFresh?: boolean } = {}) => {
    const before = state.asked;
    const reference = parseReference(`${HOST}/${more.name ?? 'app'}`);
    const wanted = { reference, digest: image.digest, requirements, isFresh: more.isFresh ?? false };
    const gathered = await source.gather(wanted, signal);
    return { ...gathered, hasAsked: state.asked > before };
  };
  return { state, ports, repository, image, source, gather };
}

const sign = async (
  { repository, image }: { repository: Parameters<typeof signImage>[0]; image: Descriptor },
  by = key,
) => await signImage(repository, { subject: image, annotations: {} }, signOptionsOf(by));

test('evidence holds what the named keys signed in either form, and nothing else', async () => {
  const set = await setUp();
  await sign(set);
  await sign(set, other);
  const { evidence } = await set.gather([signatureBy(key)]);
  assert.deepEqual(
    evidence.map((item) => [item.kind, item.storage, item.artifact, item.signer]),
    ['tag', 'referrer'].map((storage) => [
      'signature',
      storage,
      set.image.digest,
      { kind: 'key', keyId: key.publicKey.keyId },
    ]),
  );
});

test('a key that is named for attestations signs no images, nor the reverse', async () => {
  const set = await setUp();
  await sign(set);
  assert.deepEqual((await set.gather([attestationBy(key)])).evidence, []);
  await attestImage(set.repository, { subject: set.image, predicateType: VULN, predicate: {} }, signOptionsOf(other));
  const { evidence } = await set.gather([signatureBy(other), attestationBy(key)]);
  assert.deepEqual(evidence, []);
});

test('evidence is kept for a while, by repository, kind and key', async () => {
  const set = await setUp();
  await sign(set);
  assert.equal((await set.gather([signatureBy(key)])).hasAsked, true);
  const again = await set.gather([signatureBy(key)]);
  assert.deepEqual([again.hasAsked, again.isOld, again.evidence.length], [false, true, 2]);
  for (const requirement of [signatureBy(other), attestationBy(key)]) {
    const different = await set.gather([requirement]);
    assert.deepEqual([different.hasAsked, different.evidence.length], [true, 0], requirement.kind);
  }
  const elsewhere = await set.gather([signatureBy(key)], { name: 'copy' });
  assert.deepEqual([elsewhere.hasAsked, elsewhere.evidence.length], [true, 0], 'signed in another repository');
  set.state.now += 59_000;
  assert.equal((await set.gather([signatureBy(key)])).hasAsked, false);
  set.state.now += 2000;
  assert.equal((await set.gather([signatureBy(key)])).hasAsked, true);
});

test('the same repository of another registry shares no evidence', async () => {
  const set = await setUp();
  await sign(set);
  const elsewhere = createHandlerHttp({ 'localhost:5001': async () => new Response('', { status: 404 }) });
  const http: Http = async (request) => await (request.url.includes(HOST) ? set.ports.http : elsewhere)(request);
  const source = createEvidenceSource({ ...set.ports, http }, { reuseFor: 60_000 });
  const gather = async (host: string) => {
    const reference = parseReference(`${host}/app`);
    return await source.gather({ reference, digest: set.image.digest, requirements: [signatureBy(key)] }, signal);
  };
  assert.equal((await gather(HOST)).evidence.length, 2);
  assert.equal((await gather('localhost:5001')).evidence.length, 0);
});

test('another digest shares no evidence', async () => {
  const set = await setUp();
  await sign(set);
  await set.gather([signatureBy(key)]);
  const second = await pushImage(set.repository, 'other content');
  const reference = parseReference(`${HOST}/app`);
  const wanted = { reference, digest: second.digest, requirements: [signatureBy(key)] };
  assert.deepEqual((await set.source.gather(wanted, signal)).evidence, []);
});

test('a fresh look sees what came since, and is kept in place of the old', async () => {
  const set = await setUp();
  assert.deepEqual((await set.gather([signatureBy(key)])).evidence, []);
  await sign(set);
  assert.deepEqual((await set.gather([signatureBy(key)])).evidence, []);
  assert.equal((await set.gather([signatureBy(key)], { isFresh: true })).evidence.length, 2);
  assert.equal((await set.gather([signatureBy(key)])).evidence.length, 2);
});

test('those who ask at the same time share one answer, which is old for nobody', async () => {
  const set = await setUp();
  await sign(set);
  const wanted = {
    reference: parseReference(`${HOST}/app`),
    digest: set.image.digest,
    requirements: [signatureBy(key)],
  };
  const [first, second] = await Promise.all([set.source.gather(wanted, signal), set.source.gather(wanted, signal)]);
  assert.equal(first.evidence[0], second.evidence[0]);
  assert.deepEqual([first.isOld ?? false, second.isOld], [false, false]);
});

test('an error is not kept', async () => {
  const set = await setUp();
  await sign(set);
  set.state.isDown = true;
  await assert.rejects(set.gather([signatureBy(key)]), AppError);
  set.state.isDown = false;
  assert.equal((await set.gather([signatureBy(key)])).evidence.length, 2);
});

test('nothing is kept where nothing shall be reused', async () => {
  const set = await setUp();
  const source = createEvidenceSource(set.ports, { reuseFor: 0 });
  const wanted = {
    reference: parseReference(`${HOST}/app`),
    digest: set.image.digest,
    requirements: [signatureBy(key)],
  };
  await source.gather(wanted, signal);
  await sign(set);
  assert.equal((await source.gather(wanted, signal)).evidence.length, 2);
});

test('no more than 200 answers are kept', async () => {
  const set = await setUp();
  await set.gather([signatureBy(key)]);
  for (let index = 0; index < 200; index += 1) await set.gather([signatureBy(key)], { name: `repository-${index}` });
  assert.equal((await set.gather([signatureBy(key)])).hasAsked, true);
});

test('one whose time is up takes nobody else along who waits for the same evidence', async () => {
  const set = await setUp();
  await sign(set);
  const hurried = new AbortController();
  const http: Http = async (request) => {
    const response = await set.ports.http(request);
    if (request.signal === hurried.signal) throw new AppError('unavailable', 'out of time');
    return response;
  };
  const source = createEvidenceSource({ ...set.ports, http }, { reuseFor: 60_000 });
  const wanted = {
    reference: parseReference(`${HOST}/app`),
    digest: set.image.digest,
    requirements: [signatureBy(key)],
  };
  const first = source.gather(wanted, hurried.signal);
  const second = source.gather(wanted, signal);
  hurried.abort();
  await assert.rejects(first, { kind: 'unavailable' });
  assert.equal((await second).evidence.length, 2);
});

test('a digest is asked for by itself, whatever tag stands beside it', async () => {
  const set = await setUp();
  const second = await pushImage(set.repository, 'other content');
  await set.repository.pushManifest((await set.repository.fetchManifest(second.digest)).bytes, second.mediaType, 'v1');
  const resolve = (text: string) => set.source.resolve(parseReference(text), signal);
  assert.equal(await resolve(`${HOST}/app:v1`), second.digest);
  assert.equal(await resolve(`${HOST}/app:v1@${set.image.digest}`), set.image.digest);
  await assert.rejects(resolve(`${HOST}/app`), { kind: 'not-found' }, 'there is no tag latest');
});

test('a registry that serves other bytes under a digest is refused, whatever its header says', async () => {
  const set = await setUp((inner) => async (request) => {
    const answer = await inner(request);
    if (request.method !== 'GET' || !request.url.includes('/manifests/')) return answer;
    return new Response(`${await answer.text()} `, { status: answer.status, headers: answer.headers });
  });
  const reference = parseReference(`${HOST}/app@${set.image.digest}`);
  await assert.rejects(set.source.resolve(reference, signal), /expected content with digest/);
});

/** A registry that hands out tokens and answers in waves: all requests of a round wait for each other. */
async function setUpRounds() {
  const state = { isPrivate: false, rounds: [] as string[][] };
  let open: Promise<void> | undefined;
  const set = await setUp((inner) => async (request, client) => {
    const { pathname } = new URL(request.url);
    if (open === undefined) {
      state.rounds.push([]);
      open = new Promise((resolve) => setTimeout(resolve, 20)).then(() => void (open = undefined));
    }
    state.rounds.at(-1)?.push(pathname);
    await open;
    if (pathname === '/token') return Response.json({ token: 't' });
    const challenge = { 'www-authenticate': `Bearer realm="http://${HOST}/token",service="r"` };
    const isRefused = state.isPrivate && request.headers.get('authorization') !== 'Bearer t';
    return isRefused ? new Response('', { status: 401, headers: challenge }) : await inner(request, client);
  });
  await set.repository.pushManifest((await set.repository.fetchManifest(set.image.digest)).bytes, OCI_MANIFEST, 'v1');
  /** Requests of each round, for an image by digest or by tag. */
  const ask = async (name: string, requirements: readonly Requirement[]) => {
    state.rounds.length = 0;
    const reference = parseReference(`${HOST}/${name}`);
    const digest = reference.digest ?? (await set.source.resolve(reference, signal));
    const { evidence } = await set.source.gather({ reference, digest, requirements, isFresh: true }, signal);
    return { evidence: evidence.length, rounds: state.rounds.length };
  };
  return { ...set, state, ask };
}

for (const [what, form, requirement, byDigest] of [
  ['a signature under its tag', 'legacy', signatureBy(key), 1],
  ['a signature in a bundle', 'bundle', signatureBy(key), 3],
  ['three attestations under their tag', 'legacy', attestationBy(key), 2],
  ['three attestations in bundles', 'bundle', attestationBy(key), 3],
] as const) {
  test(`${what}: rounds of requests by digest ${byDigest}, by tag one more`, async () => {
    const { image, repository, ask } = await setUpRounds();
    const isSignature = requirement.kind === 'signature';
    for (const scanned of isSignature ? [] : ['1', '2', '3'])
      await attestImage(
        repository,
        { subject: image, predicateType: VULN, predicate: { scanned } },
        signOptionsOf(key, [form]),
      );
    if (isSignature) await signImage(repository, { subject: image, annotations: {} }, signOptionsOf(key, [form]));
    const evidence = isSignature ? 1 : 3;
    assert.deepEqual(await ask(`app@${image.digest}`, [requirement]), { evidence, rounds: byDigest });
    assert.deepEqual(await ask('app:v1', [requirement]), { evidence, rounds: byDigest + 1 });
  });
}

test('a signature that says anything but its image costs a round more, and is read as it is', async () => {
  const { image, repository, ask } = await setUpRounds();
  await signImage(
    { ...repository, name: 'elsewhere.example.com/app' },
    { subject: image, annotations: {} },
    signOptionsOf(key, ['legacy']),
  );
  assert.deepEqual(await ask(`app@${image.digest}`, [signatureBy(key)]), { evidence: 1, rounds: 2 });
  await signImage(repository, { subject: image, annotations: { by: 'ci' } }, signOptionsOf(key, ['legacy']));
  assert.deepEqual(await ask(`app@${image.digest}`, [signatureBy(key)]), { evidence: 2, rounds: 2 });
});

test('a signature that is kept beside another repository names the image, and costs no round more', async () => {
  const { image, ports, repository, ask } = await setUpRounds();
  const source = { repository: `${HOST}/signatures`, pullSecrets: [] };
  const signer: RequiredSigner = { ...keySigner(key.publicKey), source };
  const elsewhere = openRepository(ports, parseReference(`${HOST}/signatures`));
  const named = { ...elsewhere, name: repository.name };
  await signImage(named, { subject: image, annotations: {} }, signOptionsOf(key, ['legacy']));
  const requirement: Requirement = { kind: 'signature', signer };
  assert.deepEqual(await ask(`app@${image.digest}`, [requirement]), { evidence: 1, rounds: 1 });
});

test('a registry says once who may ask, and gives one token for tag and signatures', async () => {
  const { image, repository, ask, state } = await setUpRounds();
  await signImage(repository, { subject: image, annotations: {} }, signOptionsOf(key, ['legacy']));
  state.isPrivate = true;
  assert.deepEqual(await ask('app:v1', [signatureBy(key)]), { evidence: 1, rounds: 4 });
  const count = (path: string) => state.rounds.flat().filter((asked) => asked === path).length;
  assert.deepEqual([count('/token'), count('/v2/app/manifests/v1')], [1, 2]);
  assert.deepEqual(await ask('app:v1', [signatureBy(key)]), { evidence: 1, rounds: 2 });
});

test('a bundle that its manifest embeds costs a round less, and is hashed as if it had been fetched', async () => {
  const { image, repository, ask } = await setUpRounds();
  await signImage(repository, { subject: image, annotations: {} }, signOptionsOf(key, ['bundle']));
  const [referrer] = await repository.listReferrers(image.digest);
  assert.ok(referrer);
  const text = new TextDecoder().decode((await repository.fetchManifest(referrer.digest)).bytes);
  const manifest = JSON.parse(text) as { readonly layers: readonly [Descriptor] };
  const bundle = await repository.fetchBlob(manifest.layers[0], 100_000);
  await repository.deleteManifest(referrer.digest);
  const embed = async (data: Uint8Array) => {
    const layers = [{ ...manifest.layers[0], data: Buffer.from(data).toString('base64') }];
    const bytes = new TextEncoder().encode(JSON.stringify({ ...manifest, layers }));
    return (await repository.pushManifest(bytes, OCI_MANIFEST)).digest;
  };
  const lying = await embed(bundle.toReversed());
  assert.deepEqual(await ask(`app@${image.digest}`, [signatureBy(key)]), { evidence: 1, rounds: 3 });
  await repository.deleteManifest(lying);
  await embed(bundle);
  assert.deepEqual(await ask(`app@${image.digest}`, [signatureBy(key)]), { evidence: 1, rounds: 2 });
});
