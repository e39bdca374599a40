/** Keys and tampering helpers for tests of signing and verifying. */
import { digestOf } from '../../core/index.ts';
import type { Descriptor } from '../../core/index.ts';
import { OCI_MANIFEST } from '../../artifacts/index.ts';
import type { Repository } from '../../artifacts/index.ts';
import { generatePkcs8, importPkcs8 } from '../crypto/index.ts';
import type { SigningKey } from '../crypto/index.ts';
import type { SignOptions } from './sign.ts';

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
  const config = new TextEncoder().encode('{}');
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
