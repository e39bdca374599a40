import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AppError, digestOf } from '../../core/index.ts';
import type { Descriptor, Digest, Reason } from '../../core/index.ts';
import { OCI_MANIFEST } from '../../artifacts/index.ts';
import type { Repository } from '../../artifacts/index.ts';
import { createMemoryRepository } from '../../artifacts/testing.ts';
import {
  digestSetOf,
  encodeStatement,
  formatEnvelope,
  IN_TOTO_PAYLOAD_TYPE,
  signEnvelope,
} from '../../attestations/index.ts';
import { formatEnvelopeBundle, formatMessageBundle } from '../bundles/bundle.ts';
import { encodeBase64, formatPublicKey, importPublicKey } from '../crypto/index.ts';
import type { Candidate } from './candidate.ts';
import {
  CERTIFICATE_ANNOTATION,
  fetchAttestations,
  fetchSignatures,
  MAX_CANDIDATES,
  SIGN_PREDICATE,
  SIGNATURE_ANNOTATION,
  signatureTag,
} from './fetch.ts';
import { attestImage, signImage } from './sign.ts';
import { encodeSimpleSigning, MAX_SIMPLE_SIGNING_BYTES, SIMPLE_SIGNING_MEDIA_TYPE } from './simple-signing.ts';
import { byKeys, createSigningKey, pushImage, signOptionsOf } from './testing.ts';
import { verifyAttestations, verifySignatures } from './verify.ts';

const key = createSigningKey();
const other = createSigningKey();
const artifact = digestOf('an image');
const elsewhere = digestOf('another image');
const source = digestOf('source');

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** Pushes a manifest of these layers under a tag, as an attacker with push rights could. */
async function pushLayers(
  repository: Repository,
  tag: string,
  entries: readonly { content: Uint8Array; mediaType: string; annotations?: Record<string, string>; size?: number }[],
): Promise<void> {
  const layers = [];
  for (const { content, mediaType, annotations = {}, size = content.length } of entries) {
    const digest = digestOf(content);
    if (size === content.length) await repository.pushBlob({ mediaType, digest, size }, content);
    layers.push({ mediaType, digest, size, annotations });
  }
  const config = { mediaType: 'application/vnd.oci.image.config.v1+json', digest: digestOf('{}'), size: 2 };
  const manifest = { schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers };
  await repository.pushManifest(utf8(JSON.stringify(manifest)), OCI_MANIFEST, tag);
}

function codesOf(reasons: readonly Reason[]): readonly string[] {
  return reasons.map((reason) => reason.code);
}

function codes(candidate: Candidate, annotations: Record<string, string> = {}): readonly string[] {
  const result = verifySignatures([candidate], { artifact, by: byKeys(key.publicKey), annotations });
  assert.deepEqual(result.verified, []);
  assert.ok(result.rejected.every((reason) => reason.subject !== undefined && reason.message !== ''));
  return codesOf(result.rejected);
}

async function simpleSigning(
  payload: Uint8Array,
  signer = key,
): Promise<Extract<Candidate, { kind: 'simple-signing' }>> {
  const signature = encodeBase64(await signer.sign(payload));
  return { kind: 'simple-signing', storage: 'tag', source, payload, signature, material: {} };
}

const goodPayload = encodeSimpleSigning({
  reference: 'registry.example.com/app',
  digest: artifact,
  annotations: { team: 'blue' },
});

async function bundle(
  input: { predicateType?: string; subject?: Digest; annotations?: Record<string, string>; payloadType?: string },
  signer = key,
): Promise<Extract<Candidate, { kind: 'bundle' }>> {
  const payload = encodeStatement({
    subjects: [{ digest: digestSetOf(input.subject ?? artifact), annotations: input.annotations ?? {} }],
    predicateType: input.predicateType ?? SIGN_PREDICATE,
    predicate: {},
  });
  const envelope = await signEnvelope(payload, input.payloadType ?? IN_TOTO_PAYLOAD_TYPE, signer);
  const bytes = utf8(formatEnvelopeBundle(envelope, { hint: signer.publicKey.hint }));
  return { kind: 'bundle', storage: 'referrer', source, bytes };
}

