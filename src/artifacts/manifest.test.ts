import assert from 'node:assert/strict';
import { test } from 'node:test';
import { digestOf } from '../core/index.ts';
import { EMPTY_DESCRIPTOR, embeddedContent, parseImageIndex, parseImageManifest, readManifest } from './manifest.ts';
import { OCI_INDEX, OCI_MANIFEST } from './media-types.ts';

const bytes = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
const image = { schemaVersion: 2, config: EMPTY_DESCRIPTOR, layers: [] };
const index = { schemaVersion: 2, manifests: [] };

test('a document is what it holds, whatever its announcement says', () => {
  assert.equal(readManifest(bytes(image), undefined, 'm').descriptor.mediaType, OCI_MANIFEST);
  assert.equal(readManifest(bytes(index), undefined, 'm').descriptor.mediaType, OCI_INDEX);
  assert.throws(() => readManifest(bytes(image), OCI_INDEX, 'm'), /its content is not of type/);
  assert.throws(() => readManifest(bytes(index), OCI_MANIFEST, 'm'), /its content is not of type/);
  assert.throws(() => readManifest(bytes({ ...image, mediaType: OCI_INDEX }), OCI_INDEX, 'm'), {
    kind: 'invalid-input',
  });
});

test('a manifest larger than registries take is refused wherever it comes from', () => {
  const large = { ...image, annotations: { long: 'x'.repeat(4 * 1024 * 1024) } };
  assert.throws(() => readManifest(bytes(large), undefined, 'm'), /expected at most 4194304 bytes/);
});

test('a manifest has a ceiling of layers, and an index one of manifests', () => {
  const many = Array.from({ length: 10_001 }, () => EMPTY_DESCRIPTOR);
  const layers = readManifest(bytes({ ...image, layers: many }), undefined, 'm');
  assert.throws(() => parseImageManifest(layers), /at most 10000 entries/);
  const manifests = readManifest(bytes({ ...index, manifests: many }), undefined, 'm');
  assert.throws(() => parseImageIndex(manifests), /at most 10000 entries/);
});

test('content inside a descriptor counts only when size and digest say so', () => {
  const content = new TextEncoder().encode('content');
  const data = Buffer.from(content).toString('base64');
  const descriptor = { mediaType: 'text/plain', digest: digestOf(content), size: content.length };
  assert.deepEqual(Buffer.from(embeddedContent({ ...descriptor, data }) ?? []), Buffer.from(content));
  assert.equal(embeddedContent({ ...descriptor, data, digest: digestOf('other') }), undefined);
  assert.equal(embeddedContent({ ...descriptor, data, size: 6 }), undefined);
  assert.equal(embeddedContent({ ...descriptor, data: 'AAAA' }), undefined);
  assert.equal(embeddedContent(descriptor), undefined);
});

test('a name that Go programs take for another one is refused, at the top as in descriptors', () => {
  const config = { mediaType: 'application/x', digest: digestOf('x'), size: 1 };
  const plain = { ...image, mediaType: OCI_MANIFEST, config };
  const documents: readonly (readonly [object, RegExp])[] = [
    [{ ...plain, Layers: [config] }, /expected layers, found "Layers"/],
    [{ ...plain, layerſ: [config] }, /expected layers/],
    [{ ...plain, Manifests: [config] }, /expected manifests/],
    [{ ...plain, MediaType: OCI_INDEX }, /expected mediaType/],
    [{ ...plain, config: { ...config, Digest: digestOf('y') } }, /config: expected digest, found "Digest"/],
    [{ ...plain, layers: [{ ...config, URLs: ['https://example.com'] }] }, /layers\[0\]: expected urls/],
  ];
  for (const [document, message] of documents) {
    assert.throws(() => parseImageManifest(readManifest(bytes(document), undefined, 'm')), message);
  }
});
