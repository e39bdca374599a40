/** Questions about one artifact or repository, in a registry or in a local form. */
import { DEFAULT_PLATFORM, parseImageManifest, selectManifest, type Manifest } from '../artifacts/index.ts';
import { targetOf, type Descriptor, type Platform, type Ports } from '../core/index.ts';
import { fetchRoot, nameByDigest, openArtifact } from './open-artifact.ts';
import { openRepository, type RepositoryAccess } from './registry.ts';

export interface InspectInput {
  /** A reference or a local form, as text. */
  readonly reference: string;
  /** Of an index, the image for this platform; absent: the index itself. */
  readonly platform?: Platform | undefined;
  readonly access?: RepositoryAccess;
}

export async function listTags(ports: Ports, input: InspectInput, signal: AbortSignal): Promise<readonly string[]> {
  return await (await openArtifact(ports, input.reference, input.access)).repository.listTags(signal);
}

export interface Resolved extends Manifest {
  /** By digest. */
  readonly reference: string;
}

export async function resolveManifest(ports: Ports, input: InspectInput, signal: AbortSignal): Promise<Resolved> {
  const opened = await openArtifact(ports, input.reference, input.access);
  const root = await fetchRoot(opened, signal);
  const chosen =
    input.platform === undefined ? root : await selectManifest(opened.repository, root, input.platform, signal);
  return { ...chosen, reference: nameByDigest(opened, chosen.descriptor.digest) };
}

/** By the registry's word where it gives one, which counts as no pull there; else as resolveManifest. */
export async function askDigest(
  ports: Ports,
  input: InspectInput & { readonly verifies?: boolean },
  signal: AbortSignal,
): Promise<Pick<Resolved, 'reference' | 'descriptor'>> {
  const opened = await openArtifact(ports, input.reference, input.access);
  const { reference } = opened;
  if (reference !== undefined && input.platform === undefined && input.verifies !== true) {
    const repository = openRepository(ports, reference, input.access);
    const descriptor = await repository.askDescriptor(targetOf(reference), signal);
    if (descriptor !== undefined) return { descriptor, reference: nameByDigest(opened, descriptor.digest) };
  }
  return await resolveManifest(ports, input, signal);
}

export async function resolveDigest(ports: Ports, input: InspectInput, signal: AbortSignal): Promise<Descriptor> {
  return (await resolveManifest(ports, input, signal)).descriptor;
}

/** A configuration is small; that of an artifact may be anything. */
const MAX_CONFIG_BYTES = 16 * 1024 * 1024;

/** Exact bytes of the configuration of an image or artifact. */
export async function fetchConfig(ports: Ports, input: InspectInput, signal: AbortSignal): Promise<Manifest> {
  const opened = await openArtifact(ports, input.reference, input.access);
  const platform = input.platform ?? DEFAULT_PLATFORM;
  const manifest = await selectManifest(opened.repository, await fetchRoot(opened, signal), platform, signal);
  const { config } = parseImageManifest(manifest);
  return { descriptor: config, bytes: await opened.repository.fetchBlob(config, MAX_CONFIG_BYTES, signal) };
}