test('the payload is byte for byte what cosign writes', () => {
  const digest = digestOf('x');
  const text = (annotations: Record<string, string>): string =>
    new TextDecoder().decode(encodeSimpleSigning({ reference: 'r.example.com/app', digest, annotations }));
  const critical = `{"critical":{"identity":{"docker-reference":"r.example.com/app"},"image":{"docker-manifest-digest":"${digest}"},"type":"cosign container image signature"},"optional":`;
  assert.equal(text({}), `${critical}null}`);
  const written = text({ z: '<&>', '10': 'ten', a: 'é"\u2028', '9': 'nine' });
  assert.equal(written, `${critical}{"10":"ten","9":"nine","a":"é\\"\\u2028","z":"\\u003c\\u0026\\u003e"}}`);
});

test('signImage in both forms gives signatures that verify, each with its storage and annotations', async () => {
  const repository = createMemoryRepository();
  const subject = await pushImage(repository);
  await signImage(repository, { subject, annotations: { team: 'blue' } }, signOptionsOf(key));
  const candidates = await fetchSignatures(repository, subject.digest);
  const requirement = {
    artifact: subject.digest,
    by: byKeys(other.publicKey, key.publicKey),
    annotations: { team: 'blue' },
  };
  const { verified, rejected } = verifySignatures(candidates, requirement);
  assert.deepEqual(rejected, []);
  assert.deepEqual(verified.map((entry) => entry.storage).sort(), ['referrer', 'tag']);
  for (const entry of verified) {
    assert.deepEqual(entry.signer, { kind: 'key', keyId: key.publicKey.keyId });
    assert.deepEqual({ ...entry.annotations }, { team: 'blue' });
    assert.equal(entry.artifact, subject.digest);
  }
});

test('an artifact without signatures gives neither evidence nor reasons', async () => {
  const repository = createMemoryRepository();
  const subject = await pushImage(repository);
  assert.deepEqual(await fetchSignatures(repository, subject.digest), []);
  assert.deepEqual(await fetchAttestations(repository, subject.digest), []);
});

test('verifying with no keys at all is refused instead of accepting anybody', async () => {
  const candidates = [await simpleSigning(goodPayload)];
  const isUsage = (error: unknown): boolean => error instanceof AppError && error.kind === 'usage';
  assert.throws(() => verifySignatures(candidates, { artifact, by: byKeys() }), isUsage);
  assert.throws(() => verifyAttestations(candidates, { artifact, by: byKeys(), predicateType: undefined }), isUsage);
});

test('one candidate signed by two of the keys gives evidence for each, one key given twice for one', async () => {
  const payload = encodeStatement({
    subjects: [{ digest: digestSetOf(artifact) }],
    predicateType: SIGN_PREDICATE,
    predicate: {},
  });
  const first = await signEnvelope(payload, IN_TOTO_PAYLOAD_TYPE, key);
  const second = await signEnvelope(payload, IN_TOTO_PAYLOAD_TYPE, other);
  const envelope = { ...first, signatures: [...first.signatures, ...second.signatures] };
  const bytes = utf8(formatEnvelopeBundle(envelope, { hint: key.publicKey.hint }));
  const keys = [key.publicKey, other.publicKey, key.publicKey];
  const candidate: Candidate = { kind: 'bundle', storage: 'referrer', source, bytes };
  assert.equal(verifySignatures([candidate], { artifact, by: byKeys(...keys) }).verified.length, 2);
  const simple = await simpleSigning(goodPayload);
  const twice = [key.publicKey, importPublicKey(formatPublicKey(key.publicKey))];
  assert.equal(verifySignatures([simple], { artifact, by: byKeys(...twice) }).verified.length, 1);
});

