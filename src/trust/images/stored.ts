/** What is stored beside an image, for who wants the documents themselves: in cosign's JSON, nothing verified. */
import { AppError, isRecord, parseJson } from '../../core/index.ts';
import type { Digest, Reason } from '../../core/index.ts';
import type { ReadableRepository } from '../../artifacts/index.ts';
import { isPredicateType, MAX_ENVELOPE_BYTES, parseEnvelope, parseStatement } from '../../attestations/index.ts';
import { parseBundle } from '../bundles/bundle.ts';
import { encodeBase64, MAX_CHAIN, parsePemCertificates } from '../crypto/index.ts';
import { rejection } from './candidate.ts';
import type { Candidate } from './candidate.ts';
import { fetchAttestations, fetchSignatures, SIGN_PREDICATE } from './fetch.ts';

export interface StoredDocuments {
  /** Values as cosign prints them, one JSON each: signatures under tags in its own form, all else as it was stored. */
  readonly documents: readonly unknown[];
  /** Why what is listed could not be given. */
  readonly unreadable: readonly Reason[];
}

type Wanted = { readonly kind: 'signature' } | { readonly kind: 'attestation'; readonly predicateType?: string };

/** Throws `unavailable` or `unauthorized` when the repository cannot be asked. */
export async function fetchDocuments(
  repository: ReadableRepository,
  artifact: Digest,
  wanted: Wanted,
  signal?: AbortSignal,
): Promise<StoredDocuments> {
  const fetch = wanted.kind === 'signature' ? fetchSignatures : fetchAttestations;
  const documents: unknown[] = [];
  const unreadable: Reason[] = [];
  for (const candidate of await fetch(repository, artifact, { signal })) {
    if (candidate.kind === 'unreadable') {
      // what says of itself that it is of the other kind is not missed
      if (candidate.reason.code !== 'predicate-type-mismatch') unreadable.push(candidate.reason);
    } else {
      try {
        if (isWanted(candidate, wanted)) documents.push(valueOf(candidate));
      } catch (error) {
        unreadable.push(damageOf(candidate, error));
      }
    }
  }
  return { documents, unreadable };
}

/** What anybody may have pushed spoils nothing else. */
function damageOf({ source }: Candidate, error: unknown): Reason {
  if (!(error instanceof AppError) || error.kind !== 'invalid-input') throw error;
  return rejection('payload-malformed', source, { message: error.message });
}

type Readable = Exclude<Candidate, { readonly kind: 'unreadable' }>;

function isWanted(candidate: Readable, wanted: Wanted): boolean {
  if (candidate.kind === 'simple-signing') return wanted.kind === 'signature';
  const type = predicateTypeOf(candidate);
  if (wanted.kind === 'signature') return type === undefined || type === SIGN_PREDICATE;
  if (type === undefined || type === SIGN_PREDICATE) return false;
  return wanted.predicateType === undefined || isPredicateType(type, wanted.predicateType);
}

/** Undefined for a bundle around a bare signature. */
function predicateTypeOf(candidate: Exclude<Readable, { readonly kind: 'simple-signing' }>): string | undefined {
  const what = candidate.source;
  if (candidate.kind === 'envelope')
    return parseStatement(parseEnvelope(candidate.bytes, what).payload, what).predicateType;
  const { content } = parseBundle(candidate.bytes, what);
  return content.kind === 'envelope' ? parseStatement(content.envelope.payload, what).predicateType : undefined;
}

function valueOf(candidate: Readable): unknown {
  const limits = { what: candidate.source, maxBytes: MAX_ENVELOPE_BYTES };
  if (candidate.kind !== 'simple-signing') return parseJson(candidate.bytes, limits);
  const { certificate, chain, rekorBundle, timestamp } = candidate.material;
  const chained = certificatesOf(chain);
  return {
    Base64Signature: candidate.signature,
    Payload: encodeBase64(candidate.payload),
    Cert: certificatesOf(certificate)[0] ?? null,
    Chain: chained.length === 0 ? null : chained,
    Bundle: jsonOrNull(rekorBundle, limits.what),
    RFC3161Timestamp: jsonOrNull(timestamp, limits.what),
  };
}

/** Of the fields that Go writes for a certificate the one that holds it whole. */
function certificatesOf(pem: string | undefined): readonly { readonly Raw: string }[] {
  if (pem === undefined || pem === '') return [];
  return parsePemCertificates(pem, 'certificate', MAX_CHAIN).map((der) => ({ Raw: encodeBase64(der) }));
}

function jsonOrNull(text: string | undefined, what: string): unknown {
  if (text === undefined || text === '') return null;
  const value = parseJson(text, { what });
  return isRecord(value) ? value : null;
}
