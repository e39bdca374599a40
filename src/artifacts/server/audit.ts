/**
 * Who did what, as JSON lines that are only ever appended. Each line holds the SHA-256 of the line before it, so that a line that is
 * changed, taken out or put in is found; what is cut off at the end is not, unless a later line's digest is kept elsewhere.
 */
import {
  AppError,
  digestOf,
  findDigest,
  isRecord,
  parseJson,
  type Clock,
  type Digest,
  type Files,
  type WebClient,
} from '../../core/index.ts';

export interface AuditedCall {
  readonly request: Request;
  readonly url: URL;
  readonly caller: string;
  readonly place: { readonly name: string; readonly kind: string; readonly target: string } | undefined;
  readonly response: Response;
  readonly client: WebClient | undefined;
}

/** Resolves when the call is recorded, or need not be. */
export type Audit = (call: AuditedCall) => Promise<void>;

export interface AuditVerification {
  readonly lines: number;
  /** Lines that a crash cut short: nothing in them was acknowledged. */
  readonly torn: number;
  /** Digest of the last line; kept elsewhere, it proves later that nothing was cut off. */
  readonly head: Digest;
  /** The first line whose `previous` is not the digest of the line before it. */
  readonly broken?: { readonly line: number; readonly expected: Digest; readonly found: string };
}

/** What the first line has for a line before it. */
const GENESIS = digestOf('');
/** A line holds at most 50 tags of 128 characters, and names of at most 255. */
const MAX_LINE = 64 * 1024;
/** What strangers write is kept up to a tag's or a digest's length, or they would fill the disk. */
const MAX_FIELD = 160;
const NEWLINE = 0x0a;

/** Appends to the file; calls that come while one is written are written together. */
export function createAuditLog(files: Files, path: string, clock: Clock): Audit {
  const waiting: { readonly entry: Record<string, unknown>; readonly done: (error?: unknown) => void }[] = [];
  let head: Digest | undefined;
  let isWriting = false;

  async function drain(): Promise<void> {
    isWriting = true;
    while (waiting.length > 0) {
      const batch = waiting.splice(0);
      try {
        let written = '';
        if (head === undefined) [head, written] = await findHead(files, path);
        for (const { entry } of batch) {
          const line = JSON.stringify({ ...entry, previous: head });
          head = digestOf(line);
          written += `${line}\n`;
        }
        await files.append(path, Buffer.from(written));
        for (const { done } of batch) done();
      } catch (error) {
        head = undefined;
        for (const { done } of batch) done(error);
      }
    }
    isWriting = false;
  }

  return async (call) => {
    const facts = describeCall(call);
    if (facts === undefined) return;
    await new Promise<void>((resolve, reject) => {
      const entry = { time: clock().toISOString(), ...facts };
      waiting.push({ entry, done: (error) => (error === undefined ? resolve() : reject(error)) });
      if (!isWriting) void drain();
    });
  };
}

/** The last line's digest, and the newline that is missing where a crash cut that line short. */
async function findHead(files: Files, path: string): Promise<[Digest, string]> {
  const size = (await files.stat(path))?.size ?? 0;
  if (size === 0) return [GENESIS, ''];
  const chunks: Uint8Array[] = [];
  for await (const chunk of files.stream(path, { start: Math.max(size - MAX_LINE, 0), end: size })) chunks.push(chunk);
  const tail = Buffer.concat(chunks);
  const isWhole = tail.at(-1) === NEWLINE;
  const end = isWhole ? tail.length - 1 : tail.length;
  const start = tail.lastIndexOf(NEWLINE, end - 1) + 1;
  return [digestOf(tail.subarray(start, end)), isWhole ? '' : '\n'];
}

/** Undefined for what is not recorded: reading, steps of an upload, and being asked for credentials. */
function describeCall({
  request,
  url,
  caller,
  place,
  response,
  client,
}: AuditedCall): Record<string, unknown> | undefined {
  const { method, headers } = request;
  const { status } = response;
  const isRefused = status === 403 || (status === 401 && headers.has('authorization'));
  const isChange = place !== undefined && isFinal(method, place, status);
  if (!isRefused && !isChange) return undefined;
  const digest = response.headers.get('docker-content-digest') ?? findDigest(place?.target ?? '');
  const tags =
    place?.kind === 'manifests' && findDigest(place.target) === undefined
      ? [place.target.slice(0, MAX_FIELD)]
      : response.headers.get('oci-tag')?.split(', ');
  return {
    caller,
    address: client?.address ?? null,
    action: `${method} ${place === undefined ? url.pathname.slice(0, MAX_FIELD) : kindOf(place, url)}`,
    repository: place?.name ?? null,
    digest: digest ?? url.searchParams.get('digest')?.slice(0, MAX_FIELD) ?? null,
    tags: tags ?? [],
    status,
  };
}

/** An upload is a change when it ends. */
function isFinal(method: string, { kind, target }: NonNullable<AuditedCall['place']>, status: number): boolean {
  if (kind !== 'manifests' && kind !== 'blobs') return false;
  if (!target.startsWith('uploads')) return method === 'PUT' || method === 'DELETE';
  return method === 'PUT' || (method === 'POST' && status !== 202);
}

function kindOf({ kind, target }: NonNullable<AuditedCall['place']>, url: URL): string {
  if (kind === 'blobs') return target.startsWith('uploads') && url.searchParams.has('mount') ? 'mount' : 'blob';
  return kind === 'manifests' ? 'manifest' : kind;
}

/** Follows the chain from the first line. Throws `invalid-input` for a line that is too long. */
export async function verifyAuditLog(content: AsyncIterable<Uint8Array>, what: string): Promise<AuditVerification> {
  let [lines, torn, head] = [0, 0, GENESIS];
  for await (const line of splitLines(content, what)) {
    lines += 1;
    const previous = previousOf(line);
    if (previous === undefined) torn += 1;
    else if (previous !== head) return { lines, torn, head, broken: { line: lines, expected: head, found: previous } };
    head = digestOf(line);
  }
  return { lines, torn, head };
}

function previousOf(line: Uint8Array): string | undefined {
  try {
    const entry = parseJson(line, { what: 'line' });
    return isRecord(entry) ? String(entry.previous) : undefined;
  } catch {
    return undefined; // cut short; the next line must hold its digest all the same
  }
}

async function* splitLines(content: AsyncIterable<Uint8Array>, what: string): AsyncGenerator<Uint8Array> {
  let rest: Uint8Array = new Uint8Array();
  for await (const chunk of content) {
    let bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE)) {
      yield bytes.subarray(0, end);
      bytes = bytes.subarray(end + 1);
    }
    if (bytes.length > MAX_LINE)
      throw new AppError('invalid-input', `${what}: expected lines of at most ${MAX_LINE} bytes`);
    rest = bytes;
  }
  if (rest.length > 0) yield rest;
}