test('a simple-signing layer is refused for each of its faults, by code', async () => {
  const good = await simpleSigning(goodPayload);
  assert.equal(verifySignatures([good], { artifact, by: byKeys(key.publicKey) }).verified.length, 1);
  assert.deepEqual(codes({ ...good, signature: '' }), ['signature-malformed']);
  assert.deepEqual(codes({ ...good, signature: 'not base64!' }), ['signature-malformed']);
  assert.deepEqual(codes({ ...good, signature: 'AAAA' }), ['signature-mismatch']);
  assert.deepEqual(codes(await simpleSigning(goodPayload, other)), ['signature-mismatch']);
  assert.deepEqual(
    codes({ ...(await simpleSigning(goodPayload, other)), material: { certificate: '-----BEGIN CERTIFICATE-----' } }),
    ['certificate-only'],
  );
  const changed = utf8(new TextDecoder().decode(goodPayload).replace('blue', 'grey'));
  assert.deepEqual(codes({ ...good, payload: changed }), ['signature-mismatch']);
  const foreign = encodeSimpleSigning({ reference: 'registry.example.com/app', digest: elsewhere, annotations: {} });
  assert.deepEqual(codes(await simpleSigning(foreign)), ['payload-other-artifact']);
  assert.deepEqual(codes(await simpleSigning(utf8('{}'))), ['payload-malformed']);
  assert.deepEqual(codes(await simpleSigning(utf8('not json'))), ['payload-malformed']);
  const typed = utf8(new TextDecoder().decode(goodPayload).replace('cosign container', 'other container'));
  assert.deepEqual(codes(await simpleSigning(typed)), ['payload-malformed']);
  assert.deepEqual(codes(good, { team: 'red' }), ['annotation-mismatch']);
  assert.deepEqual(codes(good, { crew: 'blue' }), ['annotation-mismatch']);
  assert.deepEqual(codes(good, { toString: 'blue' }), ['annotation-mismatch']);
});

test('a signature by a key counts although a certificate stands beside it', async () => {
  const good = { ...(await simpleSigning(goodPayload)), material: { certificate: '-----BEGIN CERTIFICATE-----' } };
  assert.equal(verifySignatures([good], { artifact, by: byKeys(key.publicKey) }).verified.length, 1);
});

test('a bundle is refused for each of its faults, by code', async () => {
  const good = await bundle({ annotations: { team: 'blue' } });
  assert.equal(verifySignatures([good], { artifact, by: byKeys(key.publicKey) }).verified.length, 1);
  assert.deepEqual(codes(await bundle({}, other)), ['signature-mismatch']);
  assert.deepEqual(codes(await bundle({ subject: elsewhere })), ['subject-mismatch']);
  assert.deepEqual(codes(await bundle({ predicateType: 'https://spdx.dev/Document' })), ['predicate-type-mismatch']);
  assert.deepEqual(codes(await bundle({ payloadType: 'text/plain' })), ['payload-type-unsupported']);
  assert.deepEqual(codes(good, { team: 'red' }), ['annotation-mismatch']);
  assert.deepEqual(codes({ ...good, bytes: utf8('{') }), ['bundle-malformed']);
  const text = new TextDecoder().decode(good.bytes);
  assert.deepEqual(codes({ ...good, bytes: utf8(text.replace('v0.3', 'v0.4')) }), ['bundle-malformed']);
  const message = utf8(
    formatMessageBundle(await key.sign(goodPayload), Buffer.alloc(32), { hint: key.publicKey.hint }),
  );
  assert.deepEqual(codes({ ...good, bytes: message }), ['bundle-content-unsupported']);
  const empty = await signEnvelope(utf8('[]'), IN_TOTO_PAYLOAD_TYPE, key);
  assert.deepEqual(codes({ ...good, bytes: utf8(formatEnvelopeBundle(empty, { hint: key.publicKey.hint })) }), [
    'payload-malformed',
  ]);
});

test('a managed key never vouches for a bundle that carries a certificate', async () => {
  const good = await bundle({});
  const document = JSON.parse(new TextDecoder().decode(good.bytes)) as Record<string, unknown>;
  document['verificationMaterial'] = { certificate: { rawBytes: 'MAA=' } };
  assert.deepEqual(codes({ ...good, bytes: utf8(JSON.stringify(document)) }), ['certificate-only']);
});

