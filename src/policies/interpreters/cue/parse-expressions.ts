/** Parser of CUE's expressions: operators by precedence, then operands with their selectors, indices and calls. */
import { labelOf, regularLabel } from './ast.ts';
import type { Binary, BoundOperator, Choice, Comprehension, Expr, ListLiteral } from './ast.ts';
import type { Token } from './lexer.ts';
import { parseNumber } from './literals.ts';
import { isComprehension, parseComprehension, parseStruct } from './parser.ts';
import { refuse } from './refusal.ts';
import { Tokens } from './tokens.ts';
import { BOTTOM_LITERAL } from './values.ts';

const PRECEDENCE: Readonly<Record<string, number>> = {
  '|': 1,
  '&': 2,
  '||': 3,
  '&&': 4,
  '==': 5,
  '!=': 5,
  '<': 5,
  '<=': 5,
  '>': 5,
  '>=': 5,
  '=~': 5,
  '!~': 5,
  '+': 6,
  '-': 6,
  '*': 7,
  '/': 7,
};
const BOUNDS: ReadonlySet<string> = new Set(['<', '<=', '>', '>=', '!=', '=~', '!~', '==']);

/** What an operand is while it is not known whether it is a choice of a disjunction. */
interface Operand {
  readonly value: Expr;
  readonly isMarked: boolean;
}

export function parseExpression(tokens: Tokens, form: 'any' | 'operand' = 'any'): Expr {
  return tokens.nested(() => {
    const { pos } = tokens.current;
    if (form === 'operand') return parsePrimary(tokens);
    const first = parseBinary(tokens, 2);
    if (!tokens.isOperator('|')) return unmarked(tokens, first, pos);
    const choices: Choice[] = [first];
    while (tokens.accept('|')) choices.push(parseBinary(tokens, 2));
    return { kind: 'disjunction', pos, choices };
  });
}

function unmarked(tokens: Tokens, { value, isMarked }: Operand, pos: number): Expr {
  if (isMarked) throw refuse(tokens.source, pos, 'a default mark * is for a choice of a disjunction');
  return value;
}

/** Operators of at least this precedence, associating to the left. */
function parseBinary(tokens: Tokens, minimum: number): Operand {
  const { pos } = tokens.current;
  let left = parseUnary(tokens);
  let links = 0;
  for (;;) {
    const { kind, text, pos: at } = tokens.current;
    const precedence = kind === 'operator' ? (PRECEDENCE[text] ?? 0) : 0;
    if (precedence < minimum) {
      tokens.depth -= links;
      return left;
    }
    tokens.next();
    unmarked(tokens, left, pos);
    const right = unmarked(tokens, parseBinary(tokens, precedence + 1), tokens.current.pos);
    // A long chain is a deep tree.
    links += 1;
    tokens.depth += 1;
    if (tokens.depth > MAX_CHAIN) throw refuse(tokens.source, at, `expected at most ${MAX_CHAIN} operators in a row`);
    const value: Binary = { kind: 'binary', pos, op: text as Binary['op'], left: left.value, right };
    left = { value, isMarked: false };
  }
}

/** Ceiling of operators in a row, for the depth of their tree. */
const MAX_CHAIN = 1000;

function parseUnary(tokens: Tokens): Operand {
  const { kind, text: op, pos } = tokens.current;
  if (kind !== 'operator') return { value: parsePrimary(tokens), isMarked: false };
  const operand = () => {
    tokens.next();
    return tokens.nested(() => parseUnary(tokens));
  };
  if (op === '*') return { value: unmarked(tokens, operand(), pos), isMarked: true };
  if (op === '+' || op === '-' || op === '!') {
    return { value: { kind: 'unary', pos, op, operand: unmarked(tokens, operand(), pos) }, isMarked: false };
  }
  if (BOUNDS.has(op)) {
    const bound = op as BoundOperator;
    return { value: { kind: 'bound', pos, op: bound, operand: unmarked(tokens, operand(), pos) }, isMarked: false };
  }
  return { value: parsePrimary(tokens), isMarked: false };
}

function parsePrimary(tokens: Tokens): Expr {
  let value = parseOperand(tokens);
  let links = 0;
  for (;;) {
    const { pos } = tokens.current;
    if (tokens.accept('.'))
      value = { kind: 'select', pos, base: value, label: parseSelector(tokens), target: undefined };
    else if (tokens.accept('[')) value = parseIndex(tokens, value, pos);
    else if (tokens.accept('(')) value = { kind: 'call', pos, callee: value, args: parseList(tokens, ')') };
    else if (tokens.isOperator('?') || tokens.isOperator('...')) {
      throw refuse(tokens.source, pos, `${tokens.current.text} behind an expression is not supported`);
    } else return value;
    links += 1;
    if (links > MAX_CHAIN) throw refuse(tokens.source, pos, `expected at most ${MAX_CHAIN} selectors in a row`);
  }
}

