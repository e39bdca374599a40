/** Files and folders as layers of an artifact, in the forms that oras has for them. */
import { basename } from 'node:path';
import { OCI_LAYER_GZIP, writeTar, type Repository } from '../artifacts/index.ts';
import { AppError, mapParallel, parseJson, record, string, type Descriptor, type Ports } from '../core/index.ts';
import { listFolder, TAR_DIGEST, UNPACK } from './folder-layer.ts';
import { withLayer } from './layer-file.ts';
import { describeFile, pushFrom } from './transfer-blob.ts';

/** By the title of a file, or `$manifest` or `$config`. */
export type FileAnnotations = ReadonlyMap<string, Readonly<Record<string, string>>>;

const TITLE = 'org.opencontainers.image.title';
const DEFAULT_FILE_TYPE = 'application/octet-stream';
/** What follows a path. */
export const FILE_TYPE = /:([\w.+-]+\/[\w.+-]+)?$/;
/** A manifest has no room for more. */
const MAX_ANNOTATION_BYTES = 4 * 1024 * 1024;

/** Throws `invalid-input` when the file is not two levels of objects with strings. */
export async function readAnnotations(ports: Ports, path: string | undefined): Promise<FileAnnotations> {
  if (path === undefined) return new Map();
  const bytes = await ports.files.read(path, MAX_ANNOTATION_BYTES);
  const document = record(parseJson(bytes, { what: path, maxBytes: MAX_ANNOTATION_BYTES }), path);
  const decode = (name: string, value: unknown) =>
    Object.fromEntries(
      Object.entries(record(value, `${path}.${name}`)).map(([key, text]) => [
        key,
        string(text, `${path}.${name}.${key}`),
      ]),
    );
  return new Map(Object.entries(document).map(([name, value]) => [name, decode(name, value)]));
}

export interface LayerPush {
  readonly repository: Repository;
  /** `PATH` or `PATH:MEDIA/TYPE`. */
  readonly files: readonly string[];
  readonly notes: FileAnnotations;
}

/** In the order of the files. Throws `usage` when two of them would have one title. */
export async function pushLayers(
  ports: Ports,
  { repository, files, notes }: LayerPush,
  signal: AbortSignal,
): Promise<readonly Descriptor[]> {
  const named = await Promise.all(files.map((text) => splitFile(ports, text, DEFAULT_FILE_TYPE)));
  const titles = new Set<string>();
  for (const { path } of named) {
    const title = titleOf(path);
    if (titles.has(title)) throw new AppError('usage', `${path}: expected one file with the title ${title}, found two`);
    titles.add(title);
  }
  return await mapParallel(named, ports.settings.parallelism, async ({ path, mediaType, isFolder }) => {
    const title = titleOf(path);
    if (isFolder) return await pushFolder(ports, { repository, path, title, notes, mediaType }, signal);
    const blob = await describeFile(ports, path, mediaType);
    const layer = { ...blob, annotations: { [TITLE]: title, ...notes.get(title) } };
    await pushFrom(ports, repository, { blob: layer, path }, signal);
    return layer;
  });
}

interface FolderPush extends Pick<LayerPush, 'repository' | 'notes'> {
  readonly path: string;
  readonly title: string;
  readonly mediaType: string;
}

async function pushFolder(
  ports: Ports,
  { repository, path, title, notes, mediaType }: FolderPush,
  signal: AbortSignal,
): Promise<Descriptor> {
  return await withLayer(ports, writeTar(await listFolder(ports, path, title)), async (packed) => {
    const annotations = { [TAR_DIGEST]: packed.diffId, [UNPACK]: 'true', [TITLE]: title, ...notes.get(title) };
    const { digest, size } = packed.descriptor;
    const layer = { mediaType, digest, size, annotations };
    await pushFrom(ports, repository, { blob: layer, path: packed.path }, signal);
    return layer;
  });
}

/** `PATH:TYPE`; `PATH:` says that a colon before belongs to the path. Throws `not-found` and `invalid-input`. */
export async function splitFile(
  ports: Ports,
  text: string,
  defaultType: string,
): Promise<{ readonly path: string; readonly mediaType: string; readonly isFolder: boolean }> {
  if ((await ports.files.stat(text))?.kind === 'file') return { path: text, mediaType: defaultType, isFolder: false };
  const path = text.replace(FILE_TYPE, '');
  const stat = await ports.files.stat(path);
  if (stat === undefined) throw new AppError('not-found', `${path}: no such file`);
  const isFolder = stat.kind === 'directory';
  if (stat.kind !== 'file' && !isFolder) throw new AppError('invalid-input', `${path}: expected a file or a folder`);
  const mediaType = FILE_TYPE.exec(text)?.[1] ?? (isFolder ? OCI_LAYER_GZIP : defaultType);
  return { path, mediaType, isFolder };
}

/** The path as it was given, so that pull makes the same folders; outside the working folder the name alone. */
function titleOf(path: string): string {
  const parts = path.split('/').filter((part) => part !== '.' && part !== '');
  return path.startsWith('/') || parts.includes('..') ? basename(path) : parts.join('/');
}