test('the hint of a bundle is not trusted, only explained', async () => {
  const good = await bundle({});
  const text = new TextDecoder().decode(good.bytes);
  const lied = { ...good, bytes: utf8(text.replace(key.publicKey.hint, other.publicKey.hint)) };
  assert.equal(verifySignatures([lied], { artifact, by: byKeys(key.publicKey) }).verified.length, 1);
  const result = verifySignatures([lied], { artifact, by: byKeys(other.publicKey) });
  assert.deepEqual(codesOf(result.rejected), ['signature-mismatch']);
});

test('attestations in both forms verify, and only those of the wanted type', async () => {
  const repository = createMemoryRepository();
  const subject = await pushImage(repository);
  const predicate = { spdxVersion: 'SPDX-2.3' };
  const predicateType = 'https://spdx.dev/Document';
  await attestImage(repository, { subject, predicateType, predicate }, signOptionsOf(key));
  const candidates = await fetchAttestations(repository, subject.digest);
  const requirement = { artifact: subject.digest, by: byKeys(key.publicKey), predicateType };
  const { verified, rejected } = verifyAttestations(candidates, requirement);
  assert.deepEqual(rejected, []);
  assert.deepEqual(verified.map((entry) => entry.storage).sort(), ['referrer', 'tag']);
  for (const entry of verified) {
    assert.deepEqual(entry.predicate, predicate);
    assert.equal(entry.predicateType, predicateType);
    assert.deepEqual(JSON.parse(new TextDecoder().decode(entry.payload)), entry.statement);
  }
  const wrong = verifyAttestations(candidates, { ...requirement, predicateType: 'https://cyclonedx.org/bom' });
  assert.deepEqual(wrong.verified, []);
  assert.deepEqual(codesOf(wrong.rejected), ['predicate-type-mismatch', 'predicate-type-mismatch']);
  assert.equal(verifyAttestations(candidates, { ...requirement, predicateType: undefined }).verified.length, 2);
  const foreign = verifyAttestations(candidates, { ...requirement, artifact: elsewhere });
  assert.deepEqual(codesOf(foreign.rejected), ['subject-mismatch', 'subject-mismatch']);
  const stranger = verifyAttestations(candidates, { ...requirement, by: byKeys(other.publicKey) });
  assert.deepEqual(codesOf(stranger.rejected), ['signature-mismatch', 'signature-mismatch']);
});

test('an attestation is not a signature and a signature is not an attestation, whoever made them', async () => {
  const repository = createMemoryRepository();
  const subject = await pushImage(repository);
  await attestImage(
    repository,
    { subject, predicateType: 'https://x.example/p', predicate: {} },
    signOptionsOf(key, ['bundle']),
  );
  const signatures = await fetchSignatures(repository, subject.digest);
  const requirement = { artifact: subject.digest, by: byKeys(key.publicKey) };
  assert.deepEqual(codesOf(verifySignatures(signatures, requirement).rejected), ['predicate-type-mismatch']);
  // The same when the manifest does not announce its type, so that the signed payload decides.
  const attestations = await fetchAttestations(repository, subject.digest);
  assert.equal(attestations[0]?.kind, 'bundle');
  assert.deepEqual(codesOf(verifySignatures(attestations, requirement).rejected), ['predicate-type-mismatch']);
  const signature = await bundle({ subject: subject.digest });
  const result = verifyAttestations([signature], { ...requirement, predicateType: undefined });
  assert.deepEqual(codesOf(result.rejected), ['predicate-type-mismatch']);
  assert.deepEqual(result.verified, []);
});

test('layers of other types, too large or too many become reasons', async () => {
  const repository = createMemoryRepository();
  const tag = signatureTag(artifact, 'sig');
  const mediaType = SIMPLE_SIGNING_MEDIA_TYPE;
  const annotations = { [SIGNATURE_ANNOTATION]: encodeBase64(await key.sign(goodPayload)) };
  await pushLayers(repository, tag, [
    { content: utf8('text'), mediaType: 'text/plain' },
    { content: goodPayload, mediaType, annotations, size: MAX_SIMPLE_SIGNING_BYTES + 1 },
    { content: goodPayload, mediaType, annotations },
  ]);
  const requirement = { artifact, by: byKeys(key.publicKey) };
  const first = verifySignatures(await fetchSignatures(repository, artifact), requirement);
  assert.deepEqual(codesOf(first.rejected), ['media-type-unsupported', 'payload-too-large']);
  assert.equal(first.verified.length, 1);
  const many = Array.from({ length: MAX_CANDIDATES + 2 }, () => ({ content: goodPayload, mediaType, annotations }));
  await pushLayers(repository, tag, many);
  const second = verifySignatures(await fetchSignatures(repository, artifact), requirement);
  assert.deepEqual(codesOf(second.rejected), ['too-many-signatures', 'too-many-signatures']);
  assert.equal(second.verified.length, MAX_CANDIDATES);
});

