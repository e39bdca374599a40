/** A registry of a process's own, for tests of use cases and commands. */
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { createRegistry, OCI_CONFIG, OCI_LAYER_GZIP, OCI_MANIFEST } from '../artifacts/index.ts';
import { makeTar, type TarSpec } from '../artifacts/image/testing.ts';
import { createState, openAuthority, type Authority } from '../trust/index.ts';
import { digestOf, parseReference, targetOf } from '../core/index.ts';
import type { Descriptor, Ports, WebHandler } from '../core/index.ts';
import { openRepository } from './registry.ts';

/** Keeps its content in the home folder of the ports. */
export function createTestRegistry(ports: Ports): WebHandler {
  return createRegistry(ports.files, join(ports.home, 'registry'), ports);
}

/** A private Sigstore in the home of the ports, with a provider that believes whoever asks. Its keys have no password. */
export async function createTestAuthority(ports: Ports, url: string): Promise<Authority> {
  const folder = join(ports.home, 'authority');
  await createState(ports, folder, { url, password: '' });
  return await openAuthority(ports, folder, { password: '', issuers: [], tryOut: true });
}

export interface TestImage {
  /** Entries of each layer, lowest first. */
  readonly layers: readonly (readonly TarSpec[])[];
  readonly history?: readonly { readonly created_by: string; readonly empty_layer?: boolean }[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly architecture?: string;
}

/** The descriptor of its manifest. */
export async function pushTestImage(ports: Ports, reference: string, image: TestImage): Promise<Descriptor> {
  const parsed = parseReference(reference);
  const repository = openRepository(ports, parsed);
  const push = async (mediaType: string, content: Uint8Array) => {
    const descriptor = { mediaType, digest: digestOf(content), size: content.length };
    await repository.pushBlob(descriptor, content);
    return descriptor;
  };
  const tars = image.layers.map(makeTar);
  const layers: Descriptor[] = [];
  for (const tar of tars) layers.push(await push(OCI_LAYER_GZIP, gzipSync(tar)));
  const configuration = {
    os: 'linux',
    architecture: image.architecture ?? 'amd64',
    config: { Labels: image.labels ?? {} },
    rootfs: { type: 'layers', diff_ids: tars.map((tar) => digestOf(tar)) },
    history: image.history ?? [],
  };
  const config = await push(OCI_CONFIG, Buffer.from(JSON.stringify(configuration)));
  const { annotations = {} } = image;
  const manifest = { schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers, annotations };
  return await repository.pushManifest(Buffer.from(JSON.stringify(manifest)), OCI_MANIFEST, targetOf(parsed));
}
