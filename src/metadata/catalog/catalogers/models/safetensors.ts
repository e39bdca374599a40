/**
 * Models in safetensors (github.com/huggingface/safetensors): a length, then a JSON header with the tensors and `__metadata__`, which may
 * follow the ModelSpec of Stability AI. The files of one model, `model-00001-of-00003.safetensors` and so on, are one component.
 */
import { AppError, isRecord, parseJson } from '../../../../core/index.ts';
import { createFileCataloger } from '../../file-cataloger.ts';
import type { Reading } from '../../file-cataloger.ts';
import { condenseHeader, readTexts } from './header.ts';
import type { Texts } from './header.ts';
import { addModel } from './model.ts';

/** The format's own limit. */
const MAX_HEADER_BYTES = 100_000_000;

export const safetensors = createFileCataloger({
  id: 'safetensors',
  evidence: 'installed-metadata',
  names: ['*.safetensors'],
  choice: condenseHeader({
    id: 'safetensors-header',
    maxBytes: (head) => 8 + (head.length < 8 ? 0 : Math.min(Number(head.readBigUInt64LE(0)), MAX_HEADER_BYTES)),
    read: readHeader,
  }),
  read,
});

function readHeader(bytes: Buffer): Texts {
  const length = Number(bytes.readBigUInt64LE(0));
  if (length > MAX_HEADER_BYTES) {
    throw new AppError('invalid-input', `expected a header of at most ${MAX_HEADER_BYTES} bytes, found ${length}`);
  }
  const header = parseJson(bytes.subarray(8, 8 + length), { what: 'header', maxBytes: MAX_HEADER_BYTES });
  if (!isRecord(header)) throw new AppError('invalid-input', 'expected an object as header');
  const metadata = isRecord(header['__metadata__']) ? header['__metadata__'] : {};
  const texts = Object.entries(metadata).flatMap(([key, value]) =>
    WANTED.has(key) && typeof value === 'string' ? [[key, value] as const] : [],
  );
  return new Map(texts);
}

/** Others hold whole training configurations. */
const WANTED: ReadonlySet<string> = new Set([
  'format',
  ...['title', 'author', 'license', 'architecture', 'implementation', 'date'].map((key) => `modelspec.${key}`),
]);

function read({ content, file, finds }: Reading): void {
  const texts = readTexts(content, file.path);
  addModel(finds, file, {
    name: texts.get('modelspec.title'),
    version: undefined,
    licence: texts.get('modelspec.license'),
    author: texts.get('modelspec.author'),
    repository: undefined,
    properties: {
      architecture: texts.get('modelspec.architecture'),
      date: texts.get('modelspec.date'),
      format: texts.get('format'),
      implementation: texts.get('modelspec.implementation'),
    },
  });
}
