/** Regular expressions, URLs and named formats of Kubernetes. */
import { AppError, compileRegexp } from '../../../../core/index.ts';
import type { Regexp } from '../../../../core/index.ts';
import { CelList, CelMap, Failure, NONE, Optional } from '../values.ts';
import type { Key, Opaque, Result, Value } from '../values.ts';
import { FORMATS } from './formats.ts';
import type { Format } from './formats.ts';
import { overload } from './overload.ts';
import type { Overload } from './overload.ts';
import { parseUrl } from './url.ts';
import type { ParsedUrl } from './url.ts';

class Url implements Opaque {
  readonly kind = 'url';
  readonly typeName = 'kubernetes.URL';
  readonly parts: ParsedUrl;

  constructor(parts: ParsedUrl) {
    this.parts = parts;
  }

  isEqual(other: Value): boolean {
    return other instanceof Url && other.parts.text === this.parts.text;
  }
}

class NamedFormat implements Opaque {
  readonly kind = 'format';
  readonly typeName = 'kubernetes.NamedFormat';
  readonly format: Format;

  constructor(format: Format) {
    this.format = format;
  }

  isEqual(other: Value): boolean {
    return other instanceof NamedFormat && other.format === this.format;
  }
}

export const TEXTS: readonly Overload[] = [
  overload('url', ['string'], (text) => {
    const parts = parseUrl(text);
    return parts === undefined ? new Failure(`expected a URL, found ${JSON.stringify(text)}`) : new Url(parts);
  }),
  overload('isURL', ['string'], (text) => parseUrl(text) !== undefined),
  ...(['scheme', 'host', 'hostname', 'port', 'escapedPath'] as const).map((part) =>
    overload(`.get${part.charAt(0).toUpperCase()}${part.slice(1)}`, ['url'], (url) => urlOf(url)[part]),
  ),
  overload('.getQuery', ['url'], (url) => {
    const entries = [...urlOf(url).query].map(([key, values]): [Key, readonly [Value, Value]] => [
      key,
      [key, new CelList(values)],
    ]);
    return new CelMap(new Map(entries));
  }),
  overload('format.named', ['string'], (name) => {
    const format = FORMATS.get(name);
    return format === undefined ? NONE : new Optional(new NamedFormat(format));
  }),
  ...[...FORMATS].map(([name, format]) => overload(`format.${name}`, [], () => new NamedFormat(format))),
  overload('.validate', ['format', 'string'], (value, text) => {
    if (!(value instanceof NamedFormat)) throw new Error(`expected a format, found ${value.kind}`);
    const faults = value.format(text);
    return faults.length === 0 ? NONE : new Optional(new CelList(faults));
  }),
];

function urlOf(value: Opaque): ParsedUrl {
  if (value instanceof Url) return value.parts;
  throw new Error(`expected a URL, found ${value.kind}`);
}

/** Patterns are compiled once for a program. */
export function regexpOverloads(): readonly Overload[] {
  const compiled = new Map<string, Regexp | Failure>();
  const on = (pattern: string, use: (regexp: Regexp) => Result): Result => {
    const regexp = compiled.get(pattern) ?? tryCompile(pattern);
    if (compiled.size < MAX_PATTERNS) compiled.set(pattern, regexp);
    return regexp instanceof Failure ? regexp : use(regexp);
  };
  const findAll = (text: string, pattern: string, limit: bigint) =>
    on(pattern, (regexp) => {
      const matches = limit === 0n ? [] : regexp.findAll(text, limit < 0n ? Infinity : Number(limit));
      return new CelList(matches.map(({ start, end }) => text.slice(start, end)));
    });
  return [
    ...['matches', '.matches'].map((name) =>
      overload(name, ['string', 'string'], (text, pattern) => on(pattern, (regexp) => regexp.isMatch(text))),
    ),
    overload('.find', ['string', 'string'], (text, pattern) =>
      on(pattern, (regexp) => {
        const [first] = regexp.findAll(text, 1);
        return first === undefined ? '' : text.slice(first.start, first.end);
      }),
    ),
    overload('.findAll', ['string', 'string'], (text, pattern) => findAll(text, pattern, -1n)),
    overload('.findAll', ['string', 'string', 'int'], findAll),
  ];
}

/** Ceiling of patterns that a program keeps: more come from data. */
const MAX_PATTERNS = 100;

function tryCompile(pattern: string): Regexp | Failure {
  try {
    return compileRegexp(pattern, 'pattern');
  } catch (error) {
    if (error instanceof AppError) return new Failure(error.message);
    throw error;
  }
}
