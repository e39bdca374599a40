/** Images as an archive for `docker load`, into a file or wherever its bytes go. */
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

export async function writeDockerArchive(
  ports: Ports,
  { from, root, path, names, platform }: DockerArchiveInput,
  signal: AbortSignal,
): Promise<Image> {
  const image = await openImage(from.repository, root.descriptor.digest, { platform, signal });
  await writeWhole(ports, path, dockerStream(ports, [{ from, image, names }], signal));
  return image;
}

export interface SavedImage {
  readonly from: OpenedArtifact;
  readonly image: Image;
  /** See DockerArchiveInput. */
  readonly names?: readonly string[] | undefined;
}

/** Act on nothing before the stream's end: it throws there when a layer is not what the manifest says. */
export function dockerStream(
  ports: Ports,
  images: readonly SavedImage[],
  signal: AbortSignal,
): AsyncIterable<Uint8Array> {
  const { progress } = ports;
  return dockerArchive(
    images.map(({ from, image, names }) => ({
      image,
      names: names ?? ownNames(from),
      stream: (layer) => streamReported(from.repository, layer, { progress, signal }),
    })),
  );
}

function ownNames({ reference, tag }: OpenedArtifact): readonly string[] {
  if (reference === undefined || tag === undefined) return [];
  const { registry, repository } = reference;
  return [formatReference({ registry, repository, tag })];
}
