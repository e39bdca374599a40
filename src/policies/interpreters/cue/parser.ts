/**
 * Parser of CUE files (language version v0.16, without its experiments): declarations. Expressions are in parse-expressions.ts.
 * Attributes are read and ignored, but those that change what a file means are refused.
 */
import { labelOf, regularLabel } from './ast.ts';
import type { Clause, Comprehension, Declaration, Expr, Field, FieldLabel, File, Import, Presence } from './ast.ts';
import type { StructLiteral } from './ast.ts';
import { readTokens } from './lexer.ts';
import { parseExpression } from './parse-expressions.ts';
import { refuse } from './refusal.ts';
import type { Source } from './refusal.ts';
import { Tokens } from './tokens.ts';

/** Attributes of a file that select, replace or change the language. */
const MEANINGFUL_ATTRIBUTES: ReadonlySet<string> = new Set(['@if', '@ignore', '@extern', '@experiment', '@embed']);
const COMPREHENSION_WORDS: ReadonlySet<string> = new Set(['for', 'if', 'let']);

export function parseFile(source: Source): File {
  const tokens = new Tokens(source, readTokens(source));
  skipAttributes(tokens);
  if (tokens.isWord('package') && tokens.peek(1).kind === 'identifier') {
    tokens.next();
    tokens.next();
    endDeclaration(tokens);
  }
  skipAttributes(tokens);
  const imports: Import[] = [];
  while (tokens.isWord('import') && (tokens.peek(1).kind !== 'operator' || tokens.isOperator('(', 1))) {
    imports.push(...parseImports(tokens));
    skipAttributes(tokens);
  }
  const declarations = parseDeclarations(tokens);
  if (tokens.current.kind !== 'end') throw tokens.unexpected('a declaration');
  return { imports, body: { kind: 'struct', pos: 0, declarations, isFile: true } };
}

function parseImports(tokens: Tokens): Import[] {
  tokens.next();
  if (!tokens.accept('(')) {
    const single = parseImport(tokens);
    endDeclaration(tokens);
    return [single];
  }
  const imports: Import[] = [];
  while (!tokens.isOperator(')')) {
    imports.push(parseImport(tokens));
    if (!tokens.acceptComma()) break;
  }
  tokens.expect(')', 'after the imports');
  endDeclaration(tokens);
  return imports;
}

function parseImport(tokens: Tokens): Import {
  const alias = tokens.current.kind === 'identifier' ? tokens.next().text : undefined;
  const { string, pos } = tokens.current;
  if (string === undefined || string.interpolations.length > 0)
    throw tokens.unexpected('the path of a package in quotes');
  tokens.next();
  const [path = ''] = tokens.unquote(string, pos);
  const name = alias ?? path.split(':').at(-1)?.split('/').at(-1) ?? path;
  return { pos, name, path };
}

function skipAttributes(tokens: Tokens): void {
  while (tokens.current.kind === 'attribute') {
    const { text, pos } = tokens.next();
    const name = text.slice(0, text.indexOf('('));
    if (MEANINGFUL_ATTRIBUTES.has(name)) throw refuse(tokens.source, pos, `the attribute ${name} is not supported`);
    endDeclaration(tokens);
  }
}

/** The braces and what is between them. */
export function parseStruct(tokens: Tokens): StructLiteral {
  const { pos } = tokens.expect('{', 'at the beginning of a struct');
  const declarations = tokens.nested(() => parseDeclarations(tokens));
  tokens.expect('}', 'at the end of a struct');
  return { kind: 'struct', pos, declarations, isFile: false };
}

function parseDeclarations(tokens: Tokens): Declaration[] {
  const declarations: Declaration[] = [];
  for (;;) {
    skipAttributes(tokens);
    if (tokens.isOperator('}') || tokens.current.kind === 'end') return declarations;
    declarations.push(parseDeclaration(tokens));
  }
}

function endDeclaration(tokens: Tokens): void {
  if (tokens.acceptComma() || tokens.isOperator('}') || tokens.isOperator(')') || tokens.current.kind === 'end') return;
  throw tokens.unexpected('a comma or a new line');
}

function parseDeclaration(tokens: Tokens): Declaration {
  const { pos } = tokens.current;
  if (tokens.accept('...')) {
    endDeclaration(tokens);
    return { kind: 'ellipsis', pos };
  }
  const isField = isLabel(tokens, 0);
  if (!isField && tokens.isWord('let') && tokens.isOperator('=', 2)) {
    const clause = parseLet(tokens);
    endDeclaration(tokens);
    return clause;
  }
  if (!isField && isComprehension(tokens)) {
    const comprehension = parseComprehension(tokens);
    endDeclaration(tokens);
    return comprehension;
  }
  const declaration: Declaration = isField
    ? parseField(tokens)
    : { kind: 'embedding', pos, value: parseExpression(tokens) };
  while (tokens.current.kind === 'attribute') tokens.next();
  endDeclaration(tokens);
  return declaration;
}

export function isComprehension(tokens: Tokens): boolean {
  const { kind, text } = tokens.current;
  if (kind !== 'identifier' || !COMPREHENSION_WORDS.has(text) || text === 'let') return false;
  return text === 'if' || tokens.peek(1).kind === 'identifier';
}

