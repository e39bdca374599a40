/** Questions to a registry about one artifact or repository. */
import { DEFAULT_PLATFORM, openImage, selectManifest, type Manifest } from '../artifacts/index.ts';
import { parseReference, targetOf, type Descriptor, type Platform, type Ports } from '../core/index.ts';
import { openRepository, type RepositoryAccess } from './registry.ts';

export interface InspectInput {
  /** A reference, as text. */
  readonly reference: string;
  /** Of an index, the image for this platform; absent: the index itself. */
  readonly platform?: Platform | undefined;
  readonly access?: RepositoryAccess;
}

export async function listTags(ports: Ports, input: InspectInput, signal: AbortSignal): Promise<readonly string[]> {
  return await openRepository(ports, parseReference(input.reference), input.access).listTags(signal);
}

export async function resolveManifest(ports: Ports, input: InspectInput, signal: AbortSignal): Promise<Manifest> {
  const reference = parseReference(input.reference);
  const repository = openRepository(ports, reference, input.access);
  const manifest = await repository.fetchManifest(targetOf(reference), signal);
  return input.platform === undefined ? manifest : await selectManifest(repository, manifest, input.platform, signal);
}

export async function resolveDigest(ports: Ports, input: InspectInput, signal: AbortSignal): Promise<Descriptor> {
  return (await resolveManifest(ports, input, signal)).descriptor;
}

/** Exact bytes of the image's configuration. */
export async function fetchConfig(ports: Ports, input: InspectInput, signal: AbortSignal): Promise<Uint8Array> {
  const reference = parseReference(input.reference);
  const repository = openRepository(ports, reference, input.access);
  const platform = input.platform ?? DEFAULT_PLATFORM;
  return (await openImage(repository, targetOf(reference), { platform, signal })).configBytes;
}
