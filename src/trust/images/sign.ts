/** Signs images and attestations and stores them in either of cosign's forms. */
import { AppError, digestOf } from '../../core/index.ts';
import type { Descriptor, Digest } from '../../core/index.ts';
import { EMPTY_CONTENT, EMPTY_DESCRIPTOR, OCI_MANIFEST, parseImageManifest } from '../../artifacts/index.ts';
import type { Repository } from '../../artifacts/index.ts';
import {
  digestSetOf,
  DSSE_MEDIA_TYPE,
  encodeStatement,
  formatEnvelope,
  IN_TOTO_PAYLOAD_TYPE,
  signEnvelope,
  STATEMENT_V01,
  STATEMENT_V1,
} from '../../attestations/index.ts';
import { proveEnvelope } from '../blobs/attest.ts';
import { BUNDLE_MEDIA_TYPE, formatEnvelopeBundle } from '../bundles/bundle.ts';
import { encodeBase64, findBase64, formatPem } from '../crypto/index.ts';
import { timestampOf, type SigningProof, type Voucher } from '../sign/voucher.ts';
import type { SigningKey } from '../crypto/index.ts';
import { appendLayer } from './append.ts';
import type { AppendOptions } from './append.ts';
import {
  CERTIFICATE_ANNOTATION,
  CHAIN_ANNOTATION,
  LOG_ANNOTATION,
  MAX_TAG_LENGTH,
  SIGN_PREDICATE,
  SIGNATURE_ANNOTATION,
  signatureTag,
  TIMESTAMP_ANNOTATION,
} from './fetch.ts';
import type { TagSuffix } from './fetch.ts';
import { encodeSimpleSigning, SIMPLE_SIGNING_MEDIA_TYPE } from './simple-signing.ts';

/** `bundle` is a Sigstore bundle as OCI referrer; `legacy` a layer under cosign's tag. */
export type SignatureFormat = 'bundle' | 'legacy';

export interface SignOptions extends AppendOptions {
  readonly key: SigningKey;
  /** What vouches for the signature besides the key; nothing when absent. */
  readonly voucher?: Voucher | undefined;
  readonly formats: readonly SignatureFormat[];
  /** `org.opencontainers.image.created` of a bundle's manifest. */
  readonly at: Date;
}

/** Where something signed was stored. */
export interface Stored {
  readonly format: SignatureFormat;
  /** Digest of the manifest that holds it. */
  readonly manifest: Digest;
  /** Digest of the bytes that carry it. */
  readonly source: Digest;
}

export interface ImageSignature {
  /** The image's manifest or index, which the repository holds. */
  readonly subject: Descriptor;
  readonly annotations: Readonly<Record<string, string>>;
}

export async function signImage(
  repository: Repository,
  image: ImageSignature,
  options: SignOptions,
): Promise<readonly Stored[]> {
  return await store(options.formats, {
    bundle: () => pushSignatureBundle(repository, image, options),
    legacy: () => appendSignature(repository, image, options),
  });
}

export interface ImageAttestation {
  readonly subject: Descriptor;
  /** A URI. */
  readonly predicateType: string;
  readonly predicate: unknown;
  /** The statement's bytes, to be signed as they are, in place of one that is made of the predicate. */
  readonly statement?: Uint8Array;
}

export async function attestImage(
  repository: Repository,
  attestation: ImageAttestation,
  options: SignOptions,
): Promise<readonly Stored[]> {
  return await store(options.formats, {
    bundle: () => pushAttestationBundle(repository, attestation, options),
    legacy: () => appendAttestation(repository, attestation, options),
  });
}

/** One after the other: both may write to the same image. */
async function store(
  formats: readonly SignatureFormat[],
  push: Readonly<Record<SignatureFormat, () => Promise<Stored>>>,
): Promise<readonly Stored[]> {
  if (formats.length === 0) throw new AppError('usage', 'formats: expected bundle or legacy, found none');
  const stored: Stored[] = [];
  for (const format of formats) stored.push(await push[format]());
  return stored;
}

