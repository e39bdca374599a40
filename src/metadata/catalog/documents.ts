/**
 * Documents of the formats that lock files have, as plain values. What cannot be read is `invalid-input`. Libraries are loaded when
 * a document first needs them.
 */
import { createRequire } from 'node:module';
import { AppError, parseJson } from '../../core/index.ts';
import { textOf } from './components.ts';

const require = createRequire(import.meta.url);

/** What one alias may repeat: lock files have none; without a ceiling ten lines make a billion values. */
const MAX_ALIASES = 100;

/** A token of the concrete syntax; what fits nowhere is one of an error. */
interface Token {
  readonly type: string;
  readonly message?: string;
}

interface YamlDocument {
  readonly errors: readonly Error[];
  readonly toJS: (options: { readonly maxAliasCount: number }) => unknown;
}

/** The three stages of the parser, each fed by the one before. */
interface Yaml {
  readonly Lexer: new () => { readonly lex: (text: string) => Iterable<string> };
  readonly Parser: new () => {
    readonly next: (lexeme: string) => Iterable<Token>;
    readonly end: () => Iterable<Token>;
  };
  readonly Composer: new (options: {
    readonly schema: 'failsafe';
    readonly uniqueKeys: false;
    readonly prettyErrors: false;
    readonly logLevel: 'silent';
  }) => { readonly compose: (tokens: Iterable<Token>) => Iterable<YamlDocument> };
}

/** The largest lock files in YAML have some 5 MiB; in memory a document takes eighty times its length. */
const MAX_YAML_BYTES = 16 * 1024 * 1024;
/** Each takes up to a KiB where documents are hostile; in the largest lock files there are fewer. */
const MAX_LEXEMES = 2_000_000;
/** Of brackets and braces; lock files have one or two levels of them. */
const MAX_FLOW_DEPTH = 100;

/** All documents of a stream; every scalar is text, so that a version 1.10 stays what it is. */
export function parseYamlTexts(bytes: Uint8Array, what: string): readonly unknown[] {
  if (bytes.length > MAX_YAML_BYTES) {
    throw new AppError('invalid-input', `${what}: expected at most ${MAX_YAML_BYTES} bytes, found ${bytes.length}`);
  }
  return parsing(what, 'YAML', () => {
    const yaml = require('yaml') as Yaml;
    // warnings would go to the console
    const options = { schema: 'failsafe', uniqueKeys: false, prettyErrors: false, logLevel: 'silent' } as const;
    return Array.from(new yaml.Composer(options).compose(tokensOf(textOf(bytes), yaml)), (document) => {
      if (document.errors[0] !== undefined) throw document.errors[0];
      return document.toJS({ maxAliasCount: MAX_ALIASES });
    });
  });
}

/** Throws at the first error, for a hostile document may have one at each character. */
function* tokensOf(text: string, { Lexer, Parser }: Yaml): Generator<Token> {
  const parser = new Parser();
  let lexemes = 0;
  let depth = 0;
  for (const lexeme of new Lexer().lex(text)) {
    if (++lexemes > MAX_LEXEMES) throw new Error(`more than ${MAX_LEXEMES} signs and words`);
    if (lexeme === '[' || lexeme === '{') depth++;
    else if (lexeme === ']' || lexeme === '}') depth--;
    if (depth > MAX_FLOW_DEPTH) throw new Error(`more than ${MAX_FLOW_DEPTH} brackets in each other`);
    yield* checked(parser.next(lexeme));
  }
  yield* checked(parser.end());
}

function* checked(tokens: Iterable<Token>): Generator<Token> {
  for (const token of tokens) {
    if (token.type === 'error') throw new Error(token.message);
    yield token;
  }
}

/** The first document of a stream, likewise. */
export function parseYaml(bytes: Uint8Array, what: string): unknown {
  return parseYamlTexts(bytes, what)[0];
}

/** JSON with comments and trailing commas. */
export function parseJsonc(bytes: Uint8Array, what: string): unknown {
  // each pattern takes what it begins in one go, closed or not, so that time grows with the length alone
  const bare = textOf(bytes).replaceAll(
    /("(?:[^"\\]|\\.)*"?)|\/\/[^\n]*|\/\*[\s\S]*?(?:\*\/|$)/g,
    (_, literal: string | undefined) => literal ?? ' ',
  );
  const json = bare.replaceAll(
    /("(?:[^"\\]|\\.)*"?)|,(?=\s*[\]}])/g,
    (_, literal: string | undefined) => literal ?? '',
  );
  return parseJson(json, { what, maxBytes: Infinity });
}

/** TOML 1.0 as a table without a prototype. */
export function parseToml(bytes: Uint8Array, what: string): Readonly<Record<string, unknown>> {
  return parsing(what, 'TOML', () => {
    const { parse } = require('smol-toml') as { readonly parse: (text: string) => Readonly<Record<string, unknown>> };
    return parse(textOf(bytes));
  });
}

/** Whatever a library throws over a document is the document's fault; its first line says why. */
function parsing<T>(what: string, format: string, parse: () => T): T {
  try {
    return parse();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split('\n', 1)[0] : String(cause);
    throw new AppError('invalid-input', `${what}: expected ${format}, ${reason}`, { cause });
  }
}
