import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { dataSet, needsSharedData } from '../../test/shared-data.ts';
import { EMPTY_CONTENT, EMPTY_DESCRIPTOR, OCI_MANIFEST } from '../artifacts/index.ts';
import { createMemoryRepository } from '../artifacts/testing.ts';
import { digestOf } from '../core/index.ts';
import { readClaims } from './read-claims.ts';

const { signal } = new AbortController();
const BUNDLE = 'application/vnd.dev.sigstore.bundle.v0.3+json';
const DSSE = 'application/vnd.dsse.envelope.v1+json';
const SPDX = {
  spdxVersion: 'SPDX-2.3',
  SPDXID: 'SPDXRef-DOCUMENT',
  name: 'x',
  documentNamespace: 'https://example.com/x',
  dataLicense: 'CC0-1.0',
  creationInfo: { created: '2026-01-01T00:00:00Z', creators: ['Tool: x'] },
  packages: [{ SPDXID: 'SPDXRef-a', name: 'a', versionInfo: '1', downloadLocation: 'NOASSERTION' }],
};

interface Layer {
  readonly mediaType: string;
  readonly content: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

async function claimsOf(layers: readonly Layer[], fields: object = {}) {
  const repository = createMemoryRepository();
  await repository.pushBlob(EMPTY_DESCRIPTOR, EMPTY_CONTENT);
  const described = [];
  for (const { content, ...layer } of layers) {
    const blob = { ...layer, digest: digestOf(content), size: Buffer.byteLength(content) };
    await repository.pushBlob(blob, Buffer.from(content));
    described.push(blob);
  }
  const document = {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: EMPTY_DESCRIPTOR,
    layers: described,
    ...fields,
  };
  await repository.pushManifest(Buffer.from(JSON.stringify(document)), OCI_MANIFEST, 'x');
  return await readClaims(repository, await repository.fetchManifest('x'), signal);
}

function envelopeOf(statement: object) {
  const payload = Buffer.from(JSON.stringify(statement)).toString('base64');
  return { payloadType: 'application/vnd.in-toto+json', payload, signatures: [{ sig: 'AAAA' }] };
}

test('an attestation says its predicate type, and of an SBOM how many components it has', async () => {
  const statement = { predicateType: 'https://spdx.dev/Document', predicate: SPDX };
  assert.deepEqual(await claimsOf([{ mediaType: DSSE, content: JSON.stringify(envelopeOf(statement)) }]), [
    { kind: 'attestation', predicateType: 'https://spdx.dev/Document', components: 1 },
  ]);
  const plain = JSON.stringify(envelopeOf({ predicateType: 'https://slsa.dev/provenance/v1', predicate: {} }));
  const rekor = JSON.stringify({ Payload: { integratedTime: 1_700_000_000 } });
  const annotations = { 'dev.sigstore.cosign/bundle': rekor };
  assert.deepEqual(await claimsOf([{ mediaType: DSSE, content: plain, annotations }]), [
    { kind: 'attestation', predicateType: 'https://slsa.dev/provenance/v1', loggedAt: '2023-11-14T22:13:20Z' },
  ]);
});

test('a bundle says its key and what it holds; a bare SBOM its components; Notation its certificate', async () => {
  const bundle = {
    mediaType: BUNDLE,
    verificationMaterial: { publicKey: { hint: 'abc' }, tlogEntries: [{ integratedTime: '1700000000' }] },
    messageSignature: { signature: 'AAAA' },
  };
  assert.deepEqual(await claimsOf([{ mediaType: BUNDLE, content: JSON.stringify(bundle) }]), [
    { kind: 'signature', signer: 'key abc', loggedAt: '2023-11-14T22:13:20Z' },
  ]);
  const sbom = { mediaType: 'application/spdx+json', content: JSON.stringify(SPDX) };
  assert.deepEqual(await claimsOf([sbom]), [{ kind: 'sbom', components: 1 }]);
  const notation = {
    artifactType: 'application/vnd.cncf.notary.signature',
    annotations: { 'io.cncf.notary.x509chain.thumbprint#S256': '["aa"]' },
  };
  assert.deepEqual(await claimsOf([], notation), [{ kind: 'signature', signer: 'certificate ["aa"]' }]);
});

test('a keyless bundle says the name in its certificate and who vouched for it', needsSharedData, async () => {
  const path = join(dataSet('sigstore'), 'bundle-verify/bundle-with-sct-with-extensions/bundle.sigstore.json');
  const [claim] = await claimsOf([{ mediaType: BUNDLE, content: readFileSync(path, 'utf8') }]);
  assert.match(claim?.signer ?? '', /@|https:\/\//);
  assert.match(claim?.issuer ?? '', /^https:\/\/[\w./-]+$/);
});

test('what is damaged says so, and nothing is said of other types', async () => {
  for (const mediaType of [DSSE, BUNDLE, 'application/spdx+json']) {
    const [claim, ...others] = await claimsOf([{ mediaType, content: '[' }]);
    assert.deepEqual([claim?.kind, others], ['unreadable', []], mediaType);
    assert.match(claim?.reason ?? '', /expected/);
  }
  const certificate = { 'dev.sigstore.cosign/certificate': 'none' };
  const simple = 'application/vnd.dev.cosign.simplesigning.v1+json';
  const [bad] = await claimsOf([{ mediaType: simple, content: '{}', annotations: certificate }]);
  assert.match(bad?.reason ?? '', /certificate: expected PEM/);
  assert.deepEqual(await claimsOf([{ mediaType: 'text/plain', content: 'x' }]), []);
});
