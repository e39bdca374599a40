/** Ceilings of what is read beside an image, and faults that must not be taken for bad signatures. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { digestOf } from '../../core/index.ts';
import type { Descriptor } from '../../core/index.ts';
import { OCI_MANIFEST } from '../../artifacts/index.ts';
import type { Repository } from '../../artifacts/index.ts';
import { createMemoryRepository } from '../../artifacts/testing.ts';
import { DSSE_MEDIA_TYPE, MAX_ENVELOPE_BYTES } from '../../attestations/index.ts';
import { parseBundle } from '../bundles/bundle.ts';
import { fetchAttestations, fetchSignatures, signatureTag } from './fetch.ts';
import { attestImage, signImage } from './sign.ts';
import { encodeSimpleSigning, MAX_SIMPLE_SIGNING_BYTES, parseSimpleSigning } from './simple-signing.ts';
import { byKeys, createSigningKey, pushImage, signOptionsOf } from './testing.ts';
import { verifyAttestations, verifySignatures } from './verify.ts';

const key = createSigningKey();
const artifact = digestOf('an image');
const source = digestOf('source');

function bytes(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

test('all payloads of one image together have a ceiling', async () => {
  const repository = createMemoryRepository();
  const config = { mediaType: 'application/vnd.oci.image.config.v1+json', digest: digestOf('{}'), size: 2 };
  const layers = Array.from({ length: 4 }, (_, index) => ({
    mediaType: DSSE_MEDIA_TYPE,
    digest: digestOf(`envelope ${index}`),
    size: MAX_ENVELOPE_BYTES,
  }));
  const manifest = { schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers };
  await repository.pushManifest(bytes(manifest), OCI_MANIFEST, signatureTag(artifact, 'att'));
  const candidates = await fetchAttestations({ ...repository, fetchBlob: async () => bytes({}) }, artifact);
  assert.deepEqual(
    candidates.map((candidate) => (candidate.kind === 'unreadable' ? candidate.reason.code : candidate.kind)),
    ['envelope', 'envelope', 'payload-too-large', 'payload-too-large'],
  );
});

test('no more than 1024 referrers are looked at, and the rest is told', async () => {
  const memory = createMemoryRepository();
  let reads = 0;
  const repository: Repository = {
    ...memory,
    listReferrers: async () =>
      Array.from({ length: 1100 }, (_, index): Descriptor => ({
        mediaType: OCI_MANIFEST,
        digest: digestOf(`${index}`),
        size: 2,
      })),
    fetchManifest: async (target) => {
      reads += 1;
      return await memory.fetchManifest(target);
    },
  };
  const candidates = await fetchAttestations(repository, artifact);
  assert.equal(reads, 1024);
  const last = candidates.at(-1);
  assert.equal(last?.kind === 'unreadable' ? last.reason.code : '', 'too-many-signatures');
});

test('a manifest that says it holds signatures is not downloaded for attestations', async () => {
  const memory = createMemoryRepository();
  const subject = await pushImage(memory);
  await signImage(memory, { subject, annotations: {} }, signOptionsOf(key, ['bundle']));
  let reads = 0;
  const repository: Repository = {
    ...memory,
    fetchBlob: async (...args) => {
      reads += 1;
      return await memory.fetchBlob(...args);
    },
  };
  const [candidate] = await fetchAttestations(repository, subject.digest);
  assert.deepEqual([candidate?.kind, reads], ['unreadable', 0]);
});

test('a referrer of another image proves nothing here: what is signed names the digest', async () => {
  const repository = createMemoryRepository();
  const subject = await pushImage(repository);
  const other = await pushImage(repository, 'other');
  await signImage(repository, { subject: other, annotations: {} }, signOptionsOf(key, ['bundle']));
  const entries = await repository.listReferrers(other.digest);
  const lying: Repository = { ...repository, listReferrers: async () => entries };
  const candidates = await fetchAttestations(lying, subject.digest);
  const requirement = { artifact: subject.digest, by: byKeys(key.publicKey) };
  assert.deepEqual(verifyAttestations(candidates, { ...requirement, predicateType: undefined }).verified, []);
  assert.deepEqual(verifySignatures(candidates, requirement).verified, []);
});

test('an image signature among attestations is told by its code', () => {
  const payload = encodeSimpleSigning({ reference: 'r/a', digest: artifact, annotations: {} });
  const candidate = {
    kind: 'simple-signing',
    storage: 'tag',
    source,
    payload,
    signature: 'AAAA',
    material: {},
  } as const;
  const { rejected } = verifyAttestations([candidate], {
    artifact,
    by: byKeys(key.publicKey),
    predicateType: undefined,
  });
  assert.deepEqual(
    rejected.map(({ code }) => code),
    ['predicate-type-mismatch'],
  );
});

test('a fault of ours while verifying is an error, never a signature that was passed over', () => {
  const payload = encodeSimpleSigning({ reference: 'r/a', digest: artifact, annotations: {} });
  const candidate = {
    kind: 'simple-signing',
    storage: 'tag',
    source,
    payload,
    signature: 'AAAA',
    material: {},
  } as const;
  const broken = {
    ...key.publicKey,
    verify: () => {
      throw new TypeError('a bug');
    },
  };
  assert.throws(() => verifySignatures([candidate], { artifact, by: byKeys(broken) }), TypeError);
});

test('a bundle with a chain that never ends is refused', () => {
  const certificates = (count: number) => Array.from({ length: count }, () => ({ rawBytes: 'MAA=' }));
  const bundle = (count: number) => ({
    mediaType: 'application/vnd.dev.sigstore.bundle+json;version=0.1',
    verificationMaterial: { x509CertificateChain: { certificates: certificates(count) } },
    messageSignature: { signature: 'AAAA' },
  });
  assert.equal(parseBundle(bytes(bundle(16)), 'bundle').material.kind, 'certificate');
  assert.throws(() => parseBundle(bytes(bundle(17)), 'bundle'), { kind: 'invalid-input' });
});

test('a Simple Signing payload larger than any is refused', () => {
  const annotations = { long: 'x'.repeat(MAX_SIMPLE_SIGNING_BYTES) };
  const payload = encodeSimpleSigning({ reference: 'r/a', digest: artifact, annotations });
  assert.throws(() => parseSimpleSigning(payload, 'payload'), /expected at most 1048576 bytes/);
});

test('foreign text in a reason is cut', async () => {
  const repository = createMemoryRepository();
  const config = { mediaType: 'application/vnd.oci.image.config.v1+json', digest: digestOf('{}'), size: 2 };
  const layers = [{ mediaType: 'x'.repeat(1_000_000), digest: digestOf('x'), size: 1 }];
  const manifest = { schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers };
  await repository.pushManifest(bytes(manifest), OCI_MANIFEST, signatureTag(artifact, 'sig'));
  const bundle = {
    kind: 'bundle',
    storage: 'referrer',
    source,
    bytes: bytes({ mediaType: 'y'.repeat(1_000_000) }),
  } as const;
  const candidates = [...(await fetchSignatures(repository, artifact)), bundle];
  const { rejected } = verifySignatures(candidates, { artifact, by: byKeys(key.publicKey) });
  assert.deepEqual(
    rejected.map(({ code }) => code),
    ['media-type-unsupported', 'bundle-malformed'],
  );
  assert.ok(JSON.stringify(rejected).length < 3000);
});

test('a statement that was pushed many times is held once', async () => {
  const repository = createMemoryRepository();
  const subject = await pushImage(repository);
  const attestation = { subject, predicateType: 'https://example.com/p', predicate: { large: true } };
  await attestImage(repository, attestation, signOptionsOf(key));
  const candidates = await fetchAttestations(repository, subject.digest);
  const requirement = { artifact: subject.digest, by: byKeys(key.publicKey), predicateType: undefined };
  const { verified } = verifyAttestations([...candidates, ...candidates], requirement);
  const bundles = verified.filter(({ storage }) => storage === 'referrer');
  assert.deepEqual([verified.length, bundles.length], [4, 2]);
  assert.equal(bundles[0]?.statement, bundles[1]?.statement);
  assert.equal(bundles[0]?.payload, bundles[1]?.payload);
  assert.equal(bundles[0]?.envelope.payload, bundles[1]?.payload);
});
