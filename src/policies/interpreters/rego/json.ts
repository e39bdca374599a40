/** Values of Rego from and to JSON. */
import { AppError, isRecord, parseShallowJson } from '../../../core/index.ts';
import { fault } from './fault.ts';
import { formatNumber, fromBigInt, fromDouble, isInteger, parseNumber, toBigInt, toDouble } from './number.ts';
import { compareStrings, isArray, isNumber, RegoObject, RegoSet } from './value.ts';
import type { RegoValue } from './value.ts';

/** Ceiling of nesting: what follows references and prints values calls itself once a level. */
const MAX_DEPTH = 1000;

/** A JSON value (also with bigints, for exact integers beyond 2 ** 53) as a value of Rego. */
export function fromJson(json: unknown, depth = 0): RegoValue {
  if (depth > MAX_DEPTH) {
    throw new AppError(
      'invalid-input',
      `document of a policy: expected at most ${MAX_DEPTH} levels of nesting, found more`,
    );
  }
  if (json === null || typeof json === 'string' || typeof json === 'boolean') return json;
  if (typeof json === 'number' && Number.isFinite(json)) return fromDouble(json);
  if (typeof json === 'bigint') return fromBigInt(json);
  if (Array.isArray(json)) return json.map((item) => fromJson(item, depth + 1));
  if (!isRecord(json)) throw new AppError('invalid-input', `document of a policy: expected JSON, found ${typeof json}`);
  const made = new RegoObject();
  for (const key in json) {
    if (!Object.hasOwn(json, key) || json[key] === undefined) continue;
    made.set(key, fromJson(json[key], depth + 1));
  }
  return made;
}

/** JSON text with numbers exact. Throws SyntaxError as JSON.parse does. */
export function parseJsonText(text: string): RegoValue {
  const revive = (_key: string, value: unknown, context: { readonly source?: string }): unknown => {
    if (typeof value !== 'number' || Number.isSafeInteger(value)) return value;
    return new Exact(context.source ?? String(value));
  };
  return fromExact(parseShallowJson(text, revive as (key: string, value: unknown) => unknown));
}

class Exact {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

function fromExact(json: unknown, depth = 0): RegoValue {
  if (depth > MAX_DEPTH) throw new SyntaxError(`expected at most ${MAX_DEPTH} levels of nesting, found more`);
  if (json instanceof Exact) {
    const number = parseNumber(json.text);
    if (number === undefined) throw new SyntaxError(`number out of range: ${json.text}`);
    return number;
  }
  if (Array.isArray(json)) return json.map((item) => fromExact(item, depth + 1));
  if (!isRecord(json)) return fromJson(json);
  return RegoObject.of(Object.entries(json).map(([key, value]) => [key, fromExact(value, depth + 1)]));
}

/** The value as JSON: sets as arrays, keys that are no strings as their text, integers beyond 2 ** 53 as bigints. */
export function toJson(value: RegoValue): unknown {
  if (isNumber(value)) {
    if (typeof value === 'number') return value;
    return isInteger(value) ? toBigInt(value) : toDouble(value);
  }
  if (isArray(value)) return value.map(toJson);
  if (value instanceof RegoSet) return value.members().map(toJson);
  if (!(value instanceof RegoObject)) return value;
  const made: Record<string, unknown> = Object.create(null);
  for (const [key, entry] of value.entries()) made[keyText(key)] = toJson(entry);
  return made;
}

/** Ceiling of a key's text: keys within keys are quoted again at each level, which doubles their length. */
const MAX_KEY_CHARS = 1024 * 1024;

/** In JSON keys are texts: any other key is its own JSON. */
function keyText(key: RegoValue): string {
  if (typeof key === 'string') return key;
  const text = formatJson(key);
  if (text.length <= MAX_KEY_CHARS) return text;
  throw fault(
    'eval_limit_error',
    `expected keys of at most ${MAX_KEY_CHARS} characters, found ${text.length}`,
    undefined,
  );
}

/** JSON text as Go writes it: keys in order, no spaces, `<`, `>` and `&` escaped. */
export function formatJson(value: RegoValue): string {
  if (typeof value === 'string') return formatJsonString(value);
  if (isNumber(value)) return formatNumber(value);
  if (isArray(value)) return `[${value.map(formatJson).join(',')}]`;
  if (value instanceof RegoSet) return `[${value.members().map(formatJson).join(',')}]`;
  if (!(value instanceof RegoObject)) return String(value);
  const pairs = value.entries().map(([key, entry]): [string, RegoValue] => [keyText(key), entry]);
  // keys that are no strings have their place by their text
  pairs.sort(([a], [b]) => compareStrings(a, b));
  return `{${pairs.map(([key, entry]) => `${formatJsonString(key)}:${formatJson(entry)}`).join(',')}}`;
}

export function formatJsonString(text: string): string {
  return JSON.stringify(text).replace(
    /[<>&\u2028\u2029]/g,
    (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
