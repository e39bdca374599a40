/**
 * Decoding of foreign documents: JSON text with a ceiling, then a value with a path.
 * A Decoder turns `unknown` into a type or throws `invalid-input` naming the path, what was expected and what was found.
 */
import { AppError } from './errors.ts';

export type Decoder<T> = (value: unknown, path: string) => T;

/** Ceiling of a JSON document whose caller names none: 16 MiB, above any manifest, below what harms. */
const MAX_JSON_BYTES = 16 * 1024 * 1024;

/**
 * Levels of nesting that are read: documents of this field have below a hundred, and what walks a value may recurse. It must be below 8,192:
 * where deeper text ends in an error, V8's JSON.parse of Node 26 writes outside of its memory.
 */
const MAX_JSON_DEPTH = 1000;

export interface JsonLimits {
  /** Names the document in errors, for example `manifest of localhost:5000/app@sha256:...`. */
  readonly what: string;
  readonly maxBytes?: number;
}

export function parseJson(input: Uint8Array | string, limits: JsonLimits): unknown {
  const bytes = typeof input === 'string' ? Buffer.byteLength(input) : input.length;
  const ceiling = limits.maxBytes ?? MAX_JSON_BYTES;
  if (bytes > ceiling) {
    throw new AppError('invalid-input', `${limits.what}: expected at most ${ceiling} bytes, found ${bytes}`);
  }
  try {
    const text = typeof input === 'string' ? input : new TextDecoder('utf-8', { fatal: true }).decode(input);
    return parseShallowJson(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new AppError('invalid-input', `${limits.what}: expected JSON, ${reason}`, { cause });
  }
}

/** JSON.parse for foreign text. Throws SyntaxError, of text that nests too deep as well. */
export function parseShallowJson(text: string, revive?: (key: string, value: unknown) => unknown): unknown {
  if (isDeeper(text, MAX_JSON_DEPTH)) throw new SyntaxError(`more than ${MAX_JSON_DEPTH} levels of nesting`);
  return JSON.parse(text, revive);
}

const QUOTE = 0x22;
const BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const END_BRACKET = 0x5d;
const BRACE = 0x7b;
const END_BRACE = 0x7d;

/** Exact up to where the text stops being JSON, which is as far as it is parsed. */
function isDeeper(text: string, ceiling: number): boolean {
  // each level takes a character
  if (text.length <= ceiling) return false;
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = endOfString(text, at);
    else if (code === BRACKET || code === BRACE) {
      if (++depth > ceiling) return true;
    } else if (code === END_BRACKET || code === END_BRACE) depth--;
  }
  return false;
}

function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) return at;
    if (code === BACKSLASH) at++;
  }
  return text.length;
}

export function decodeJson<T>(input: Uint8Array | string, decoder: Decoder<T>, limits: JsonLimits): T {
  return decoder(parseJson(input, limits), limits.what);
}

export function mismatch(path: string, expected: string, found: unknown): AppError {
  return new AppError('invalid-input', `${path}: expected ${expected}, found ${describe(found)}`, {
    details: { path, expected, found: describe(found) },
  });
}

/** What a value is, short enough for an error line. */
function describe(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object') return 'an object';
  const text = JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

export const string: Decoder<string> = (value, path) => {
  if (typeof value !== 'string') throw mismatch(path, 'a string', value);
  return value;
};

export const boolean: Decoder<boolean> = (value, path) => {
  if (typeof value !== 'boolean') throw mismatch(path, 'true or false', value);
  return value;
};

/** A whole number from 0 to 2^53 - 1: sizes, counts, indexes. */
export const natural: Decoder<number> = (value, path) => {
  if (!Number.isSafeInteger(value) || (value as number) < 0) throw mismatch(path, 'a whole number', value);
  return value as number;
};

export const anything: Decoder<unknown> = (value) => value;

/** An object of any fields; arrays and null are refused. */
export const record: Decoder<Readonly<Record<string, unknown>>> = (value, path) => {
  if (!isRecord(value)) throw mismatch(path, 'an object', value);
  return value;
};

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The records in a list of a foreign document; none where it is no list. */
export function recordsOf(value: unknown): readonly Readonly<Record<string, unknown>>[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}

export function arrayOf<T>(item: Decoder<T>, maxItems = 100_000): Decoder<readonly T[]> {
  return (value, path) => {
    if (!Array.isArray(value)) throw mismatch(path, 'a list', value);
    if (value.length > maxItems) throw mismatch(path, `at most ${maxItems} entries`, value);
    return value.map((entry, index) => item(entry, `${path}[${index}]`));
  };
}

export function mapOf<T>(item: Decoder<T>): Decoder<Readonly<Record<string, T>>> {
  return (value, path) => {
    const result: Record<string, T> = Object.create(null) as Record<string, T>;
    for (const [key, entry] of Object.entries(record(value, path))) result[key] = item(entry, `${path}.${key}`);
    return result;
  };
}

export function oneOf<const T extends string>(...allowed: readonly T[]): Decoder<T> {
  return (value, path) => {
    if (!allowed.includes(value as T)) throw mismatch(path, allowed.join(' or '), value);
    return value as T;
  };
}

/** A field that may be absent; null counts as absent, as Go programs write it. */
export function optional<T>(item: Decoder<T>): Decoder<T | undefined> {
  return (value, path) => (value === undefined || value === null ? undefined : item(value, path));
}

type Fields = Readonly<Record<string, Decoder<unknown>>>;
type Decoded<F extends Fields> = { readonly [K in keyof F]: ReturnType<F[K]> };

/** An object with these fields; others are ignored, as open formats demand. */
export function object<F extends Fields>(fields: F): Decoder<Decoded<F>> {
  return (value, path) => decodeFields(fields, record(value, path), path);
}

/** An object with only these fields; an unknown one is refused by name, with a likely meaning. */
export function strictObject<F extends Fields>(fields: F): Decoder<Decoded<F>> {
  return (value, path) => {
    const source = record(value, path);
    for (const key of Object.keys(source)) {
      if (Object.hasOwn(fields, key)) continue;
      const known = Object.keys(fields).join(', ');
      throw new AppError('invalid-input', `${path}.${key}: unknown field, expected one of ${known}`);
    }
    return decodeFields(fields, source, path);
  };
}

function decodeFields<F extends Fields>(
  fields: F,
  source: Readonly<Record<string, unknown>>,
  path: string,
): Decoded<F> {
  const result: Record<string, unknown> = {};
  for (const [key, decoder] of Object.entries(fields)) {
    result[key] = decoder(Object.hasOwn(source, key) ? source[key] : undefined, `${path}.${key}`);
  }
  return result as Decoded<F>;
}
