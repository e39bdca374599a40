/** A client of signature logs: Rekor version 1, and version 2 (tiles). What comes back stands in bundles as it is. */
import {
  AppError,
  arrayOf,
  decodeJson,
  isRecord,
  mapOf,
  natural,
  object,
  optional,
  parseJson,
  string,
  type Http,
} from '../../core/index.ts';
import { formatEnvelope, type Envelope } from '../../attestations/index.ts';
import {
  decodeBase64,
  encodeBase64,
  formatPem,
  formatPublicKey,
  MAX_PROOF_HASHES,
  type KeyAlgorithm,
  type PublicKey,
} from '../crypto/index.ts';
import { decodeLogEntry } from '../logs/entry.ts';
import { exchange, jsonOf, postJson, refusal, type Answer } from './exchange.ts';

export interface LogService {
  readonly url: string;
  readonly version: 1 | 2;
}

/** A signature to log. */
export interface Loggable {
  readonly signature: Uint8Array;
  /** SHA-256 of what was signed. */
  readonly digest: Uint8Array;
  readonly key: PublicKey;
  /** DER; undefined for a key without a certificate. */
  readonly certificate: Uint8Array | undefined;
  /** What was signed, where it was an envelope. */
  readonly envelope: Envelope | undefined;
}

/** An entry as bundles carry it (TransparencyLogEntry), and what older formats keep of it. */
export interface LoggedEntry {
  readonly value: unknown;
  /** Whether it proves that the log includes it, besides the log's promise. */
  readonly isProven: boolean;
  /** Version 1 alone: cosign's `bundle` annotation. */
  readonly annotation: string | undefined;
}

export async function logSignature(
  http: Http,
  service: LogService,
  entry: Loggable,
  signal?: AbortSignal,
): Promise<LoggedEntry> {
  return service.version === 1
    ? await logInVersion1(http, service, entry, signal)
    : await logInVersion2(http, service, entry, signal);
}

const WHAT = 'transparency log';

async function logInVersion2(
  http: Http,
  { url }: LogService,
  entry: Loggable,
  signal?: AbortSignal,
): Promise<LoggedEntry> {
  const place = `${url.replace(/\/$/, '')}/api/v2/log/entries`;
  const keyDetails = KEY_DETAILS[entry.key.algorithm];
  if (keyDetails === undefined)
    throw new AppError('invalid-input', `${WHAT}: expected a key that version 2 takes, found ${entry.key.algorithm}`);
  const verifier =
    entry.certificate === undefined
      ? { publicKey: { rawBytes: encodeBase64(entry.key.spki) }, keyDetails }
      : { x509Certificate: { rawBytes: encodeBase64(entry.certificate) }, keyDetails };
  // envelopes too are logged by the digest of what is signed: entries of kind dsse are a thing of the past there
  const request = {
    hashedRekordRequestV002: {
      digest: encodeBase64(entry.digest),
      signature: { content: encodeBase64(entry.signature), verifier },
    },
  };
  const value = jsonOf(await postJson(http, WHAT, place, request, { signal }), WHAT, place);
  decodeLogEntry(value, place);
  return { value, isProven: true, annotation: undefined };
}

const KEY_DETAILS: Readonly<Partial<Record<KeyAlgorithm, string>>> = {
  'ecdsa-p256': 'PKIX_ECDSA_P256_SHA_256',
  'ecdsa-p384': 'PKIX_ECDSA_P384_SHA_256',
  'ecdsa-p521': 'PKIX_ECDSA_P521_SHA_256',
};

const versionOneEntry = object({
  body: string,
  integratedTime: natural,
  logID: string,
  logIndex: natural,
  verification: object({
    signedEntryTimestamp: string,
    inclusionProof: optional(
      object({
        checkpoint: string,
        hashes: arrayOf(string, MAX_PROOF_HASHES),
        logIndex: natural,
        rootHash: string,
        treeSize: natural,
      }),
    ),
  }),
});

const entries = mapOf(versionOneEntry);

async function logInVersion1(
  http: Http,
  { url }: LogService,
  entry: Loggable,
  signal?: AbortSignal,
): Promise<LoggedEntry> {
  const base = url.replace(/\/$/, '');
  const place = `${base}/api/v1/log/entries`;
  const proposed = proposeInVersion1(entry);
  const posted = await postJson(http, WHAT, place, proposed, { signal });
  const answer = posted.status === 409 ? await existing(http, base, posted, signal) : posted;
  const [found] = Object.values(entries(jsonOf(answer, WHAT, place), place));
  if (found === undefined) throw new AppError('invalid-input', `${WHAT} at ${place}: expected an entry, found none`);
  return loggedEntryOf(found, place);
}

