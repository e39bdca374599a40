/**
 * What a referrer says about itself, for people to look at: kind, predicate type, SBOM and its size, signer, time. Nothing of it is
 * verified: whoever may push can write it. Reads both of cosign's storage forms, Sigstore bundles, Notation signatures and SBOMs.
 */
import { X509Certificate } from 'node:crypto';
import { parseImageManifest, type Manifest, type ReadableRepository } from '../artifacts/index.ts';
import { DSSE_MEDIA_TYPE, parseEnvelope } from '../attestations/index.ts';
import { AppError, isRecord, parseJson, type Descriptor } from '../core/index.ts';
import { readSbom } from '../metadata/sbom/index.ts';

export interface Claim {
  readonly kind: 'signature' | 'attestation' | 'sbom' | 'unreadable';
  /** Of attestations. */
  readonly predicateType?: string;
  /** Components of an SBOM, bare or attested. */
  readonly components?: number;
  /** Name in the certificate, or a hint at the key. */
  readonly signer?: string;
  /** Who vouched for that name. */
  readonly issuer?: string;
  /** When a log says that it saw it; RFC 3339. */
  readonly loggedAt?: string;
  /** Why it could not be read. */
  readonly reason?: string;
}

/** Larger ones are not worth a look in passing. */
const MAX_BYTES = 32 * 1024 * 1024;
/** Signatures under one of cosign's tags: more are a flood. */
const MAX_CLAIMS = 32;

const SIMPLE_SIGNING = 'application/vnd.dev.cosign.simplesigning.v1+json';
const BUNDLE = 'application/vnd.dev.sigstore.bundle';
const NOTATION = 'application/vnd.cncf.notary.signature';
const NOTATION_THUMBPRINTS = 'io.cncf.notary.x509chain.thumbprint#S256';
const SBOM_TYPE = /spdx|cyclonedx/i;

/** None for manifests of other kinds. What is damaged becomes a claim that says so. */
export async function readClaims(
  repository: ReadableRepository,
  manifest: Manifest,
  signal: AbortSignal,
): Promise<readonly Claim[]> {
  const { layers, annotations, artifactType } = parseImageManifest(manifest);
  if (artifactType === NOTATION) {
    const thumbprints = annotations[NOTATION_THUMBPRINTS];
    return [{ kind: 'signature', ...(thumbprints === undefined ? {} : { signer: `certificate ${thumbprints}` }) }];
  }
  const claims: Claim[] = [];
  for (const layer of layers.slice(0, MAX_CLAIMS)) {
    const read = readerOf(layer);
    if (read === undefined) continue;
    claims.push(await attempt(async () => read(await repository.fetchBlob(layer, MAX_BYTES, signal), layer)));
  }
  return claims;
}

type Reader = (bytes: Uint8Array, layer: Descriptor) => Claim;

function readerOf({ mediaType }: Descriptor): Reader | undefined {
  if (mediaType === SIMPLE_SIGNING) return (_, layer) => ({ kind: 'signature', ...signerBeside(layer) });
  if (mediaType === DSSE_MEDIA_TYPE) return (bytes, layer) => ({ ...statementIn(bytes), ...signerBeside(layer) });
  if (mediaType.startsWith(BUNDLE)) return readBundle;
  if (SBOM_TYPE.test(mediaType)) return readBareSbom;
  return undefined;
}

async function attempt(read: () => Promise<Claim>): Promise<Claim> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof AppError) || (error.kind !== 'invalid-input' && error.kind !== 'not-found')) throw error;
    return { kind: 'unreadable', reason: error.message };
  }
}

/** XML and tag-value forms have no count here. */
function readBareSbom(bytes: Uint8Array, { mediaType }: Descriptor): Claim {
  if (!mediaType.endsWith('json')) return { kind: 'sbom' };
  return {
    kind: 'sbom',
    components: readSbom(parseJson(bytes, { what: 'SBOM', maxBytes: MAX_BYTES })).components.length,
  };
}

