/** YAML of strangers: under ceilings, and only up to its first error, for a hostile text may have one at each character. */
import { createRequire } from 'node:module';
import type { Document, LineCounter } from 'yaml';
import { isRecord, mismatch } from './decode.ts';
import { AppError } from './errors.ts';

const require = createRequire(import.meta.url);

/** What one alias may repeat: without a ceiling ten lines make a billion values. */
const MAX_ALIASES = 100;
/** The largest lock files in YAML have some 5 MiB; in memory a document takes eighty times its length. */
const MAX_LENGTH = 16 * 1024 * 1024;
/** Each takes up to a KiB where documents are hostile; in the largest lock files there are fewer. */
const MAX_LEXEMES = 2_000_000;
/** Each takes some KiB, and may be written in two characters. Dumps of whole clusters have some thousand. */
const MAX_DOCUMENTS = 50_000;
/** Of brackets and braces; what people write has one or two levels of them. */
const MAX_FLOW_DEPTH = 100;

/** A token of the concrete syntax; what fits nowhere is one of an error. */
interface Token {
  readonly type: string;
  readonly offset: number;
  readonly message?: string;
}

type Place = number | readonly [number, ...(readonly number[])] | { readonly offset: number };

interface Composer {
  readonly compose: (tokens: Iterable<Token>) => Iterable<Document>;
  /** Of the library's own: as it comes it gathers errors. Told of each, with where it is. */
  onError: (place: Place, code: string, message: string, isWarning?: boolean) => void;
}

/** The library, loaded when a text first needs it; three stages, each fed by the one before. */
interface Yaml extends Pick<typeof import('yaml'), 'isScalar' | 'Lexer' | 'LineCounter' | 'visit'> {
  readonly Parser: new (onNewLine: (offset: number) => void) => {
    readonly next: (lexeme: string) => Iterable<Token>;
    readonly end: () => Iterable<Token>;
  };
  readonly Composer: new (options: {
    readonly schema: 'core' | 'failsafe';
    readonly merge: boolean;
    readonly uniqueKeys: false;
    readonly prettyErrors: false;
    readonly logLevel: 'silent';
  }) => Composer;
}

export interface YamlStream {
  readonly documents: readonly Document[];
  readonly lines: LineCounter;
}

/**
 * The documents of a stream, composed. Under `failsafe` every scalar is text; under `core` it is what JSON has, `<<` merges, and keys may not be
 * repeated. Throws `invalid-input`.
 */
export function composeYaml(text: string, where: string, schema: 'core' | 'failsafe'): YamlStream {
  if (text.length > MAX_LENGTH)
    throw new AppError('invalid-input', `${where}: expected at most ${MAX_LENGTH} characters, found ${text.length}`);
  return resolving(where, () => {
    const yaml = require('yaml') as Yaml;
    const lines = new yaml.LineCounter();
    lines.addNewLine(0);
    let first: Error | undefined;
    const fail = (message: string, offset: number): never => {
      const { line, col } = lines.linePos(offset);
      // the library tells what is thrown once more, of each node around it
      throw (first ??= new Error(`${message} at line ${line}, column ${col}`));
    };
    const isStrict = schema === 'core';
    // warnings would go to the console
    const options = { merge: isStrict, uniqueKeys: false, prettyErrors: false, logLevel: 'silent' } as const;
    const composer = new yaml.Composer({ schema, ...options });
    composer.onError = (place, _, message, isWarning) => {
      if (isWarning !== true) fail(message, offsetOf(place));
    };
    const documents: Document[] = [];
    for (const document of composer.compose(tokensOf(text, { yaml, lines, fail, isStrict }))) {
      if (documents.push(document) > MAX_DOCUMENTS)
        fail(`more than ${MAX_DOCUMENTS} documents`, document.range?.[0] ?? 0);
      for (const { message, pos } of document.errors) fail(message, pos[0]);
      if (isStrict) refuseRepeatedKeys(document, yaml, fail);
    }
    return { documents, lines };
  });
}

type Fail = (message: string, offset: number) => never;
/** Of a scalar under the schema `core`. */
type Key = string | number | bigint | boolean | symbol | null;

function offsetOf(place: Place): number {
  if (typeof place === 'number') return place;
  return 'offset' in place ? place.offset : place[0];
}