test('a certificate annotation is seen, so that the reason can name it', async () => {
  const repository = createMemoryRepository();
  const annotations = {
    [SIGNATURE_ANNOTATION]: encodeBase64(await other.sign(goodPayload)),
    [CERTIFICATE_ANNOTATION]: '-----BEGIN CERTIFICATE-----',
  };
  const layer = { content: goodPayload, mediaType: SIMPLE_SIGNING_MEDIA_TYPE, annotations };
  await pushLayers(repository, signatureTag(artifact, 'sig'), [layer]);
  const result = verifySignatures(await fetchSignatures(repository, artifact), { artifact, by: byKeys(key.publicKey) });
  assert.deepEqual(codesOf(result.rejected), ['certificate-only']);
});

test('a registry that lists referrers under a wrong artifact type hides nothing', async () => {
  const repository = createMemoryRepository();
  const subject = await pushImage(repository);
  await signImage(repository, { subject, annotations: {} }, signOptionsOf(key, ['bundle']));
  const mislabelled: Repository = {
    ...repository,
    listReferrers: async (digest: Digest) =>
      (await repository.listReferrers(digest)).map(({ mediaType, digest: referrer, size }) => ({
        mediaType,
        digest: referrer,
        size,
        artifactType: 'application/vnd.oci.empty.v1+json',
      })),
  };
  const candidates = await fetchSignatures(mislabelled, subject.digest);
  assert.equal(
    verifySignatures(candidates, { artifact: subject.digest, by: byKeys(key.publicKey) }).verified.length,
    1,
  );
});

test('a listed referrer or layer that is gone or damaged is a reason, not silence', async () => {
  const repository = createMemoryRepository();
  const subject = await pushImage(repository);
  await signImage(repository, { subject, annotations: { team: 'blue' } }, signOptionsOf(key));
  const gone = (kind: 'not-found' | 'invalid-input') => async (): Promise<never> => {
    throw new AppError(kind, 'gone');
  };
  const noManifest: Repository = { ...repository, fetchManifest: gone('not-found') };
  const requirement = { artifact: subject.digest, by: byKeys(key.publicKey) };
  const first = verifySignatures(await fetchSignatures(noManifest, subject.digest), requirement);
  assert.deepEqual(codesOf(first.rejected), ['manifest-unreadable']);
  assert.equal(first.verified.length, 1);
  const noBlob: Repository = { ...repository, fetchBlob: gone('invalid-input') };
  const second = verifySignatures(await fetchSignatures(noBlob, subject.digest), requirement);
  assert.deepEqual(codesOf(second.rejected), ['blob-unreadable', 'blob-unreadable']);
  const noTag: Repository = { ...repository, findManifest: gone('invalid-input') };
  const third = verifySignatures(await fetchSignatures(noTag, subject.digest), requirement);
  assert.deepEqual(codesOf(third.rejected), ['manifest-unreadable']);
});

test('a registry that does not answer throws, so that it never reads as unsigned', async () => {
  const repository = createMemoryRepository();
  const subject = await pushImage(repository);
  await signImage(repository, { subject, annotations: {} }, signOptionsOf(key));
  for (const kind of ['unavailable', 'unauthorized', 'internal'] as const) {
    const fail = async (): Promise<never> => {
      throw new AppError(kind, 'no answer');
    };
    for (const broken of [
      { ...repository, findManifest: fail },
      { ...repository, listReferrers: fail },
      { ...repository, fetchManifest: fail },
      { ...repository, fetchBlob: fail },
    ]) {
      await assert.rejects(
        fetchSignatures(broken, subject.digest),
        (error) => error instanceof AppError && error.kind === kind,
      );
    }
  }
});