function statementIn(envelope: Uint8Array | string): Claim {
  const { payload } = parseEnvelope(envelope, 'envelope');
  const statement = parseJson(payload, { what: 'statement', maxBytes: MAX_BYTES });
  const predicateType =
    isRecord(statement) && typeof statement.predicateType === 'string' ? statement.predicateType : '';
  if (!SBOM_TYPE.test(predicateType)) return { kind: 'attestation', predicateType };
  const counted = countOf(statement);
  return { kind: 'attestation', predicateType, ...(counted === undefined ? {} : { components: counted }) };
}

/** Undefined for an SBOM of a version that is not read. */
function countOf(statement: unknown): number | undefined {
  try {
    return readSbom(statement).components.length;
  } catch (error) {
    if (error instanceof AppError && error.kind === 'invalid-input') return undefined;
    throw error;
  }
}

function readBundle(bytes: Uint8Array): Claim {
  const bundle = fieldsOf(parseJson(bytes, { what: 'bundle', maxBytes: MAX_BYTES }));
  const material = fieldsOf(bundle.verificationMaterial);
  const [entry] = listOf(material.tlogEntries);
  const [first] = listOf(fieldsOf(material.x509CertificateChain).certificates);
  const raw = fieldsOf(material.certificate ?? first).rawBytes;
  const { hint } = fieldsOf(material.publicKey);
  const signer =
    typeof raw === 'string'
      ? certificateNames(Buffer.from(raw, 'base64'))
      : typeof hint === 'string' && hint !== ''
        ? { signer: `key ${hint}` }
        : {};
  const content: Claim =
    bundle.dsseEnvelope === undefined ? { kind: 'signature' } : statementIn(JSON.stringify(bundle.dsseEnvelope));
  return { ...content, ...signer, ...loggedAt(fieldsOf(entry).integratedTime) };
}

/** cosign's annotations beside a signature. */
function signerBeside({ annotations = {} }: Descriptor): Pick<Claim, 'signer' | 'issuer' | 'loggedAt'> {
  const certificate = annotations['dev.sigstore.cosign/certificate'];
  const bundle = annotations['dev.sigstore.cosign/bundle'];
  const entry = bundle === undefined ? {} : fieldsOf(parseJson(bundle, { what: 'log entry' }));
  return {
    ...(certificate === undefined || certificate === '' ? {} : certificateNames(certificate)),
    ...loggedAt(fieldsOf(entry.Payload).integratedTime),
  };
}

function loggedAt(seconds: unknown): Pick<Claim, 'loggedAt'> {
  const time = new Date(Number(seconds) * 1000);
  const isTime = seconds !== undefined && !Number.isNaN(time.getTime()) && time.getTime() > 0;
  return isTime ? { loggedAt: time.toISOString().replace('.000Z', 'Z') } : {};
}

/** Fulcio's issuer extension, 1.3.6.1.4.1.57264.1.8: a UTF8String inside the extension's octets. */
const ISSUER_EXTENSION = Buffer.from('060a2b0601040183bf30010804', 'hex');

/** PEM or DER. */
function certificateNames(certificate: string | Uint8Array): Pick<Claim, 'signer' | 'issuer'> {
  const parsed = parseCertificate(certificate);
  const signer = parsed.subjectAltName?.replace(/^(?:email|URI|othername):/, '') ?? parsed.subject;
  const at = parsed.raw.indexOf(ISSUER_EXTENSION);
  if (at < 0) return { signer };
  // one byte for the octets' length, then tag and length of the text: issuers are short
  const text = at + ISSUER_EXTENSION.length + 3;
  const issuer = parsed.raw.toString('utf8', text, text + (parsed.raw[text - 1] ?? 0));
  return { signer, issuer };
}

function parseCertificate(certificate: string | Uint8Array): X509Certificate {
  try {
    return new X509Certificate(certificate);
  } catch (cause) {
    throw new AppError('invalid-input', 'certificate: expected PEM or DER, found other bytes', { cause });
  }
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return isRecord(value) ? value : {};
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
