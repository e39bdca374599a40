/** The files of an artifact, by the titles of its layers. */
import { join } from 'node:path';
import { parseImageManifest, readSubject, type Manifest } from '../artifacts/index.ts';
import { AppError, mapParallel, type Descriptor, type Ports } from '../core/index.ts';
import { nameByDigest, type OpenedArtifact } from './open-artifact.ts';
import { unpackFolder, UNPACK } from './folder-layer.ts';
import { writeWhole } from './write-whole.ts';

/** Takes content as it comes; what it was is only certain at its end. */
export type WriteStream = (content: AsyncIterable<Uint8Array>) => Promise<void>;

export interface FileOptions {
  /** Fail when a file is there already. */
  readonly keepOld?: boolean | undefined;
  /** Also the files of what the artifact refers to, and so on. */
  readonly withSubjects?: boolean | undefined;
  /** Where the configuration goes, in the folder of the files. */
  readonly configPath?: string | undefined;
}

export interface PulledFile extends Descriptor {
  readonly path: string;
  /** By digest. */
  readonly reference: string;
}

export interface FilePull extends FileOptions {
  readonly from: OpenedArtifact;
  readonly root: Manifest;
  /** Folder, or where the bytes of the only file go. */
  readonly output: string | WriteStream;
  readonly stream: (blob: Descriptor) => AsyncIterable<Uint8Array>;
}

const TITLE = 'org.opencontainers.image.title';
/** Referrers of referrers of referrers: real ones end after two or three. */
const MAX_SUBJECTS = 32;

interface NamedBlob {
  readonly blob: Descriptor;
  readonly title: string;
}

/** Files go by their titles; a title may not leave the folder, whoever pushed it. */
export async function pullFiles(ports: Ports, pull: FilePull, signal: AbortSignal): Promise<readonly PulledFile[]> {
  const { from, output, stream } = pull;
  const manifests = pull.withSubjects === true ? await withSubjects(pull, signal) : [pull.root];
  const where = from.repository.name;
  const named = withoutDoubles(manifests.flatMap(titledBlobs), where);
  if (named.length === 0) {
    throw new AppError('invalid-input', `${where}: expected files with titles in the artifact, found none`, {
      hint: 'pull images with --format tarball or --format oci',
    });
  }
  if (typeof output !== 'string' && named.length > 1) {
    throw new AppError('usage', `${where}: expected one file for standard output, found ${named.length}`);
  }
  const config = parseImageManifest(pull.root).config;
  const all = pull.configPath === undefined ? named : [...named, { blob: config, title: pull.configPath }];
  // before anything is written
  if (pull.keepOld === true && typeof output === 'string') await refuseOld(ports, output, all);
  return await mapParallel(all, ports.settings.parallelism, async ({ blob, title }) => {
    const place = typeof output === 'string' ? join(output, title) : output;
    const isPacked = blob.annotations?.[UNPACK] === 'true' && typeof output === 'string';
    if (isPacked) await unpackFolder(ports, { blob, content: stream(blob), output, title });
    else await writeOne(ports, place, stream(blob));
    return { path: typeof place === 'string' ? place : '-', reference: nameByDigest(from, blob.digest), ...blob };
  });
}

async function withSubjects({ from, root }: FilePull, signal: AbortSignal): Promise<readonly Manifest[]> {
  const manifests = [root];
  for (let { subject } = readSubject(root); subject !== undefined;) {
    if (manifests.length > MAX_SUBJECTS) {
      throw new AppError('invalid-input', `${from.repository.name}: expected at most ${MAX_SUBJECTS} subjects`);
    }
    const manifest = await from.repository.fetchManifest(subject.digest, signal);
    manifests.push(manifest);
    subject = readSubject(manifest).subject;
  }
  return manifests;
}

function titledBlobs(manifest: Manifest): readonly NamedBlob[] {
  return parseImageManifest(manifest).layers.flatMap((blob) => {
    const title = blob.annotations?.[TITLE];
    return title === undefined ? [] : [{ blob, title: safeTitle(title) }];
  });
}

/** A subject may have the same file again. Throws `invalid-input` when two files have one title. */
function withoutDoubles(named: readonly NamedBlob[], where: string): readonly NamedBlob[] {
  const byTitle = new Map<string, NamedBlob>();
  for (const entry of named) {
    const other = byTitle.get(entry.title);
    if (other !== undefined && other.blob.digest !== entry.blob.digest) {
      throw new AppError('invalid-input', `${where}: expected one file with the title ${entry.title}, found two`);
    }
    byTitle.set(entry.title, entry);
  }
  return [...byTitle.values()];
}

function safeTitle(title: string): string {
  const parts = title.split('/');
  const isSafe = parts.every((part) => part !== '' && part !== '.' && part !== '..') && !/[\\\0]/.test(title);
  if (isSafe && title.length <= 1024) return title;
  throw new AppError(
    'invalid-input',
    `expected a title inside the folder, found ${JSON.stringify(title.slice(0, 200))}`,
  );
}

async function refuseOld(ports: Ports, folder: string, named: readonly NamedBlob[]): Promise<void> {
  for (const { title } of named) {
    const path = join(folder, title);
    if ((await ports.files.stat(path, { follow: false })) !== undefined)
      throw new AppError('invalid-input', `${path}: expected no file in its place, found one`);
  }
}

/** Gives the path when there is one. */
export async function writeOne(
  ports: Ports,
  output: string | WriteStream,
  content: AsyncIterable<Uint8Array>,
): Promise<readonly string[]> {
  if (typeof output !== 'string') {
    await output(content);
    return [];
  }
  await writeWhole(ports, output, content);
  return [output];
}
