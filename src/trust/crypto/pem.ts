import { AppError } from '../../core/index.ts';
import { decodeBase64, encodeBase64 } from './base64.ts';

export interface PemBlock {
  readonly label: string;
  readonly bytes: Uint8Array;
}

/** Ceiling of a PEM text: certificate chains and keys stay far below. */
const MAX_PEM_CHARACTERS = 256 * 1024;

const BLOCK = /-----BEGIN ([A-Z0-9 ]{1,64})-----([A-Za-z0-9+/=\s]*)-----END \1-----/;

/**
 * The only PEM block (RFC 7468) of the text; text around it is ignored, a second block is refused,
 * so that nobody can be shown one key while another is used. Throws `invalid-input` naming `what`.
 */
export function parsePem(text: string, what: string): PemBlock {
  if (text.length > MAX_PEM_CHARACTERS) {
    throw new AppError('invalid-input', `${what}: expected at most ${MAX_PEM_CHARACTERS} characters of PEM`);
  }
  const match = BLOCK.exec(text);
  if (match === null) throw new AppError('invalid-input', `${what}: expected a PEM block, found none`);
  if (text.slice(match.index + match[0].length).includes('-----BEGIN ')) {
    throw new AppError('invalid-input', `${what}: expected one PEM block, found more`);
  }
  const body = (match[2] ?? '').replace(/\s+/g, '');
  return { label: match[1] ?? '', bytes: decodeBase64(body, what) };
}

/** Certificates of one file, such as a chain or a list of roots; at most `max`. Throws `invalid-input` for anything else in it. */
export function parsePemCertificates(text: string, what: string, max: number): readonly Uint8Array[] {
  if (text.length > MAX_PEM_CHARACTERS) {
    throw new AppError('invalid-input', `${what}: expected at most ${MAX_PEM_CHARACTERS} characters of PEM`);
  }
  const blocks = text.split(/(?=-----BEGIN )/).filter((part) => part.startsWith('-----BEGIN '));
  if (blocks.length === 0 || blocks.length > max) {
    throw new AppError('invalid-input', `${what}: expected 1 to ${max} PEM certificates, found ${blocks.length}`);
  }
  return blocks.map((block) => {
    const { label, bytes } = parsePem(block, what);
    if (label === 'CERTIFICATE') return bytes;
    throw new AppError('invalid-input', `${what}: expected PEM blocks CERTIFICATE, found ${label}`);
  });
}

/** 64 characters a line, with a final newline. */
export function formatPem(block: PemBlock): string {
  const lines = encodeBase64(block.bytes).match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${block.label}-----\n${lines.join('\n')}\n-----END ${block.label}-----\n`;
}