test('signing again with the same key and annotations adds no second layer', async () => {
  const repository = createMemoryRepository();
  const subject = await pushImage(repository);
  const legacy = signOptionsOf(key, ['legacy']);
  await signImage(repository, { subject, annotations: {} }, legacy);
  await signImage(repository, { subject, annotations: {} }, legacy);
  assert.equal((await fetchSignatures(repository, subject.digest)).length, 1);
  await signImage(repository, { subject, annotations: {} }, signOptionsOf(other, ['legacy']));
  await signImage(repository, { subject, annotations: { team: 'blue' } }, legacy);
  assert.equal((await fetchSignatures(repository, subject.digest)).length, 3);
});

/** A repository whose answers take a few milliseconds, so that signers meet between reading and writing. */
function slow(repository: Repository): Repository {
  const pause = async (): Promise<void> => {
    await new Promise((resolve) => {
      setTimeout(resolve, Math.random() * 3);
    });
  };
  return {
    ...repository,
    findManifest: async (target, signal) => {
      const manifest = await repository.findManifest(target, signal);
      await pause();
      return manifest;
    },
    pushManifest: async (bytes, mediaType, tag, signal) => {
      await pause();
      return await repository.pushManifest(bytes, mediaType, tag, signal);
    },
  };
}

test('signers that start at the same moment lose nothing', async () => {
  const repository = createMemoryRepository();
  const subject = await pushImage(repository);
  const keys = Array.from({ length: 8 }, createSigningKey);
  const options = (index: number) => ({ ...signOptionsOf(keys[index] ?? key, ['legacy']), settleMilliseconds: 15 });
  await Promise.all(
    keys.map(async (_, index) => await signImage(slow(repository), { subject, annotations: {} }, options(index))),
  );
  const candidates = await fetchSignatures(repository, subject.digest);
  const { verified } = verifySignatures(candidates, {
    artifact: subject.digest,
    by: byKeys(...keys.map((entry) => entry.publicKey)),
  });
  assert.equal(new Set(verified.map((entry) => JSON.stringify(entry.signer))).size, keys.length);
});

test('a layer that is overwritten after it was seen is written again', async () => {
  const memory = createMemoryRepository();
  const subject = await pushImage(memory);
  await signImage(memory, { subject, annotations: {} }, signOptionsOf(other, ['legacy']));
  const tag = signatureTag(subject.digest, 'sig');
  const before = await memory.fetchManifest(tag);
  let looks = 0;
  // A slow signer that read before us writes after our layer was seen once.
  const raced: Repository = {
    ...memory,
    findManifest: async (target) => {
      looks += 1;
      const overwrites = looks === 4;
      if (overwrites) await memory.pushManifest(before.bytes, OCI_MANIFEST, tag);
      return await memory.findManifest(target);
    },
  };
  await signImage(raced, { subject, annotations: {} }, signOptionsOf(key, ['legacy']));
  const keys = [key.publicKey, other.publicKey];
  const { verified } = verifySignatures(await fetchSignatures(memory, subject.digest), {
    artifact: subject.digest,
    by: byKeys(...keys),
  });
  assert.equal(verified.length, 2);
  assert.ok(looks > 5);
});

test('signing that never settles gives up as unavailable', async () => {
  const memory = createMemoryRepository();
  const subject = await pushImage(memory);
  const forgetful: Repository = { ...memory, findManifest: async () => undefined };
  await assert.rejects(
    signImage(forgetful, { subject, annotations: {} }, signOptionsOf(key, ['legacy'])),
    (error) => error instanceof AppError && error.kind === 'unavailable' && /kept overwriting/.test(error.message),
  );
});

test('a referrer of another kind behind a vague artifact type is no noise', async () => {
  const repository = createMemoryRepository();
  const subject = await pushImage(repository);
  const content = utf8('a report');
  const layer = { mediaType: 'text/plain', digest: digestOf(content), size: content.length };
  await repository.pushBlob(layer, content);
  const config = { mediaType: 'application/vnd.oci.empty.v1+json', digest: digestOf('{}'), size: 2 };
  const manifest = { schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers: [layer], subject };
  await repository.pushManifest(utf8(JSON.stringify(manifest)), OCI_MANIFEST);
  assert.equal((await repository.listReferrers(subject.digest)).length, 1);
  assert.deepEqual(await fetchSignatures(repository, subject.digest), []);
});