function parseSelector(tokens: Tokens): string {
  const { kind, text, pos, string } = tokens.next();
  if (kind === 'identifier') return labelOf(text);
  if (string === undefined || string.quote !== '"' || string.interpolations.length > 0)
    throw refuse(tokens.source, pos, `expected a name after a dot, found ${text}`);
  return regularLabel(tokens.unquote(string, pos)[0] ?? '');
}

function parseIndex(tokens: Tokens, base: Expr, pos: number): Expr {
  const low = tokens.isOperator(':') ? undefined : parseExpression(tokens);
  if (tokens.accept(':')) {
    const high = tokens.isOperator(']') ? undefined : parseExpression(tokens);
    tokens.expect(']', 'after a slice');
    return { kind: 'slice', pos, base, low, high };
  }
  if (low === undefined) throw tokens.unexpected('an index');
  tokens.expect(']', 'after an index');
  return { kind: 'index', pos, base, index: low };
}

function parseList(tokens: Tokens, close: ')' | ']'): Expr[] {
  const items: Expr[] = [];
  while (!tokens.isOperator(close)) {
    items.push(parseExpression(tokens));
    if (!tokens.acceptComma()) break;
  }
  tokens.expect(close, 'after a list');
  return items;
}

function parseOperand(tokens: Tokens): Expr {
  const token = tokens.current;
  const { kind, text, pos } = token;
  if (kind === 'number') return parseNumberToken(tokens);
  if (kind === 'string') return parseString(tokens);
  if (kind === 'identifier') {
    tokens.next();
    return { kind: 'identifier', pos, name: text, target: undefined };
  }
  if (tokens.accept('_|_')) return { kind: 'constant', pos, value: BOTTOM_LITERAL };
  if (tokens.isOperator('{')) return parseStruct(tokens);
  if (tokens.isOperator('[')) return parseListLiteral(tokens);
  if (tokens.accept('(')) {
    const value = parseExpression(tokens);
    tokens.acceptComma();
    tokens.expect(')', 'after an expression');
    return value;
  }
  throw tokens.unexpected('an expression');
}

function parseNumberToken(tokens: Tokens): Expr {
  const { text, pos } = tokens.next();
  const number = parseNumber(text);
  if (number === undefined) throw refuse(tokens.source, pos, `expected a number, found ${text}`);
  return {
    kind: 'constant',
    pos,
    value: { kind: 'number', value: number.value, isFloat: number.isFloat },
  };
}

function parseString(tokens: Tokens): Expr {
  const { string, pos } = tokens.next();
  if (string === undefined) throw refuse(tokens.source, pos, 'expected a string');
  const texts = tokens.unquote(string, pos);
  const isBytes = string.quote === "'";
  if (string.interpolations.length === 0) {
    return { kind: 'constant', pos, value: { kind: isBytes ? 'bytes' : 'string', value: texts[0] ?? '' } };
  }
  const parts = string.interpolations.map((inner) => parseInterpolated(tokens, inner));
  return { kind: 'interpolation', pos, isBytes, texts, parts };
}

function parseInterpolated(outer: Tokens, inner: readonly Token[]): Expr {
  const tokens = new Tokens(outer.source, inner, outer.depth);
  const value = parseExpression(tokens);
  tokens.acceptComma();
  if (tokens.current.kind !== 'end') throw tokens.unexpected(') after an interpolation');
  return value;
}

function parseListLiteral(tokens: Tokens): ListLiteral {
  const { pos } = tokens.expect('[', 'at the beginning of a list');
  const elements: (Expr | Comprehension)[] = [];
  let rest: ListLiteral['rest'];
  while (!tokens.isOperator(']')) {
    if (tokens.accept('...')) {
      const isBare = tokens.isOperator(']') || tokens.current.kind === 'comma';
      rest = { value: isBare ? undefined : parseExpression(tokens) };
      tokens.acceptComma();
      break;
    }
    elements.push(isComprehension(tokens) ? parseComprehension(tokens) : parseExpression(tokens));
    if (!tokens.acceptComma()) break;
  }
  tokens.expect(']', 'after a list');
  return { kind: 'list', pos, elements, rest };
}
