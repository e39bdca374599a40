/**
 * Signed notes and checkpoints (C2SP signed-note, tlog-checkpoint, tlog-cosignature).
 *
 * Implements Ed25519 and ECDSA (SHA-256, DER) signatures of a log, Ed25519 cosignatures of witnesses (`cosignature/v1`), and verifier
 * keys of Ed25519.
 * Lines of unknown signers are passed over in any order, as the format demands; a malformed line refuses the note.
 */
import { createHash } from 'node:crypto';
import { AppError } from '../../core/index.ts';
import { encodeBase64, findBase64 } from './base64.ts';
import { isEqualBytes } from './bytes.ts';
import { HASH_BYTES } from './merkle.ts';
import type { TreeHead } from './merkle.ts';
import { importSpki, type PublicKey } from './public-key.ts';
import type { SigningKey } from './signing-key.ts';

/** Checkpoints have 300 bytes and some hundred per witness. */
const MAX_NOTE_CHARACTERS = 64 * 1024;
/** Each known name costs a signature check. */
const MAX_NOTE_SIGNATURES = 64;
const HINT_BYTES = 4;
/** Of a cosignature: seconds since 1970. */
const TIME_BYTES = 8;

export interface NoteSignature {
  readonly name: string;
  /** The first four bytes of the key id. */
  readonly hint: Uint8Array;
  readonly signature: Uint8Array;
}

