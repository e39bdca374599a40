/** One image as an archive for `docker load`, into a file or wherever its bytes go. */
import { dockerArchive, openImage, streamReported, type Image, type Manifest } from '../artifacts/index.ts';
import { formatReference, type Platform, type Ports } from '../core/index.ts';
import type { OpenedArtifact } from './open-artifact.ts';
import { writeWhole } from './write-whole.ts';

export interface DockerArchiveInput {
  readonly from: OpenedArtifact;
  readonly root: Manifest;
  readonly path: string;
  /** References with tags; the source's own when absent. */
  readonly names?: readonly string[] | undefined;
  /** Of an index; linux/amd64 when absent. */
  readonly platform?: Platform | undefined;
}

export async function writeDockerArchive(ports: Ports, input: DockerArchiveInput, signal: AbortSignal): Promise<Image> {
  const { image, content } = await openDockerStream(ports, input, signal);
  await writeWhole(ports, input.path, content);
  return image;
}

/** Act on nothing before the stream's end: it throws there when a layer is not what the manifest says. */
export async function openDockerStream(
  ports: Ports,
  { from, root, names, platform }: Omit<DockerArchiveInput, 'path'>,
  signal: AbortSignal,
): Promise<{ readonly image: Image; readonly content: AsyncIterable<Uint8Array> }> {
  const image = await openImage(from.repository, root.descriptor.digest, { platform, signal });
  const { progress } = ports;
  const content = dockerArchive(image, names ?? ownNames(from), (layer) =>
    streamReported(from.repository, layer, { progress, signal }),
  );
  return { image, content };
}

function ownNames({ reference, tag }: OpenedArtifact): readonly string[] {
  if (reference === undefined || tag === undefined) return [];
  const { registry, repository } = reference;
  return [formatReference({ registry, repository, tag })];
}
