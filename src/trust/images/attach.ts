/**
 * Stores what was signed elsewhere beside an image, in the forms of cosign: signatures and envelopes under its tags, Sigstore bundles as
 * referrers, SBOMs as referrers or under a tag of their own. Nothing is verified here: who may push can store anything, and verification reads it as such.
 */
import { AppError, digestOf, isRecord, parseJson } from '../../core/index.ts';
import type { Descriptor, Digest } from '../../core/index.ts';
import { OCI_MANIFEST } from '../../artifacts/index.ts';
import type { Repository } from '../../artifacts/index.ts';
import {
  DSSE_MEDIA_TYPE,
  isInTotoPayloadType,
  MAX_ENVELOPE_BYTES,
  parseEnvelope,
  parseStatement,
} from '../../attestations/index.ts';
import type { Envelope } from '../../attestations/index.ts';
import { parseBundle } from '../bundles/bundle.ts';
import { parseLoggedEntry } from '../clients/rekor.ts';
import { decodeBase64, encodeBase64, MAX_CHAIN, parsePemCertificates } from '../crypto/index.ts';
import { appendLayer, encodeConfig } from './append.ts';
import type { AppendOptions } from './append.ts';
import {
  CERTIFICATE_ANNOTATION,
  CHAIN_ANNOTATION,
  LOG_ANNOTATION,
  SIGNATURE_ANNOTATION,
  TIMESTAMP_ANNOTATION,
} from './fetch.ts';
import { storeBundle, writableTag } from './sign.ts';
import type { Stored } from './sign.ts';
import { encodeSimpleSigning, SIMPLE_SIGNING_MEDIA_TYPE } from './simple-signing.ts';

export interface DetachedSignature {
  /** What was signed; the payload that cosign would sign when absent. */
  readonly payload: Uint8Array | undefined;
  /** Base64; nothing when absent. */
  readonly signature: string | undefined;
  /** PEM. */
  readonly certificate: string | undefined;
  /** PEM, from the issuer to the root. */
  readonly chain: string | undefined;
  /** The log's answer, or what cosign keeps of it. */
  readonly logEntry: string | undefined;
  /** TimeStampResp. */
  readonly timestamp: Uint8Array | undefined;
}

/** Throws `invalid-input` naming the part that is not what it should be. */
export async function attachSignature(
  repository: Repository,
  subject: Descriptor,
  detached: DetachedSignature,
  options: AppendOptions = {},
): Promise<Stored> {
  const { digest } = subject;
  const payload = detached.payload ?? encodeSimpleSigning({ reference: repository.name, digest, annotations: {} });
  const signature = detached.signature?.trim() ?? '';
  decodeBase64(signature, 'signature');
  const layer: Descriptor = {
    mediaType: SIMPLE_SIGNING_MEDIA_TYPE,
    size: payload.length,
    digest: digestOf(payload),
    annotations: { [SIGNATURE_ANNOTATION]: signature, ...detachedAnnotations(detached) },
  };
  await repository.pushBlob(layer, payload, options.signal);
  const manifest = await appendLayer(repository, writableTag(digest, 'sig'), layer, options);
  return { format: 'legacy', manifest, source: layer.digest };
}

function detachedAnnotations(detached: DetachedSignature): Readonly<Record<string, string>> {
  const { certificate, chain, logEntry, timestamp } = detached;
  if (chain !== undefined && certificate === undefined)
    throw new AppError('usage', 'expected a certificate beside its chain, found none');
  for (const pem of [certificate, chain]) if (pem !== undefined) parsePemCertificates(pem, 'certificate', MAX_CHAIN);
  return {
    ...(certificate === undefined ? {} : { [CERTIFICATE_ANNOTATION]: certificate }),
    ...(chain === undefined ? {} : { [CHAIN_ANNOTATION]: chain }),
    ...(logEntry === undefined ? {} : { [LOG_ANNOTATION]: parseLoggedEntry(logEntry, 'log entry').annotation ?? '' }),
    ...(timestamp === undefined
      ? {}
      : { [TIMESTAMP_ANNOTATION]: JSON.stringify({ SignedRFC3161Timestamp: encodeBase64(timestamp) }) }),
  };
}

/** A DSSE envelope or a Sigstore bundle around one, as JSON; each is stored in its own form. Throws `invalid-input`. */
export async function attachAttestation(
  repository: Repository,
  subject: Descriptor,
  document: { readonly text: string; readonly what: string },
  options: AppendOptions & { readonly at: Date },
): Promise<Stored> {
  const bytes = new TextEncoder().encode(document.text);
  const value = parseJson(bytes, { what: document.what, maxBytes: MAX_ENVELOPE_BYTES });
  if (isRecord(value) && 'mediaType' in value) {
    const { content } = parseBundle(bytes, document.what);
    if (content.kind !== 'envelope')
      throw new AppError('invalid-input', `${document.what}: expected a bundle around a statement, found a signature`);
    const predicateType = predicateTypeIn(content.envelope, document.what);
    return await storeBundle(repository, { subject, predicateType, bytes }, options);
  }
  const predicateType = predicateTypeIn(parseEnvelope(bytes, document.what), document.what);
  const layer: Descriptor = {
    mediaType: DSSE_MEDIA_TYPE,
    size: bytes.length,
    digest: digestOf(bytes),
    annotations: { [SIGNATURE_ANNOTATION]: '', predicateType },
  };
  await repository.pushBlob(layer, bytes, options.signal);
  const manifest = await appendLayer(repository, writableTag(subject.digest, 'att'), layer, options);
  return { format: 'legacy', manifest, source: layer.digest };
}

function predicateTypeIn(envelope: Envelope, what: string): string {
  if (!isInTotoPayloadType(envelope.payloadType))
    throw new AppError('invalid-input', `${what}: expected an in-toto statement, found ${envelope.payloadType}`);
  if (envelope.signatures.length === 0)
    throw new AppError('invalid-input', `${what}: expected a signed statement, found no signatures`);
  return parseStatement(envelope.payload, what).predicateType;
}

/** What cosign calls an artifact that holds an SBOM and refers to the image. */
export const SBOM_ARTIFACT_TYPE = 'application/vnd.dev.cosign.artifact.sbom.v1+json';

export interface SbomAttachment {
  readonly content: Uint8Array;
  readonly mediaType: string;
  /** As referrer, beside others; or under the tag of older cosign, in place of the one that is there. */
  readonly format: 'referrer' | 'legacy';
}

/** In the shape that cosign gives it. Gives the digest of the manifest. */
export async function attachSbom(
  repository: Repository,
  subject: Descriptor,
  { content, mediaType, format }: SbomAttachment,
  signal?: AbortSignal,
): Promise<Digest> {
  const isReferrer = format === 'referrer';
  const layer: Descriptor = { mediaType, size: content.length, digest: digestOf(content) };
  const config = encodeConfig([layer]);
  const configLayer: Descriptor = {
    mediaType: isReferrer ? SBOM_ARTIFACT_TYPE : 'application/vnd.oci.image.config.v1+json',
    size: config.length,
    digest: digestOf(config),
  };
  const target = isReferrer ? undefined : writableTag(subject.digest, 'sbom');
  await repository.pushBlob(layer, content, signal);
  await repository.pushBlob(configLayer, config, signal);
  const { digest, size } = subject;
  const manifest = {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: configLayer,
    layers: [layer],
    ...(isReferrer ? { subject: { mediaType: subject.mediaType, size, digest } } : {}),
  };
  const bytes = new TextEncoder().encode(JSON.stringify(manifest));
  return (await repository.pushManifest(bytes, OCI_MANIFEST, target, signal)).digest;
}
