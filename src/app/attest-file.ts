/** Attests files. */
import { basename } from 'node:path';
import { AppError, createHasher, digestOf, parseDigest, type Digest, type Ports } from '../core/index.ts';
import {
  digestSetOf,
  encodeStatement,
  findSubject,
  parseStatement,
  predicateFromFile,
  predicateTypeOf,
} from '../attestations/index.ts';
import { attestBlob, type AttestedBlob } from '../trust/index.ts';
import { openSigner, type OpenedSigner, type SignerInput } from './open-signer.ts';
import { identityOf } from './sign.ts';
import { writeParts } from './write-parts.ts';

/** As cosign's ceiling for attachments leaves it after base64. */
const MAX_STATEMENT_BYTES = 96 * 1024 * 1024;

export interface AttestFileInput extends SignerInput {
  /** A path, or the bytes themselves; with a digest the name alone counts. */
  readonly file?: string | Uint8Array | undefined;
  /** SHA-256 of the file in hex, in its place. */
  readonly hash?: string | undefined;
  /** What is claimed; or the whole statement. */
  readonly claim:
    | { readonly kind: 'predicate'; readonly type: string; readonly content: string | Uint8Array }
    | { readonly kind: 'statement'; readonly content: string | Uint8Array };
  /** Paths. */
  readonly bundle?: string | undefined;
  readonly outputEnvelope?: string | undefined;
  readonly outputStatement?: string | undefined;
  readonly outputCertificate?: string | undefined;
  readonly outputTimestamp?: string | undefined;
}

export interface AttestedFile extends Omit<AttestedBlob, 'timestamp'> {
  /** Of the first subject. */
  readonly digest: Digest | undefined;
  readonly keyId: Digest;
  readonly identity?: OpenedSigner['identity'];
  readonly predicateType: string;
  /** Paths of what was written. */
  readonly written: readonly string[];
}

export async function attestFile(ports: Ports, input: AttestFileInput, signal?: AbortSignal): Promise<AttestedFile> {
  const digest = await digestOfFile(ports, input);
  const statement = await statementOf(ports, input, digest);
  const { predicateType } = parseStatement(statement);
  const signer = await openSigner(ports, input, signal);
  const attested = await attestBlob(statement, signer.key, { voucher: signer.voucher, signal });
  const { timestamp, ...result } = attested;
  const written = await writeParts(ports, [
    [input.bundle, attested.bundle],
    [input.outputEnvelope, attested.envelope],
    [input.outputStatement, statement],
    [input.outputCertificate, attested.certificate],
    [input.outputTimestamp, timestamp],
  ]);
  return { ...result, digest, keyId: signer.key.publicKey.keyId, ...identityOf(signer), predicateType, written };
}

async function digestOfFile(ports: Ports, { file, hash }: AttestFileInput): Promise<Digest | undefined> {
  if (hash !== undefined) return parseDigest(hash.includes(':') ? hash : `sha256:${hash}`);
  if (file === undefined) return undefined;
  if (typeof file !== 'string') return digestOf(file);
  const hasher = createHasher('sha256');
  for await (const chunk of ports.files.stream(file)) hasher.update(chunk);
  return hasher.digest();
}

async function statementOf(ports: Ports, input: AttestFileInput, digest: Digest | undefined): Promise<Uint8Array> {
  const { claim, file } = input;
  const content =
    typeof claim.content === 'string' ? await ports.files.read(claim.content, MAX_STATEMENT_BYTES) : claim.content;
  const what = typeof claim.content === 'string' ? claim.content : claim.kind;
  if (claim.kind === 'statement') {
    const statement = parseStatement(content, what);
    if (digest === undefined || findSubject(statement, digest) !== undefined) return content;
    throw new AppError(
      'invalid-input',
      `${what}: expected a statement about ${digest}, found one about other subjects`,
    );
  }
  if (digest === undefined) {
    throw new AppError('usage', 'expected a file to attest, or its digest, found neither', {
      hint: 'give FILE or --hash HEX',
    });
  }
  const predicateType = predicateTypeOf(claim.type);
  const predicate = predicateFromFile(predicateType, content, { what, at: ports.clock() });
  const name = typeof file === 'string' ? { name: basename(file) } : {};
  return encodeStatement({ subjects: [{ ...name, digest: digestSetOf(digest) }], predicateType, predicate });
}