function pushSignatureBundle(repository: Repository, image: ImageSignature, options: SignOptions): Promise<Stored> {
  const hasAnnotations = Object.keys(image.annotations).length > 0;
  const payload = encodeStatement({
    type: STATEMENT_V1,
    subjects: [
      { digest: digestSetOf(image.subject.digest), ...(hasAnnotations ? { annotations: image.annotations } : {}) },
    ],
    predicateType: SIGN_PREDICATE,
    predicate: {},
  });
  return pushBundle(repository, { subject: image.subject, predicateType: SIGN_PREDICATE, payload }, options);
}

function pushAttestationBundle(
  repository: Repository,
  attestation: ImageAttestation,
  options: SignOptions,
): Promise<Stored> {
  const { subject, predicateType, predicate } = attestation;
  const subjects = [{ name: repository.name, digest: digestSetOf(subject.digest) }];
  const payload = attestation.statement ?? encodeStatement({ type: STATEMENT_V1, subjects, predicateType, predicate });
  return pushBundle(repository, { subject, predicateType, payload }, options);
}

interface BundleInput {
  readonly subject: Descriptor;
  readonly predicateType: string;
  readonly payload: Uint8Array;
}

async function pushBundle(repository: Repository, input: BundleInput, options: SignOptions): Promise<Stored> {
  const envelope = await signEnvelope(input.payload, IN_TOTO_PAYLOAD_TYPE, options.key);
  const proof = await proveEnvelope(envelope, options);
  const bytes = new TextEncoder().encode(
    formatEnvelopeBundle(envelope, { ...proof, hint: options.key.publicKey.hint }),
  );
  return await storeBundle(repository, { ...input, bytes }, options);
}

/** A bundle as it is, as referrer of its subject. */
export async function storeBundle(
  repository: Repository,
  input: Omit<BundleInput, 'payload'> & { readonly bytes: Uint8Array },
  options: { readonly at: Date; readonly signal?: AbortSignal },
): Promise<Stored> {
  const { bytes } = input;
  const layer: Descriptor = { mediaType: BUNDLE_MEDIA_TYPE, size: bytes.length, digest: digestOf(bytes) };
  await repository.pushBlob(EMPTY_DESCRIPTOR, EMPTY_CONTENT, options.signal);
  await repository.pushBlob(layer, bytes, options.signal);
  const manifest = encodeBundleManifest(input, layer, options.at);
  const descriptor = await repository.pushManifest(manifest, OCI_MANIFEST, undefined, options.signal);
  return { format: 'bundle', manifest: descriptor.digest, source: layer.digest };
}

function encodeBundleManifest(input: Omit<BundleInput, 'payload'>, layer: Descriptor, at: Date): Uint8Array {
  const { mediaType, size, digest } = input.subject;
  const manifest = {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    // Go clients read the artifact type from the config, so it stands there too, as cosign writes it.
    config: {
      mediaType: EMPTY_DESCRIPTOR.mediaType,
      size: EMPTY_DESCRIPTOR.size,
      digest: EMPTY_DESCRIPTOR.digest,
      artifactType: BUNDLE_MEDIA_TYPE,
    },
    layers: [layer],
    annotations: {
      'dev.sigstore.bundle.content': 'dsse-envelope',
      'dev.sigstore.bundle.predicateType': input.predicateType,
      'org.opencontainers.image.created': at.toISOString().replace(/\.\d+Z$/, 'Z'),
    },
    subject: { mediaType, size, digest },
    artifactType: BUNDLE_MEDIA_TYPE,
  };
  return new TextEncoder().encode(JSON.stringify(manifest));
}

/** A sha512 digest does not fit into a tag. */
export function writableTag(digest: Digest, suffix: TagSuffix): string {
  const tag = signatureTag(digest, suffix);
  if (tag.length <= MAX_TAG_LENGTH) return tag;
  throw new AppError(
    'invalid-input',
    `${digest}: expected a digest that fits into a tag, found ${tag.length} characters`,
    {
      hint: 'use the bundle format',
    },
  );
}

