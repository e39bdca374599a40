/** Keys and tampering helpers for tests of signing and verifying. */
import { digestOf } from '../../core/index.ts';
import type { Descriptor } from '../../core/index.ts';
import { EMPTY_CONTENT, EMPTY_DESCRIPTOR, OCI_MANIFEST } from '../../artifacts/index.ts';
import type { Repository } from '../../artifacts/index.ts';
import { generatePkcs8, importPkcs8 } from '../crypto/index.ts';
import type { PublicKey, SigningKey } from '../crypto/index.ts';
import { BUNDLE_MEDIA_TYPE } from '../bundles/bundle.ts';
import { appendLayer } from './append.ts';
import { signatureTag } from './fetch.ts';
import type { TagSuffix } from './fetch.ts';
import type { SignOptions } from './sign.ts';
import type { SignerDemand } from './signers.ts';

export function createSigningKey(): SigningKey {
  return importPkcs8(generatePkcs8(), 'test key');
}

/** Pushes an image of one layer and gives its descriptor. */
export async function pushImage(repository: Repository, content = 'layer'): Promise<Descriptor> {
  const bytes = new TextEncoder().encode(content);
  const layer: Descriptor = {
    mediaType: 'application/vnd.oci.image.layer.v1.tar',
    size: bytes.length,
    digest: digestOf(bytes),
  };
  await repository.pushBlob(layer, bytes);
  const config = new TextEncoder().encode('{"os":"linux","architecture":"amd64"}');
  const configLayer: Descriptor = {
    mediaType: 'application/vnd.oci.image.config.v1+json',
    size: config.length,
    digest: digestOf(config),
  };
  await repository.pushBlob(configLayer, config);
  const manifest = { schemaVersion: 2, mediaType: OCI_MANIFEST, config: configLayer, layers: [layer] };
  return await repository.pushManifest(new TextEncoder().encode(JSON.stringify(manifest)), OCI_MANIFEST);
}

/** Options that sign at a fixed time and do not wait. */
export function signOptionsOf(key: SigningKey, formats: SignOptions['formats'] = ['bundle', 'legacy']): SignOptions {
  return { key, formats, at: new Date('2026-01-02T03:04:05Z'), settleMilliseconds: 1 };
}

export function byKeys(...keys: readonly PublicKey[]): SignerDemand {
  return { kind: 'keys', keys };
}

/** A bundle as a referrer of the image, with nothing said about what is in it. */
export async function pushBundle(repository: Repository, subject: Descriptor, bundle: unknown): Promise<void> {
  const bytes = new TextEncoder().encode(JSON.stringify(bundle));
  const layer: Descriptor = { mediaType: BUNDLE_MEDIA_TYPE, size: bytes.length, digest: digestOf(bytes) };
  await repository.pushBlob(EMPTY_DESCRIPTOR, EMPTY_CONTENT);
  await repository.pushBlob(layer, bytes);
  const config = EMPTY_DESCRIPTOR;
  const base = { schemaVersion: 2, mediaType: OCI_MANIFEST, artifactType: BUNDLE_MEDIA_TYPE };
  const manifest = { ...base, config, layers: [layer], subject };
  await repository.pushManifest(new TextEncoder().encode(JSON.stringify(manifest)), OCI_MANIFEST);
}

/** A layer under one of cosign's tags. */
export async function pushTagged(
  repository: Repository,
  subject: Descriptor,
  given: {
    readonly suffix: TagSuffix;
    readonly mediaType: string;
    readonly bytes: Uint8Array;
    readonly annotations: Readonly<Record<string, string>>;
  },
): Promise<void> {
  const { mediaType, bytes, annotations } = given;
  const layer: Descriptor = { mediaType, size: bytes.length, digest: digestOf(bytes), annotations };
  await repository.pushBlob(layer, bytes);
  await appendLayer(repository, signatureTag(subject.digest, given.suffix), layer, { settleMilliseconds: 1 });
}

export { encodeSimpleSigning } from './simple-signing.ts';
