/**
 * Whether an image is whole, in a registry or on the disk: every manifest, configuration and layer is there with the size and digest it is
 * named by, and every layer is a tar with the diff id of the configuration. Nothing is kept: layers are read as they come.
 * Not done: layers kept elsewhere (those with URLs), and the meaning of anything that is no container image.
 */
import {
  findFault,
  isIndexType,
  LAYER_ALONE,
  openImage,
  parseImageIndex,
  parseImageManifest,
  selectManifest,
  type DocumentKind,
  type Manifest,
  type ReadableRepository,
} from '../artifacts/index.ts';
import { AppError, type Descriptor, type Digest, type Platform, type Ports } from '../core/index.ts';
import { layerReader } from './layer-reader.ts';
import { fetchRoot, nameByDigest, openArtifact } from './open-artifact.ts';
import type { RepositoryAccess } from './registry.ts';

export interface ValidateInput {
  readonly reference: string;
  /** Of an index, only the image for this platform; absent: all of them. */
  readonly platform?: Platform | undefined;
  readonly access?: RepositoryAccess;
  /** Also every rule of the image specification, of manifests, indexes and configurations. */
  readonly strict?: boolean | undefined;
  /** Of layers, only that they are there. */
  readonly fast?: boolean | undefined;
}

export interface Validation {
  /** By digest. */
  readonly reference: string;
  readonly manifests: number;
  readonly blobs: number;
  /** All that is wrong, up to a thousand; empty when the image is whole. */
  readonly problems: readonly string[];
}

/** Platforms of an index, and indexes in it: a hundred is much. */
const MAX_MANIFESTS = 10_000;
/** Nobody reads more, and a hostile image could name millions. */
const MAX_PROBLEMS = 1000;
const IMAGE_CONFIG = /^application\/vnd\.(?:oci\.image\.config\.v1|docker\.container\.image\.v1)\+json$/;

interface Run {
  readonly ports: Ports;
  readonly repository: ReadableRepository;
  readonly signal: AbortSignal;
  readonly manifests: Set<Digest>;
  /** With what was asked of them: the same blob may be named with two sizes. */
  readonly blobs: Set<string>;
  readonly problems: string[];
  readonly strict: boolean;
  readonly fast: boolean;
}

/** Throws `not-found` when the reference names nothing; what is missing below it is a problem, not an error. */
export async function validateImage(ports: Ports, input: ValidateInput, signal: AbortSignal): Promise<Validation> {
  const opened = await openArtifact(ports, input.reference, input.access);
  const { repository } = opened;
  const run: Run = {
    ports,
    repository,
    signal,
    manifests: new Set(),
    blobs: new Set(),
    problems: [],
    strict: input.strict === true,
    fast: input.fast === true,
  };
  const root = await fetchRoot(opened, signal);
  const start = input.platform === undefined ? root : await selectManifest(repository, root, input.platform, signal);
  await checkManifests(run, start);
  return {
    reference: nameByDigest(opened, start.descriptor.digest),
    manifests: run.manifests.size,
    blobs: new Set([...run.blobs].map((key) => key.split(' ')[0])).size,
    problems: run.problems,
  };
}

/** The manifest and, of an index, all in it. */
async function checkManifests(run: Run, root: Manifest): Promise<void> {
  const todo = [root];
  run.manifests.add(root.descriptor.digest);
  for (let manifest = todo.pop(); manifest !== undefined; manifest = todo.pop()) {
    const current = manifest;
    noteFault(run, isIndexType(current.descriptor.mediaType) ? 'index' : 'manifest', current);
    await noting(run, async () => {
      if (!isIndexType(current.descriptor.mediaType)) {
        await checkImage(run, current);
        return;
      }
      for (const child of parseImageIndex(current).manifests) {
        await noting(run, async () => void todo.push(...(await fetchChild(run, child))));
      }
    });
  }
}