async function appendSignature(repository: Repository, image: ImageSignature, options: SignOptions): Promise<Stored> {
  const { digest } = image.subject;
  const payload = encodeSimpleSigning({ reference: repository.name, digest, annotations: image.annotations });
  const tag = writableTag(digest, 'sig');
  const source = digestOf(payload);
  const present = await findOwnSignature(repository, { tag, payload, source }, options);
  const signature = present ?? (await options.key.sign(payload));
  const proof = await options.voucher?.({ signature, content: payload }, options.signal);
  const layer: Descriptor = {
    mediaType: SIMPLE_SIGNING_MEDIA_TYPE,
    size: payload.length,
    digest: source,
    annotations: { [SIGNATURE_ANNOTATION]: encodeBase64(signature), ...proofAnnotations(proof) },
  };
  await repository.pushBlob(layer, payload, options.signal);
  return { format: 'legacy', manifest: await appendLayer(repository, tag, layer, options), source };
}

/** A signature of this key over the same payload: signing twice then adds nothing, however often a pipeline runs. */
async function findOwnSignature(
  repository: Repository,
  wanted: { readonly tag: string; readonly payload: Uint8Array; readonly source: Digest },
  options: SignOptions,
): Promise<Uint8Array | undefined> {
  const manifest = await repository.findManifest(wanted.tag, options.signal);
  if (manifest === undefined) return undefined;
  const signatures = parseImageManifest(manifest)
    .layers.filter((layer) => layer.digest === wanted.source)
    .map((layer) => findBase64(layer.annotations?.[SIGNATURE_ANNOTATION] ?? ''));
  return signatures.find((bytes) => bytes !== undefined && options.key.publicKey.verify(wanted.payload, bytes));
}

async function appendAttestation(
  repository: Repository,
  attestation: ImageAttestation,
  options: SignOptions,
): Promise<Stored> {
  const { subject, predicateType, predicate } = attestation;
  const subjects = [{ name: repository.name, digest: digestSetOf(subject.digest) }];
  const payload = attestation.statement ?? encodeStatement({ type: STATEMENT_V01, subjects, predicateType, predicate });
  const envelope = await signEnvelope(payload, IN_TOTO_PAYLOAD_TYPE, options.key);
  const proof = await proveEnvelope(envelope, options);
  const bytes = new TextEncoder().encode(formatEnvelope(envelope));
  const layer: Descriptor = {
    mediaType: DSSE_MEDIA_TYPE,
    size: bytes.length,
    digest: digestOf(bytes),
    // Cosign reads the signature from the envelope and wants the annotation all the same.
    annotations: { [SIGNATURE_ANNOTATION]: '', ...proofAnnotations(proof), predicateType },
  };
  await repository.pushBlob(layer, bytes, options.signal);
  const manifest = await appendLayer(repository, writableTag(subject.digest, 'att'), layer, options);
  return { format: 'legacy', manifest, source: layer.digest };
}

/** How cosign 1 and 2 keep what vouches for a signature. */
function proofAnnotations(proof: SigningProof | undefined): Readonly<Record<string, string>> {
  if (proof === undefined) return {};
  const [leaf, ...issuers] = (proof.chain ?? []).map((bytes) => formatPem({ label: 'CERTIFICATE', bytes }));
  const entry = proof.entries.find(({ annotation }) => annotation !== undefined);
  if (proof.entries.length > 0 && entry === undefined) {
    throw new AppError('usage', 'format legacy: expected a log of Rekor version 1, found version 2 alone', {
      hint: 'its entries fit into bundles only: use --format bundle',
    });
  }
  const stamp = timestampOf(proof);
  return {
    ...(leaf === undefined ? {} : { [CERTIFICATE_ANNOTATION]: leaf, [CHAIN_ANNOTATION]: issuers.join('') }),
    ...(entry?.annotation === undefined ? {} : { [LOG_ANNOTATION]: entry.annotation }),
    ...(stamp === undefined ? {} : { [TIMESTAMP_ANNOTATION]: stamp }),
  };
}
