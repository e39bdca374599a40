/** Single blobs between a registry and the disk. */
import { basename } from 'node:path';
import {
  AppError,
  createHasher,
  formatReference,
  parseReference,
  referenceWithDigest,
  type Descriptor,
  type Ports,
} from '../core/index.ts';
import type { Repository } from '../artifacts/index.ts';
import type { Pushed } from './push-artifact.ts';
import { openRepository, type RepositoryAccess } from './registry.ts';
import { writeWhole } from './write-whole.ts';

/** The registry tells only size and digest; the type is in the manifests that name the blob. */
const BLOB_TYPE = 'application/octet-stream';

export interface FetchBlobInput {
  /** With a digest. */
  readonly reference: string;
  readonly access?: RepositoryAccess;
}

export interface OpenedBlob {
  /** By digest. */
  readonly reference: string;
  readonly descriptor: Descriptor;
  /** Content as it comes; throws at its end if size or digest is wrong. */
  readonly content: AsyncIterable<Uint8Array>;
}

/** Throws `usage` for a reference without a digest and `not-found` when there is no such blob. */
export async function openBlob(ports: Ports, input: FetchBlobInput, signal: AbortSignal): Promise<OpenedBlob> {
  const reference = parseReference(input.reference);
  const { digest } = reference;
  if (digest === undefined) {
    throw new AppError('usage', `expected a reference with a digest, found ${JSON.stringify(input.reference)}`);
  }
  const repository = openRepository(ports, reference, input.access);
  const size = await repository.findBlobSize(digest, signal);
  if (size === undefined) throw new AppError('not-found', `${repository.name}: no blob ${digest}`);
  const descriptor = { mediaType: BLOB_TYPE, digest, size };
  return {
    reference: formatReference(referenceWithDigest(reference, digest)),
    descriptor,
    content: repository.streamBlob(descriptor, signal),
  };
}

/** The file gets its name only when all of its content is verified. */
export async function fetchBlobToFile(
  ports: Ports,
  input: FetchBlobInput & { readonly output: string },
  signal: AbortSignal,
): Promise<Pushed> {
  const { reference, descriptor, content } = await openBlob(ports, input, signal);
  await writeWhole(ports, input.output, content);
  return { reference, descriptor };
}

export interface PushBlobInput {
  /** The repository; a digest in it must be the file's. */
  readonly reference: string;
  readonly file: string;
  /** Of the descriptor that is given back; registries do not keep it. */
  readonly mediaType?: string | undefined;
  /** Bytes that the file must have. */
  readonly size?: number | undefined;
  readonly access?: RepositoryAccess;
}

/** No transfer when the blob is there already. Throws `invalid-input` when the file is not what the digest says. */
export async function pushBlob(ports: Ports, input: PushBlobInput, signal: AbortSignal): Promise<Pushed> {
  const reference = parseReference(input.reference);
  const { kind } = (await ports.files.stat(input.file)) ?? {};
  if (kind === undefined) throw new AppError('not-found', `${input.file}: no such file`);
  if (kind !== 'file') throw new AppError('invalid-input', `${input.file}: expected a file, found a ${kind}`);
  const descriptor = await describeFile(ports, input.file, input.mediaType ?? BLOB_TYPE);
  const { digest } = descriptor;
  if (input.size !== undefined && input.size !== descriptor.size) {
    const found = `expected ${input.size} bytes, found ${descriptor.size}`;
    throw new AppError('invalid-input', `${basename(input.file)}: ${found}`);
  }
  if (reference.digest !== undefined && reference.digest !== digest) {
    const expected = `expected content with digest ${reference.digest}`;
    throw new AppError('invalid-input', `${basename(input.file)}: ${expected}, found ${digest}`);
  }
  await pushFrom(ports, openRepository(ports, reference, input.access), { blob: descriptor, path: input.file }, signal);
  return { reference: formatReference(referenceWithDigest(reference, digest)), descriptor };
}

/** A file of the disk as a blob. */
export async function pushFrom(
  ports: Ports,
  to: Repository,
  { blob, path }: { readonly blob: Descriptor; readonly path: string },
  signal: AbortSignal,
): Promise<void> {
  const report = (done: number) => ports.progress({ item: blob.digest, action: 'push', done, total: blob.size });
  const stream = async function* (range: { readonly start: number; readonly end: number }) {
    let done = range.start;
    for await (const chunk of ports.files.stream(path, range)) {
      done += chunk.length;
      yield chunk;
      report(done);
    }
  };
  await to.pushBlob(blob, stream, signal);
  report(blob.size);
}

export async function describeFile(ports: Ports, path: string, mediaType: string): Promise<Descriptor> {
  const hasher = createHasher();
  let size = 0;
  for await (const chunk of ports.files.stream(path)) {
    hasher.update(chunk);
    size += chunk.length;
  }
  return { mediaType, digest: hasher.digest(), size };
}
