/** Signs anew, with another key, what an old key signed in a repository, and says what remains. */
import { isIndexType, parseImageIndex, type Manifest } from '../artifacts/index.ts';
import {
  AppError,
  formatReference,
  isTag,
  mapParallel,
  parseReference,
  type Descriptor,
  type Digest,
  type Ports,
  type Storage,
} from '../core/index.ts';
import {
  attestImage,
  fetchAttestations,
  fetchSignatures,
  openPublicKey,
  signImage,
  verifyAttestations,
  verifySignatures,
  type SignOptions,
} from '../trust/index.ts';
import { openSigner, type SignerInput } from './open-signer.ts';
import { openSignedRepository } from './evidence-repository.ts';
import type { RepositoryAccess } from './registry.ts';
import { signOptions } from './sign.ts';

export interface RotateInput extends SignerInput {
  /** A repository, or one image of it. */
  readonly reference: string;
  /** The public half of the key that is to go. */
  readonly oldKey: string;
  /** Look, and sign nothing. */
  readonly dryRun: boolean;
  readonly access?: RepositoryAccess;
}

export interface RotatedImage {
  /** By digest. */
  readonly reference: string;
  readonly tags: readonly string[];
  /** By the old key, and signed anew (or to be, in a dry run). */
  readonly signatures: number;
  readonly attestations: number;
  /** By the old key, of which there is one by the new key already. */
  readonly done: number;
}

export interface Rotation {
  readonly oldKeyId: Digest;
  readonly newKeyId: Digest;
  readonly rotated: readonly RotatedImage[];
  /** Images that the old key did not sign, by digest: they were left alone. */
  readonly others: readonly string[];
}

/** A repository with more has been filled by a machine, and is rotated by tags. */
const MAX_IMAGES = 100_000;
const COSIGN_TAG = /^sha(?:256|512)-[0-9a-f]{64,128}(?:\.\w+)?$/;

/** Images without a tag, and outside indexes with one, cannot be found: registries do not list them. */
export async function rotateSignatures(ports: Ports, input: RotateInput, signal: AbortSignal): Promise<Rotation> {
  const reference = parseReference(input.reference);
  const repository = openSignedRepository(ports, reference, input.access);
  const oldKey = await openPublicKey(ports, input.oldKey, signal);
  const signer = await openSigner(ports, input, signal);
  const newKeyId = signer.key.publicKey.keyId;
  if (newKeyId === oldKey.keyId) throw new AppError('usage', 'expected another key than the old one, found the same');
  const wanted = reference.digest ?? reference.tag;
  const targets = wanted === undefined ? (await repository.listTags(signal)).filter(isImageTag) : [wanted];
  const images = await findImages({ repository, signal }, targets);
  const by = { old: { kind: 'keys', keys: [oldKey] }, new: { kind: 'keys', keys: [signer.key.publicKey] } } as const;
  const options = signOptions(ports, signer, { formats: [] }, signal);
  const found = await mapParallel([...images.values()], ports.settings.parallelism, async (image) => {
    const work = { repository, subject: image.descriptor, by, options, dryRun: input.dryRun, signal };
    const signatures = await rotateOwn(work);
    const attestations = await rotateAttestations(work);
    const named = formatReference({ ...parseReference(repository.name), digest: image.descriptor.digest });
    const done = signatures.done + attestations.done;
    return { reference: named, tags: image.tags, signatures: signatures.anew, attestations: attestations.anew, done };
  });
  const isOld = (image: RotatedImage) => image.signatures + image.attestations + image.done > 0;
  const others = found.filter((image) => !isOld(image)).map((image) => image.reference);
  return { oldKeyId: oldKey.keyId, newKeyId, rotated: found.filter(isOld), others };
}

function isImageTag(tag: string): boolean {
  return isTag(tag) && !COSIGN_TAG.test(tag);
}

type Place = { readonly repository: ReturnType<typeof openSignedRepository>; readonly signal: AbortSignal };
type Found = { readonly descriptor: Descriptor; readonly tags: string[] };

