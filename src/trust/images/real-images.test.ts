/** Real signed images and attestations of public registries, read from the folder they were saved to. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { digestOf, parseDigest } from '../../core/index.ts';
import type { Digest } from '../../core/index.ts';
import { OCI_MANIFEST, parseImageManifest } from '../../artifacts/index.ts';
import type { Repository } from '../../artifacts/index.ts';
import { createMemoryRepository } from '../../artifacts/testing.ts';
import { dataSet, hasSharedData, needsSharedData } from '../../../test/shared-data.ts';
import { importPublicKey } from '../crypto/index.ts';
import type { PublicKey } from '../crypto/index.ts';
import type { Candidate } from './candidate.ts';
import { fetchAttestations, fetchSignatures, signatureTag } from './fetch.ts';
import { byKeys, createSigningKey } from './testing.ts';
import { verifyAttestations, verifySignatures } from './verify.ts';

const folder = hasSharedData ? join(dataSet('sigstore'), 'oci') : '';
const images = join(folder, 'connaisseur-testimage');

function keyOf(name: string): PublicKey {
  return importPublicKey(readFileSync(join(images, `${name}.pub`), 'utf8'), name);
}

async function loadConnaisseur(): Promise<Repository> {
  const repository = createMemoryRepository('index.docker.io/securesystemsengineering/testimage');
  for (const name of readdirSync(join(images, 'blobs'))) {
    const bytes = readFileSync(join(images, 'blobs', name));
    await repository.pushBlob({ mediaType: 'x', digest: digestOf(bytes), size: bytes.length }, bytes);
  }
  for (const name of readdirSync(join(images, 'manifests'))) {
    const bytes = readFileSync(join(images, 'manifests', name));
    const tag = name.startsWith('sha256-') ? name.replace(/\.json$/, '') : undefined;
    const { mediaType } = JSON.parse(bytes.toString('utf8')) as { mediaType?: string };
    await repository.pushManifest(bytes, mediaType ?? OCI_MANIFEST, tag);
  }
  return repository;
}

function digestOfTag(start: string): Digest {
  const name = readdirSync(join(images, 'manifests')).find((entry) => entry.startsWith(`sha256-${start}`));
  return parseDigest((name ?? '').replace('-', ':').replace('.sig.json', ''));
}

test('a real image signed by one key verifies with that key only', needsSharedData, async () => {
  const artifact = digestOfTag('071bf7a9');
  const candidates = await fetchSignatures(await loadConnaisseur(), artifact);
  const alice = verifySignatures(candidates, { artifact, by: byKeys(keyOf('alice')) });
  assert.equal(alice.verified.length, 1);
  assert.deepEqual(alice.rejected, []);
  for (const name of ['bob', 'charlie', 'default']) {
    const { verified, rejected } = verifySignatures(candidates, { artifact, by: byKeys(keyOf(name)) });
    assert.deepEqual(verified, [], name);
    assert.deepEqual(
      rejected.map((reason) => reason.code),
      ['signature-mismatch'],
    );
  }
  const moved = verifySignatures(candidates, { artifact: digestOfTag('bfec161f'), by: byKeys(keyOf('alice')) });
  assert.deepEqual(
    moved.rejected.map((reason) => reason.code),
    ['payload-other-artifact'],
  );
});

test(
  'a real image signed by three keys gives evidence for each, so that thresholds can be counted',
  needsSharedData,
  async () => {
    const artifact = digestOfTag('bfec161f');
    const candidates = await fetchSignatures(await loadConnaisseur(), artifact);
    const signers = (names: readonly string[]): number => {
      const { verified } = verifySignatures(candidates, { artifact, by: byKeys(...names.map(keyOf)) });
      return new Set(verified.map((entry) => JSON.stringify(entry.signer))).size;
    };
    assert.equal(signers(['alice', 'bob']), 2);
    assert.equal(signers(['alice', 'bob', 'charlie']), 3);
    assert.equal(signers(['default']), 0);
  },
);

test('a real image signed with a certificate is refused to a key, saying so', needsSharedData, async () => {
  const artifact = digestOfTag('31dc72a1');
  const candidates = await fetchSignatures(await loadConnaisseur(), artifact);
  const { verified, rejected } = verifySignatures(candidates, { artifact, by: byKeys(keyOf('alice')) });
  assert.deepEqual(verified, []);
  assert.deepEqual(
    rejected.map((reason) => reason.code),
    ['certificate-only'],
  );
});

/** The `.att` manifest of a saved layout, in a repository of its own. */
async function loadAttestations(layout: string, artifact: Digest): Promise<Repository> {
  const repository = createMemoryRepository();
  const read = (digest: string): Uint8Array =>
    readFileSync(join(layout, 'blobs/sha256', digest.replace('sha256:', '')));
  const index = JSON.parse(readFileSync(join(layout, 'index.json'), 'utf8')) as {
    manifests: readonly { digest: string; annotations?: { kind?: string } }[];
  };
  const entry = index.manifests.find((item) => item.annotations?.kind === 'dev.cosignproject.cosign/atts');
  const bytes = read(entry?.digest ?? '');
  await repository.pushManifest(bytes, OCI_MANIFEST, signatureTag(artifact, 'att'));
  const manifest = parseImageManifest(await repository.fetchManifest(signatureTag(artifact, 'att')));
  for (const layer of manifest.layers) await repository.pushBlob(layer, read(layer.digest));
  return repository;
}

test(
  'real keyless attestations are refused to a key, saying that they carry certificates',
  needsSharedData,
  async () => {
    const layouts = readdirSync(folder).filter((name) => name.startsWith('slsa-generic-container-'));
    assert.equal(layouts.length, 9);
    const by = byKeys(createSigningKey().publicKey);
    for (const name of layouts) {
      const artifact = parseDigest(readFileSync(join(folder, name, 'subject.digest'), 'utf8').trim());
      const candidates = await fetchAttestations(await loadAttestations(join(folder, name), artifact), artifact);
      const { verified, rejected } = verifyAttestations(candidates, { artifact, by, predicateType: undefined });
      assert.deepEqual(verified, [], name);
      assert.deepEqual(
        rejected.map((reason) => reason.code),
        ['certificate-only'],
        name,
      );
    }
  },
);

test('real keyless bundles are refused to a key, saying that they carry certificates', needsSharedData, () => {
  for (const path of [
    'cosign-new-bundle/oci-attestation.sigstore.json',
    'trivy-demo-sbom/sbom-attestation.sigstore.json',
  ]) {
    assert.ok(existsSync(join(folder, path)));
    const bytes = readFileSync(join(folder, path));
    const candidate: Candidate = { kind: 'bundle', storage: 'referrer', source: digestOf(bytes), bytes };
    const requirement = { artifact: digestOf('x'), by: byKeys(createSigningKey().publicKey), predicateType: undefined };
    const { rejected } = verifyAttestations([candidate], requirement);
    assert.deepEqual(
      rejected.map((reason) => reason.code),
      ['certificate-only'],
      path,
    );
  }
});
