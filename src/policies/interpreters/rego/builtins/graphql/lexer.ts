/** Tokens of GraphQL (specification of October 2021). Comments and commas are space. */
import { builtinError } from '../../evaluate/vm.ts';

export interface GraphqlToken {
  readonly kind: 'eof' | 'name' | 'int' | 'float' | 'string' | 'block' | 'symbol';
  /** What the token stands for: of strings without quotes and escapes. */
  readonly value: string;
  readonly offset: number;
}

const SPACE = /(?:[\s,\ufeff]|#[^\n\r]*)*/y;
const NAME = /[_A-Za-z]\w*/y;
const NUMBER = /-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?(?![\w.])/y;
const SYMBOL = /\.\.\.|[!$&():=@[\]{}|]/y;
const BLOCK = /"""((?:\\"""|[^"\\]|\\(?!""")|"(?!""))*)"""/y;
const STRING = /"((?:[^"\\\n\r]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*)"/y;

export function readGraphqlToken(text: string, from: number): { readonly token: GraphqlToken; readonly end: number } {
  SPACE.lastIndex = from;
  const offset = from + (SPACE.exec(text)?.[0].length ?? 0);
  if (offset >= text.length) return { token: { kind: 'eof', value: '', offset }, end: offset };
  const attempt = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = offset;
    return pattern.exec(text);
  };
  const made = (kind: GraphqlToken['kind'], value: string, length: number) => {
    return { token: { kind, value, offset }, end: offset + length };
  };
  const name = attempt(NAME);
  if (name !== null) return made('name', name[0], name[0].length);
  const symbol = attempt(SYMBOL);
  if (symbol !== null) return made('symbol', symbol[0], symbol[0].length);
  const number = attempt(NUMBER);
  if (number !== null) {
    const isFloat = number[1] !== undefined || number[2] !== undefined;
    return made(isFloat ? 'float' : 'int', number[0], number[0].length);
  }
  const block = attempt(BLOCK);
  if (block !== null) return made('block', unindent(block[1] ?? ''), block[0].length);
  const string = text.startsWith('"""', offset) ? null : attempt(STRING);
  if (string !== null) return made('string', JSON.parse(string[0].replaceAll('\t', '\\t')) as string, string[0].length);
  throw graphqlError(text, offset, 'Unexpected <Invalid>');
}

/** The common indent of lines goes, and empty lines at both ends. */
function unindent(raw: string): string {
  const lines = raw.replaceAll('\\"""', '"""').split(/\r\n|\n|\r/);
  const indents = lines.filter((line) => /\S/.test(line)).map((line) => line.length - line.trimStart().length);
  const common = Math.min(...indents);
  const cut = lines.map((line, i) => (i === 0 || !Number.isFinite(common) ? line : line.slice(common)));
  const isFull = (line: string) => /\S/.test(line);
  const first = cut.findIndex(isFull);
  return first < 0 ? '' : cut.slice(first, cut.findLastIndex(isFull) + 1).join('\n');
}

export function graphqlError(text: string, offset: number, message: string): Error {
  const lines = text.slice(0, offset).split('\n');
  const column = (lines.at(-1)?.length ?? 0) + 1;
  return builtinError(`${message} in GraphQL string at location ${lines.length}:${column}`);
}
