/** A real image with a keyless signature, laid out as `cosign save` writes it. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { digestOf } from '../../src/core/index.ts';
import { dataSet } from '../shared-data.ts';

export function saveTestImage(path: string): void {
  const source = join(dataSet('sigstore'), 'oci/connaisseur-testimage');
  const store = (bytes: Buffer): string => {
    const digest = digestOf(bytes);
    writeFileSync(join(path, 'blobs', digest.replace(':', '/')), bytes);
    return digest;
  };
  mkdirSync(join(path, 'blobs/sha256'), { recursive: true });
  for (const name of readdirSync(join(source, 'blobs'))) store(readFileSync(join(source, 'blobs', name)));
  const image = readFileSync(join(source, 'manifests/keyless.json'));
  const tag = digestOf(image).replace(':', '-');
  const signatures = readFileSync(join(source, `manifests/${tag}.sig.json`));
  const entry = (bytes: Buffer, kind: string): object => ({
    mediaType: (JSON.parse(bytes.toString('utf8')) as { readonly mediaType: string }).mediaType,
    size: bytes.length,
    digest: store(bytes),
    annotations: { kind: `dev.cosignproject.cosign/${kind}` },
  });
  const manifests = [entry(image, 'image'), entry(signatures, 'sigs')];
  const mediaType = 'application/vnd.oci.image.index.v1+json';
  writeFileSync(join(path, 'index.json'), JSON.stringify({ schemaVersion: 2, mediaType, manifests }));
  writeFileSync(join(path, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
}