export interface SignedNote {
  /** Signed bytes: up to and with the line end before the empty line. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

/** Throws `invalid-input` naming `what`. */
export function parseNote(note: string, what: string): SignedNote {
  if (note.length > MAX_NOTE_CHARACTERS)
    throw fault(what, `at most ${MAX_NOTE_CHARACTERS} characters`, `${note.length}`);
  // oxlint-disable-next-line no-control-regex
  if (/[\u0000-\u0009\u000b-\u001f]/.test(note)) throw fault(what, 'no control characters but line ends', 'one');
  const split = note.lastIndexOf('\n\n');
  if (split < 0 || !note.endsWith('\n')) throw fault(what, 'an empty line between text and signatures', 'none');
  const rest = note.slice(split + 2);
  const lines = rest === '' ? [] : rest.slice(0, -1).split('\n');
  if (lines.length > MAX_NOTE_SIGNATURES)
    throw fault(what, `at most ${MAX_NOTE_SIGNATURES} signatures`, `${lines.length}`);
  return { text: note.slice(0, split + 1), signatures: lines.map((line) => parseSignatureLine(line, what)) };
}

const SIGNATURE_LINE = /^\u2014 ([^\s+]+) ([A-Za-z0-9+/=]+)$/;

function parseSignatureLine(line: string, what: string): NoteSignature {
  const [, name = '', text = ''] = SIGNATURE_LINE.exec(line) ?? [];
  const bytes = findBase64(text);
  if (bytes === undefined || bytes.length <= HINT_BYTES)
    throw fault(what, 'a line "— name base64"', JSON.stringify(line));
  return { name, hint: bytes.subarray(0, HINT_BYTES), signature: bytes.subarray(HINT_BYTES) };
}

export interface Checkpoint extends TreeHead {
  readonly origin: string;
  readonly note: SignedNote;
}

/** Origin, size, root and optional extension lines, in this order. Throws `invalid-input` naming `what`. */
export function parseCheckpoint(text: string, what: string): Checkpoint {
  const note = parseNote(text, what);
  const [origin = '', size = '', root = '', ...extensions] = note.text.slice(0, -1).split('\n');
  if (origin === '') throw fault(what, 'an origin', 'an empty line');
  if (!/^(?:0|[1-9]\d{0,15})$/.test(size) || !Number.isSafeInteger(Number(size))) {
    throw fault(what, 'a tree size in the second line', JSON.stringify(size));
  }
  const hash = findBase64(root);
  if (hash?.length !== HASH_BYTES) throw fault(what, 'a root hash in the third line', JSON.stringify(root));
  if (extensions.includes('')) throw fault(what, 'no empty line in the text', 'one');
  return { origin, size: Number(size), root: hash, note };
}

/** Who signs notes: the name, and the key id of which lines carry the first four bytes. */
export interface NoteSigner {
  readonly name: string;
  readonly keyId: Uint8Array;
  readonly key: PublicKey;
}

export type NoteFault = 'no-line-of-signer' | 'signature-mismatch';

/** Why the note does not carry this signer's signature. One good line is enough: others of the same name may be of other keys. */
export function findNoteFault(note: SignedNote, signer: NoteSigner): NoteFault | undefined {
  const content = Buffer.from(note.text);
  const lines = linesOf(note, signer);
  if (lines.length === 0) return 'no-line-of-signer';
  return lines.some((line) => signer.key.verifyStrictly('sha256', content, line.signature))
    ? undefined
    : 'signature-mismatch';
}

/** Seconds since 1970 at which the witness cosigned, or undefined when no line of it verifies. */
export function findCosignature(note: SignedNote, witness: NoteSigner): number | undefined {
  if (witness.key.algorithm !== 'ed25519') return undefined;
  for (const { signature } of linesOf(note, witness)) {
    if (signature.length !== TIME_BYTES + 64) continue;
    const seconds = Number(Buffer.from(signature).readBigUInt64BE(0));
    if (!Number.isSafeInteger(seconds)) continue;
    const content = cosigned(note.text, seconds);
    if (witness.key.verifyStrictly('sha256', content, signature.subarray(TIME_BYTES))) return seconds;
  }
  return undefined;
}

function linesOf(note: SignedNote, signer: NoteSigner): readonly NoteSignature[] {
  const hint = signer.keyId.subarray(0, HINT_BYTES);
  return note.signatures.filter((line) => line.name === signer.name && isEqualBytes(line.hint, hint));
}

/** The line that a signature of a note is, with its line end. */
export function formatSignatureLine({ name, keyId }: Omit<NoteSigner, 'key'>, signature: Uint8Array): string {
  return `\u2014 ${name} ${encodeBase64(Buffer.concat([keyId.subarray(0, HINT_BYTES), signature]))}\n`;
}

export interface CosigningKey extends NoteSigner {
  readonly signing: SigningKey;
}

/** The line with which a witness says that it saw this checkpoint at this time, and no other history of the log (C2SP tlog-cosignature). */
export async function cosign(text: string, witness: CosigningKey, at: Date): Promise<string> {
  const seconds = Math.floor(at.getTime() / 1000);
  const time = Buffer.alloc(TIME_BYTES);
  time.writeBigUInt64BE(BigInt(seconds));
  const signature = await witness.signing.sign(cosigned(text, seconds));
  return formatSignatureLine(witness, Buffer.concat([time, signature]));
}

function cosigned(text: string, seconds: number): Uint8Array {
  return Buffer.from(`cosignature/v1\ntime ${seconds}\n${text}`);
}

/** Types of keys in key ids (C2SP signed-note): a log's Ed25519 key, and a witness's. */
export const NOTE_KEY_TYPE = { ed25519: 0x01, cosignature: 0x04 } as const;
type NoteKeyType = (typeof NOTE_KEY_TYPE)[keyof typeof NOTE_KEY_TYPE];

/** SHA-256 of name, line end, type and Ed25519 key: the whole key id. */
export function noteKeyId(name: string, type: NoteKeyType, key: PublicKey): Uint8Array {
  return createHash('sha256').update(`${name}\n`).update(Uint8Array.of(type)).update(rawKey(key)).digest();
}

/** `NAME+HINT+KEY`, how one tells others of an Ed25519 key. */
export function formatVerifierKey(name: string, type: NoteKeyType, key: PublicKey): string {
  const hint = Buffer.from(noteKeyId(name, type, key).subarray(0, HINT_BYTES)).toString('hex');
  return `${name}+${hint}+${encodeBase64(Buffer.concat([Uint8Array.of(type), rawKey(key)]))}`;
}

/** Throws `invalid-input` naming `what` for another type of key too. */
export function parseVerifierKey(text: string, type: NoteKeyType, what: string): NoteSigner {
  const [, name = '', hint, encoded = ''] = VERIFIER_KEY.exec(text) ?? [];
  const [found, ...raw] = findBase64(encoded) ?? [];
  if (found !== type || raw.length !== ED25519_BYTES)
    throw fault(what, `an Ed25519 key NAME+HINT+KEY of type ${type}`, JSON.stringify(text));
  const key = importSpki(Buffer.concat([SPKI_ED25519, Uint8Array.from(raw)]), what);
  const keyId = noteKeyId(name, type, key);
  const expected = Buffer.from(keyId.subarray(0, HINT_BYTES)).toString('hex');
  if (hint !== expected) throw fault(what, `the hint ${expected}`, JSON.stringify(text));
  return { name, key, keyId };
}

const VERIFIER_KEY = /^([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/;
const ED25519_BYTES = 32;
/** What stands before a key in its SPKI (RFC 8410 4). */
const SPKI_ED25519 = Uint8Array.of(0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00);

function rawKey(key: PublicKey): Uint8Array {
  return key.spki.subarray(-ED25519_BYTES);
}

function fault(what: string, expected: string, found: string): AppError {
  return new AppError('invalid-input', `${what}: expected ${expected}, found ${found}`);
}