/** The library's own lexeme where a document begins, marked or not. */
const DOCUMENT = '\u0002';

interface Source {
  readonly yaml: Yaml;
  readonly lines: LineCounter;
  readonly fail: Fail;
  readonly isStrict: boolean;
}

/** Objects of JSON one behind the other, as kubectl takes them, are documents if the text begins with one. */
function* tokensOf(text: string, { yaml, lines, fail, isStrict }: Source): Generator<Token> {
  const parser = new yaml.Parser(lines.addNewLine);
  let [lexemes, depth, offset, objects] = [0, 0, 0, 0];
  let isJson = isStrict;
  for (const lexeme of new yaml.Lexer().lex(text)) {
    if (++lexemes > MAX_LEXEMES) fail(`more than ${MAX_LEXEMES} signs and words`, offset);
    if (depth === 0 && lexeme.trim() !== '' && lexeme !== DOCUMENT) {
      isJson &&= lexeme === '{';
      if (isJson && ++objects > 1) {
        yield* checked(parser.end(), fail);
        yield* checked(parser.next(DOCUMENT), fail);
      }
    }
    if (lexeme === '[' || lexeme === '{') depth++;
    else if (lexeme === ']' || lexeme === '}') depth--;
    if (depth > MAX_FLOW_DEPTH) fail(`more than ${MAX_FLOW_DEPTH} brackets in each other`, offset);
    offset += lexeme.length;
    yield* checked(parser.next(lexeme), fail);
  }
  yield* checked(parser.end(), fail);
}

function* checked(tokens: Iterable<Token>, fail: Fail): Generator<Token> {
  for (const token of tokens) {
    if (token.type === 'error') fail(token.message ?? 'an unknown error', token.offset);
    yield token;
  }
}

/** In place of the library's own check, which compares each key with each, and by kind: in JSON `1` and `"1"` are one. */
function refuseRepeatedKeys(document: Document, { isScalar, visit }: Yaml, fail: Fail): void {
  visit(document, {
    Map: (_, { items }) => {
      const seen = new Set<unknown>();
      for (const { key } of items) {
        // each `<<` is a symbol of its own
        const name = isScalar<Key>(key) && typeof key.value !== 'symbol' ? String(key.value ?? '') : key;
        if (seen.has(name)) fail('keys must be unique', isScalar(key) ? (key.range?.[0] ?? 0) : 0);
        seen.add(name);
      }
    },
  });
}

/** All documents of a stream; every scalar is text, so that a version 1.10 stays what it is. */
export function parseYamlTexts(text: string, where: string): readonly unknown[] {
  const { documents } = composeYaml(text, where, 'failsafe');
  return resolving(where, () => documents.map((document): unknown => document.toJS({ maxAliasCount: MAX_ALIASES })));
}

/**
 * The objects in a YAML (or JSON) text as Kubernetes sees them, empty documents left out: `<<` merges, and what JSON cannot say is
 * refused, as are repeated keys and endless aliases.
 */
export function parseYamlDocuments(
  text: string,
  where: string,
  maxDocuments: number,
): readonly { readonly value: Readonly<Record<string, unknown>>; readonly where: string }[] {
  const { documents } = composeYaml(text, where, 'core');
  if (documents.length > maxDocuments)
    throw new AppError(
      'invalid-input',
      `${where}: expected at most ${maxDocuments} documents, found ${documents.length}`,
    );
  return documents.flatMap((document, index) => {
    const place = documents.length === 1 ? where : `${where}#${index + 1}`;
    const value = resolving(place, () => toValue(document));
    if (value === null || value === undefined) return [];
    if (!isRecord(value)) throw mismatch(place, 'an object', value);
    return [{ value, where: place }];
  });
}

/** A node that contains itself cannot be written as JSON. */
function toValue(document: Document): unknown {
  return JSON.parse(JSON.stringify(document.toJS({ maxAliasCount: MAX_ALIASES }) ?? null));
}

/** Whatever the library throws over a document is the document's fault; its first line says why. */
function resolving<T>(where: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split('\n', 1)[0] : String(cause);
    throw new AppError('invalid-input', `${where}: expected YAML, ${reason}`, { cause });
  }
}