async function findImages(
  { repository, signal }: Place,
  targets: readonly string[],
): Promise<ReadonlyMap<Digest, Found>> {
  const found = new Map<Digest, Found>();
  const add = (manifest: Manifest, tag: string | undefined): void => {
    const { descriptor } = manifest;
    const known = found.get(descriptor.digest) ?? { descriptor, tags: [] };
    if (tag !== undefined) known.tags.push(tag);
    found.set(descriptor.digest, known);
    if (found.size > MAX_IMAGES)
      throw new AppError('invalid-input', `${repository.name}: expected at most ${MAX_IMAGES} images, found more`);
  };
  for (const target of targets) {
    const root = await repository.fetchManifest(target, signal);
    add(root, isTag(target) ? target : undefined);
    if (!isIndexType(root.descriptor.mediaType)) continue;
    for (const child of parseImageIndex(root).manifests) {
      const manifest = await repository.findManifest(child.digest, signal);
      if (manifest !== undefined) add(manifest, undefined);
    }
  }
  return found;
}

interface Work extends Place {
  readonly subject: Descriptor;
  readonly by: Readonly<Record<'old' | 'new', Parameters<typeof verifySignatures>[1]['by']>>;
  readonly options: SignOptions;
  readonly dryRun: boolean;
}

interface Counts {
  readonly anew: number;
  readonly done: number;
}

async function rotateOwn({ repository, subject, by, options, dryRun, signal }: Work): Promise<Counts> {
  const candidates = await fetchSignatures(repository, subject.digest, { signal });
  const signedBy = (who: 'old' | 'new') =>
    verifySignatures(candidates, { artifact: subject.digest, by: by[who] }).verified;
  const done = new Set(signedBy('new').map((one) => claimOf(one.storage, one.annotations)));
  const old = new Map(signedBy('old').map((one) => [claimOf(one.storage, one.annotations), one]));
  const due = [...old].filter(([claim]) => !done.has(claim)).map(([, one]) => one);
  for (const { storage, annotations } of dryRun ? [] : due) {
    const formats = [formatOf(storage)];
    await signImage(repository, { subject, annotations: textsOf(annotations) }, { ...options, formats });
  }
  return { anew: due.length, done: old.size - due.length };
}

async function rotateAttestations({ repository, subject, by, options, dryRun, signal }: Work): Promise<Counts> {
  const candidates = await fetchAttestations(repository, subject.digest, { signal });
  const attestedBy = (who: 'old' | 'new') =>
    verifyAttestations(candidates, { artifact: subject.digest, by: by[who], predicateType: undefined }).verified;
  const done = new Set(attestedBy('new').map((one) => claimOf(one.storage, one.payload)));
  const old = new Map(attestedBy('old').map((one) => [claimOf(one.storage, one.payload), one]));
  const due = [...old].filter(([claim]) => !done.has(claim)).map(([, one]) => one);
  for (const { storage, predicateType, predicate, payload } of dryRun ? [] : due) {
    const attestation = { subject, predicateType, predicate, statement: payload };
    await attestImage(repository, attestation, { ...options, formats: [formatOf(storage)] });
  }
  return { anew: due.length, done: old.size - due.length };
}

/** What was said, and in which form it is kept. */
function claimOf(storage: Storage, said: Uint8Array | Readonly<Record<string, unknown>>): string {
  const text =
    said instanceof Uint8Array
      ? Buffer.from(said).toString('base64')
      : JSON.stringify(Object.entries(said).sort(([one], [other]) => (one < other ? -1 : 1)));
  return `${storage} ${text}`;
}

function formatOf(storage: Storage): 'bundle' | 'legacy' {
  return storage === 'tag' ? 'legacy' : 'bundle';
}

/** Signed claims are texts wherever cosign or we wrote them. Throws `invalid-input` for others rather than change what was signed. */
function textsOf(annotations: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(annotations).map(([name, value]) => {
      if (typeof value === 'string') return [name, value];
      throw new AppError('invalid-input', `signed annotation ${name}: expected text, found ${typeof value}`);
    }),
  );
}