/** In bundles the entry as it is; `annotation` is what cosign 1 and 2 kept of it. */
function loggedEntryOf(found: ReturnType<typeof versionOneEntry>, what: string): LoggedEntry {
  const { body, integratedTime, logID, logIndex, verification } = found;
  const { inclusionProof: proof, signedEntryTimestamp } = verification;
  const { kind, apiVersion } = decodeJson(decodeBase64(body, `${what}.body`), entryKind, { what: `${what}.body` });
  const value = {
    logIndex: String(logIndex),
    logId: { keyId: base64OfHex(logID) },
    kindVersion: { kind, version: apiVersion },
    integratedTime: String(integratedTime),
    inclusionPromise: { signedEntryTimestamp },
    ...(proof === undefined
      ? {}
      : {
          inclusionProof: {
            logIndex: String(proof.logIndex),
            rootHash: base64OfHex(proof.rootHash),
            treeSize: String(proof.treeSize),
            hashes: proof.hashes.map(base64OfHex),
            checkpoint: { envelope: proof.checkpoint },
          },
        }),
    canonicalizedBody: body,
  };
  decodeLogEntry(value, what);
  const payload = { body, integratedTime, logIndex, logID };
  const annotation = JSON.stringify({ SignedEntryTimestamp: signedEntryTimestamp, Payload: payload });
  return { value, isProven: proof !== undefined, annotation };
}

const entryKind = object({ kind: string, apiVersion: string });
const keptEntry = object({
  SignedEntryTimestamp: string,
  Payload: object({ body: string, integratedTime: natural, logIndex: natural, logID: string }),
});

/**
 * From a file: an answer of a log of version 1 (one entry by its UUID, or the entry alone), or what cosign 1 and 2 keep of it. Throws
 * `invalid-input` naming `what`.
 */
export function parseLoggedEntry(text: string, what: string): LoggedEntry {
  const value = parseJson(text, { what });
  if (isRecord(value) && 'SignedEntryTimestamp' in value) {
    const { SignedEntryTimestamp: signedEntryTimestamp, Payload: payload } = keptEntry(value, what);
    const verification = { signedEntryTimestamp, inclusionProof: undefined };
    return loggedEntryOf({ ...payload, verification }, what);
  }
  if (isRecord(value) && 'body' in value) return loggedEntryOf(versionOneEntry(value, what), what);
  const [found, ...others] = Object.values(entries(value, what));
  if (found !== undefined && others.length === 0) return loggedEntryOf(found, what);
  throw new AppError('invalid-input', `${what}: expected one entry, found ${others.length + (found ? 1 : 0)}`);
}

/** The entry is there already: its place is in Location. */
async function existing(http: Http, base: string, answer: Answer, signal?: AbortSignal): Promise<Answer> {
  const uuid = /([0-9a-f]{64,80})$/.exec(answer.headers.get('location')?.[0] ?? '')?.[1];
  if (uuid === undefined) throw refusal(answer, WHAT, base);
  return await exchange(http, WHAT, { url: `${base}/api/v1/log/entries/${uuid}`, signal });
}

function proposeInVersion1(entry: Loggable) {
  const pem =
    entry.certificate === undefined
      ? formatPublicKey(entry.key)
      : formatPem({ label: 'CERTIFICATE', bytes: entry.certificate });
  const verifier = encodeBase64(Buffer.from(pem));
  const apiVersion = '0.0.1';
  if (entry.envelope !== undefined) {
    const proposedContent = { envelope: formatEnvelope(entry.envelope), verifiers: [verifier] };
    return { kind: 'dsse', apiVersion, spec: { proposedContent } };
  }
  return {
    kind: 'hashedrekord',
    apiVersion,
    spec: {
      data: { hash: { algorithm: 'sha256', value: Buffer.from(entry.digest).toString('hex') } },
      signature: { content: encodeBase64(entry.signature), publicKey: { content: verifier } },
    },
  };
}

function base64OfHex(hex: string): string {
  return Buffer.from(hex, 'hex').toString('base64');
}
