/** The file system of an image as one tar. */
import { flattenImage, openImage, type Image } from '../artifacts/index.ts';
import type { Descriptor, Platform, Ports } from '../core/index.ts';
import { layerReader } from './layer-reader.ts';
import { nameByDigest, openArtifact } from './open-artifact.ts';
import type { RepositoryAccess } from './registry.ts';

export interface ExportInput {
  /** See resolveSource. */
  readonly source: string;
  /** Of an index; linux/amd64 when absent. */
  readonly platform?: Platform | undefined;
  readonly access?: RepositoryAccess;
}

export interface Exported {
  /** By digest. */
  readonly reference: string;
  readonly descriptor: Descriptor;
  /** Act on nothing before its end: it throws where a layer is not what the manifest says. */
  readonly content: AsyncIterable<Uint8Array>;
}

export async function exportImage(ports: Ports, input: ExportInput, signal: AbortSignal): Promise<Exported> {
  const opened = await openArtifact(ports, input.source, input.access);
  const { platform } = input;
  const image = await openImage(opened.repository, await opened.findTarget(), { platform, signal });
  const { descriptor } = image;
  return {
    descriptor,
    reference: nameByDigest(opened, descriptor.digest),
    content: fileSystemOf(ports, image, signal),
  };
}

export function fileSystemOf(ports: Ports, image: Image, signal: AbortSignal): AsyncIterable<Uint8Array> {
  const { cache, progress, settings } = ports;
  return flattenImage(image, { cache, progress, signal, parallelism: settings.parallelism, read: layerReader(ports) });
}
