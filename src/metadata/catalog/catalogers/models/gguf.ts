/**
 * Models in GGUF, versions 2 and 3 (github.com/ggml-org/ggml, docs/gguf.md): name, version, licence and architecture from the metadata
 * in the header. Vocabularies lie there too and are passed over; tensors are not read.
 */
import { AppError } from '../../../../core/index.ts';
import { createFileCataloger } from '../../file-cataloger.ts';
import type { Reading } from '../../file-cataloger.ts';
import { condenseHeader, readTexts } from './header.ts';
import type { Texts } from './header.ts';
import { addModel } from './model.ts';

/** Vocabularies of the largest models have about 10 MiB. */
const MAX_HEADER_BYTES = 32 * 1024 * 1024;
const MAX_PAIRS = 100_000;
const MAX_TEXT_BYTES = 64 * 1024;

export const gguf = createFileCataloger({
  id: 'gguf',
  evidence: 'installed-metadata',
  names: ['*.gguf'],
  choice: condenseHeader({ id: 'gguf-header', maxBytes: () => MAX_HEADER_BYTES, read: readHeader }),
  read,
});

function read({ content, file, finds }: Reading): void {
  const texts = readTexts(content, file.path);
  const general = (...keys: readonly string[]) => keys.flatMap((key) => texts.get(`general.${key}`) ?? [])[0];
  addModel(finds, file, {
    name: general('name', 'basename'),
    version: general('version'),
    licence: general('license'),
    author: general('author', 'organization'),
    repository: general('repo_url', 'source.repo_url', 'source.url', 'source.huggingface.repository'),
    properties: {
      architecture: general('architecture'),
      baseModel: general('base_model.0.repo_url', 'base_model.0.name'),
      quantizedBy: general('quantized_by'),
      sizeLabel: general('size_label'),
    },
  });
}

/** Bytes of a value of each kind; 8 is a text, 9 an array. */
const SIZES = [1, 1, 2, 2, 4, 4, 4, 1, undefined, undefined, 8, 8, 8] as const;
const TEXT = 8;
const ARRAY = 9;

/** Texts below `general.`. Throws RangeError where the header is cut off. */
function readHeader(bytes: Buffer): Texts {
  const texts = new Map<string, string>();
  if (bytes.toString('latin1', 0, 4) !== 'GGUF') throw refuse('a model in GGUF', 'another magic number');
  const version = bytes.readUInt32LE(4);
  if (version < 2 || version > 3) throw refuse('GGUF 2 or 3', String(version));
  const count = Number(bytes.readBigUInt64LE(16));
  if (count > MAX_PAIRS) throw refuse(`at most ${MAX_PAIRS} pairs`, String(count));
  let at = 24;
  for (let index = 0; index < count; index++) {
    const end = endOf(bytes, TEXT, at);
    const key = textAt(bytes, at);
    const kind = bytes.readUInt32LE(end);
    at = endOf(bytes, kind, end + 4);
    if (kind === TEXT && key.startsWith('general.')) texts.set(key, textAt(bytes, end + 4));
  }
  return texts;
}

/** Of texts that are known to end inside. */
function textAt(bytes: Buffer, start: number): string {
  const length = Math.min(Number(bytes.readBigUInt64LE(start)), MAX_TEXT_BYTES);
  return bytes.toString('utf8', start + 8, start + 8 + length);
}

function endOf(bytes: Buffer, kind: number, start: number): number {
  const size = SIZES[kind];
  let end = start + (size ?? 8);
  if (kind === TEXT) end += Number(bytes.readBigUInt64LE(start));
  else if (kind === ARRAY) end = endOfArray(bytes, start);
  else if (size === undefined) throw refuse('a kind of value', String(kind));
  if (end > bytes.length) throw new RangeError('outside of the header');
  return end;
}

/** The format knows arrays of arrays; no model has them. */
function endOfArray(bytes: Buffer, start: number): number {
  const kind = bytes.readUInt32LE(start);
  const length = Number(bytes.readBigUInt64LE(start + 4));
  const size = SIZES[kind];
  if (size !== undefined) return start + 12 + size * length;
  if (kind !== TEXT) throw refuse('an array of plain values', `kind ${kind}`);
  let end = start + 12;
  // each text has at least its length, so that the end of the header bounds the loop
  for (let index = 0; index < length; index++) end = endOf(bytes, TEXT, end);
  return end;
}

function refuse(expected: string, found: string): AppError {
  return new AppError('invalid-input', `expected ${expected}, found ${found}`);
}