test('referrers beyond the ceiling are a reason, not silence', async () => {
  const repository = createMemoryRepository();
  const subject = await pushImage(repository);
  const many = Array.from({ length: 1026 }, (_, index): Descriptor => {
    return { mediaType: OCI_MANIFEST, digest: digestOf(String(index)), size: 1, artifactType: 'application/x.other' };
  });
  const crowded: Repository = { ...repository, listReferrers: async () => many };
  const candidates = await fetchSignatures(crowded, subject.digest);
  const { rejected } = verifySignatures(candidates, { artifact: subject.digest, by: byKeys(key.publicKey) });
  assert.deepEqual(codesOf(rejected), ['too-many-signatures']);
  assert.equal(rejected[0]?.found, '1026');
});

test('an artifact whose digest fits into no tag is looked up by referrers alone', async () => {
  const repository = createMemoryRepository();
  const strict: Repository = {
    ...repository,
    findManifest: async (target) => {
      assert.ok(target.length <= 128);
      return await repository.findManifest(target);
    },
  };
  const subject: Descriptor = { mediaType: OCI_MANIFEST, digest: digestOf('long', 'sha512'), size: 4 };
  assert.deepEqual(await fetchSignatures(strict, subject.digest), []);
  await assert.rejects(
    signImage(strict, { subject, annotations: {} }, signOptionsOf(key, ['legacy'])),
    (error) => error instanceof AppError && error.kind === 'invalid-input' && /fits into a tag/.test(error.message),
  );
});

test('an envelope layer of another key with a certificate is refused with a reason that names it', async () => {
  const payload = encodeStatement({
    subjects: [{ digest: digestSetOf(artifact) }],
    predicateType: 'p:p',
    predicate: {},
  });
  const bytes = utf8(formatEnvelope(await signEnvelope(payload, IN_TOTO_PAYLOAD_TYPE, other)));
  const candidate: Candidate = {
    kind: 'envelope',
    storage: 'tag',
    source,
    bytes,
    material: { certificate: '-----BEGIN CERTIFICATE-----' },
  };
  const requirement = { artifact, by: byKeys(key.publicKey), predicateType: undefined };
  assert.deepEqual(codesOf(verifyAttestations([candidate], requirement).rejected), ['certificate-only']);
  assert.equal(verifyAttestations([candidate], { ...requirement, by: byKeys(other.publicKey) }).verified.length, 1);
  const broken = { ...candidate, bytes: utf8('{}') };
  assert.deepEqual(codesOf(verifyAttestations([broken], requirement).rejected), ['payload-malformed']);
});

test('a bundle is stored as cosign stores it', async () => {
  const repository = createMemoryRepository();
  const subject: Descriptor = await pushImage(repository);
  const [stored] = await signImage(repository, { subject, annotations: {} }, signOptionsOf(key, ['bundle']));
  const manifest = JSON.parse(
    new TextDecoder().decode((await repository.fetchManifest(stored?.manifest ?? '')).bytes),
  ) as unknown;
  const type = 'application/vnd.dev.sigstore.bundle.v0.3+json';
  const layer = (await repository.fetchBlob({ mediaType: type, digest: stored?.source ?? source, size: 0 }, 4096))
    .length;
  assert.deepEqual(manifest, {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: {
      mediaType: 'application/vnd.oci.empty.v1+json',
      size: 2,
      digest: 'sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a',
      artifactType: type,
    },
    layers: [{ mediaType: type, size: layer, digest: stored?.source }],
    annotations: {
      'dev.sigstore.bundle.content': 'dsse-envelope',
      'dev.sigstore.bundle.predicateType': SIGN_PREDICATE,
      'org.opencontainers.image.created': '2026-01-02T03:04:05Z',
    },
    subject: { mediaType: OCI_MANIFEST, size: subject.size, digest: subject.digest },
    artifactType: type,
  });
});
