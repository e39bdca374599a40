/**
 * Of a model only some texts of its header matter: weights of many gigabytes pass by and are not held, and what is kept of the header
 * are these texts.
 */
import { AppError, decodeJson, mapOf, object, optional, string } from '../../../../core/index.ts';
import type { Condenser } from '../../../../core/index.ts';
import type { Condensing } from '../../cataloger.ts';
import { withinBounds } from '../../components.ts';

/** Models have up to some terabytes in several files. */
const MAX_MODEL_BYTES = 2 ** 44;

export type Texts = ReadonlyMap<string, string>;

interface Header {
  readonly id: string;
  /** How long the header may be, by the first 16 bytes of the file. */
  readonly maxBytes: (head: Buffer) => number;
  readonly read: (header: Buffer) => Texts;
}

/** What readTexts turns into texts or a refusal again. */
export function condenseHeader({ id, maxBytes, read }: Header): Condensing {
  return {
    kind: 'condense',
    id,
    maxBytes: MAX_MODEL_BYTES,
    open: (head, size) => keepFirst(Math.min(size, maxBytes(Buffer.from(head))), read),
  };
}

function keepFirst(maxBytes: number, read: (header: Buffer) => Texts): Condenser {
  const chunks: Uint8Array[] = [];
  let length = 0;
  return {
    bytes: maxBytes,
    write: (chunk) => {
      if (length >= maxBytes) return;
      // a chunk is good only during the call
      const wanted = Uint8Array.from(chunk.subarray(0, maxBytes - length));
      chunks.push(wanted);
      length += wanted.length;
    },
    end: () => Buffer.from(JSON.stringify(readOrRefuse(Buffer.concat(chunks), read))),
  };
}

function readOrRefuse(header: Buffer, read: (header: Buffer) => Texts): unknown {
  try {
    return { texts: Object.fromEntries(withinBounds('header of a model', () => read(header))) };
  } catch (thrown) {
    if (!(thrown instanceof AppError) || thrown.kind !== 'invalid-input') throw thrown;
    return { damage: thrown.message };
  }
}

const decodeCondensed = object({ texts: optional(mapOf(string)), damage: optional(string) });

export function readTexts(condensed: Uint8Array, what: string): Texts {
  const { texts, damage } = decodeJson(condensed, decodeCondensed, { what });
  if (texts === undefined) throw new AppError('invalid-input', `${what}: ${damage ?? 'expected a model'}`);
  return new Map(Object.entries(texts));
}