/** Whether a label and its colon begin here; `X=` may stand in front. */
function isLabel(tokens: Tokens, from: number): boolean {
  const first = tokens.peek(from);
  if (from === 0 && first.kind === 'identifier' && tokens.isOperator('=', 1)) return isLabel(tokens, 2);
  if (first.kind === 'identifier' || first.kind === 'string') return isColon(tokens, from + 1);
  if (!tokens.isOperator('(', from) && !tokens.isOperator('[', from)) return false;
  const length = tokens.bracketLength(from);
  return length !== undefined && isColon(tokens, from + length);
}

function isColon(tokens: Tokens, ahead: number): boolean {
  if (tokens.isOperator(':', ahead)) return true;
  return (tokens.isOperator('?', ahead) || tokens.isOperator('!', ahead)) && tokens.isOperator(':', ahead + 1);
}

function parseField(tokens: Tokens): Field {
  const { pos } = tokens.current;
  let alias: string | undefined;
  if (tokens.current.kind === 'identifier' && tokens.isOperator('=', 1)) {
    alias = tokens.next().text;
    tokens.next();
  }
  const label = parseLabel(tokens);
  let presence: Presence = 'member';
  if (tokens.accept('?')) presence = 'optional';
  else if (tokens.accept('!')) presence = 'required';
  if (label.kind === 'pattern' && presence !== 'member')
    throw refuse(tokens.source, pos, 'a pattern has neither ? nor !');
  tokens.expect(':', 'after a label');
  return { kind: 'field', pos, label, alias, presence, value: parseFieldValue(tokens) };
}

/** `a: b: 1` is `a: {b: 1}`. */
function parseFieldValue(tokens: Tokens): Expr {
  const { pos, kind, text } = tokens.current;
  if (isLabel(tokens, 0)) {
    const field = tokens.nested(() => parseField(tokens));
    return { kind: 'struct', pos, declarations: [field], isFile: false };
  }
  if (kind === 'identifier' && tokens.isOperator('=', 1)) {
    tokens.next();
    tokens.next();
    return { kind: 'alias', pos, name: text, value: parseExpression(tokens) };
  }
  return parseExpression(tokens);
}

function parseLabel(tokens: Tokens): FieldLabel {
  const { kind, text, pos, string } = tokens.current;
  if (kind === 'identifier') {
    tokens.next();
    if (text.startsWith('__')) throw refuse(tokens.source, pos, 'labels that begin with __ are reserved');
    if (text === '_') throw refuse(tokens.source, pos, 'expected a label, found _');
    return { kind: 'fixed', label: labelOf(text), isIdentifier: true };
  }
  if (string !== undefined) {
    if (string.quote === "'") throw refuse(tokens.source, pos, 'expected a label in double quotes');
    if (string.interpolations.length > 0) return { kind: 'dynamic', value: parseExpression(tokens, 'operand') };
    tokens.next();
    return { kind: 'fixed', label: regularLabel(tokens.unquote(string, pos)[0] ?? ''), isIdentifier: false };
  }
  if (tokens.accept('(')) {
    const value = parseExpression(tokens);
    tokens.expect(')', 'after the expression of a label');
    return { kind: 'dynamic', value };
  }
  tokens.expect('[', 'at the beginning of a label');
  let alias: string | undefined;
  if (tokens.current.kind === 'identifier' && tokens.isOperator('=', 1)) {
    alias = tokens.next().text;
    tokens.next();
  }
  const value = parseExpression(tokens);
  tokens.acceptComma();
  tokens.expect(']', 'after a pattern');
  return { kind: 'pattern', value, alias };
}

function parseLet(tokens: Tokens): Clause & { kind: 'let' } {
  const { pos } = tokens.next();
  const { text: name } = tokens.expectIdentifier('a name after let');
  tokens.expect('=', 'after the name of let');
  return { kind: 'let', pos, name, value: parseExpression(tokens) };
}

export function parseComprehension(tokens: Tokens): Comprehension {
  const { pos } = tokens.current;
  const clauses: Clause[] = [];
  while (!tokens.isOperator('{')) {
    clauses.push(parseClause(tokens));
    tokens.acceptComma();
  }
  const body = parseStruct(tokens);
  const word = tokens.current;
  if (word.kind === 'identifier' && ['else', 'fallback', 'otherwise'].includes(word.text))
    throw refuse(tokens.source, word.pos, `${word.text} after a comprehension is not supported`);
  return { kind: 'comprehension', pos, clauses, body };
}

function parseClause(tokens: Tokens): Clause {
  const { pos } = tokens.current;
  if (tokens.isWord('let')) return parseLet(tokens);
  if (tokens.isWord('if')) {
    tokens.next();
    return { kind: 'if', pos, condition: parseExpression(tokens) };
  }
  if (!tokens.isWord('for')) throw tokens.unexpected('for, if, let or { of a comprehension');
  tokens.next();
  let value = tokens.expectIdentifier('a name after for').text;
  let key: string | undefined;
  if (tokens.acceptComma()) {
    key = value;
    value = tokens.expectIdentifier('a name after the comma of for').text;
  }
  if (!tokens.isWord('in')) throw tokens.unexpected('in');
  tokens.next();
  return { kind: 'for', pos, key, value, source: parseExpression(tokens) };
}