/** Its digest is checked on the way; nothing when it was seen before. */
async function fetchChild({ repository, manifests, signal }: Run, child: Descriptor): Promise<readonly Manifest[]> {
  if (manifests.has(child.digest)) return [];
  if (manifests.size >= MAX_MANIFESTS) {
    throw new AppError('invalid-input', `${repository.name}: expected at most ${MAX_MANIFESTS} manifests, found more`);
  }
  manifests.add(child.digest);
  const manifest = await repository.fetchManifest(child.digest, signal);
  const { size } = manifest.descriptor;
  if (size === child.size) return [manifest];
  throw new AppError(
    'invalid-input',
    `${repository.name}: manifest ${child.digest}: expected ${child.size} bytes, found ${size}`,
  );
}

/** Artifacts other than container images have no diff ids: of them only size and digest are checked. */
async function checkImage(run: Run, manifest: Manifest): Promise<void> {
  const { config, layers } = parseImageManifest(manifest);
  await noting(run, () => checkBlob(run, config));
  if (!IMAGE_CONFIG.test(config.mediaType)) {
    for (const layer of layers) await noting(run, () => checkBlob(run, layer));
    return;
  }
  const checked = await noting(run, async () => {
    const image = await openImage(run.repository, manifest.descriptor.digest, { signal: run.signal });
    noteFault(run, 'config', { descriptor: config, bytes: image.configBytes });
    await Promise.all(
      image.layers.map(({ descriptor, diffId }) => noting(run, () => checkLayer(run, descriptor, diffId))),
    );
  });
  // without a configuration that can be read the layers may still be missing
  if (!checked) for (const layer of layers) await noting(run, () => checkBlob(run, layer));
}

/** False when it was checked already, or is kept elsewhere. */
function isNew(run: Run, { digest, size, urls }: Descriptor, diffId = ''): boolean {
  const key = `${digest} ${size} ${diffId}`;
  if ((urls ?? []).length > 0 || run.blobs.has(key)) return false;
  run.blobs.add(key);
  return true;
}

/** The stream throws at its end when size or digest is wrong. */
async function checkBlob(run: Run, blob: Descriptor): Promise<void> {
  if (!isNew(run, blob)) return;
  for await (const _ of run.repository.streamBlob(blob, run.signal));
}

/** Its first byte comes. */
async function checkPresence(run: Run, blob: Descriptor): Promise<void> {
  if (!isNew(run, blob) || blob.size === 0) return;
  for await (const _ of run.repository.streamBlob(blob, run.signal, { start: 0, end: 1 }));
}

async function checkLayer(run: Run, layer: Descriptor, diffId: Digest): Promise<void> {
  if (run.fast) return await checkPresence(run, layer);
  if (!isNew(run, layer, diffId)) return;
  const { ports, repository, signal } = run;
  const { digest: item, size } = layer;
  const what = `${repository.name}: layer ${item}`;
  let total = 0;
  const found = await layerReader(ports)(repository.streamBlob(layer, signal), {
    selector: LAYER_ALONE,
    what,
    size,
    onBytes: (done) => {
      total = done;
      ports.progress({ item, action: 'read', done });
    },
  });
  if (found.diffId === diffId) return ports.progress({ item, action: 'read', done: total, total });
  throw new AppError('invalid-input', `${what}: expected diff id ${diffId} as configured, found ${found.diffId}`);
}

function noteFault(run: Run, kind: DocumentKind, { bytes, descriptor }: Manifest): void {
  const fault = run.strict ? findFault(kind, bytes, `${run.repository.name}: ${kind} ${descriptor.digest}`) : undefined;
  if (fault !== undefined) note(run, fault);
}

function note({ problems }: Run, problem: string): void {
  if (problems.length < MAX_PROBLEMS && !problems.includes(problem)) problems.push(problem);
}

/** What is wrong or missing becomes a problem, so that all are found; what cannot be decided stays an error. */
async function noting(run: Run, check: () => Promise<void>): Promise<boolean> {
  try {
    await check();
    return true;
  } catch (error) {
    if (!(error instanceof AppError) || (error.kind !== 'invalid-input' && error.kind !== 'not-found')) throw error;
    note(run, error.message);
    return false;
  }
}
