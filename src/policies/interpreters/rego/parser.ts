/** Modules and queries of Rego, v0 and v1: package, imports, rules. Follows the grammar of OPA 1.x. */
import { AppError } from '../../../core/index.ts';
import { isMultiValue, operatorName, termExpr, valueTerm } from './ast.ts';
import type { Comment, Expr, Head, Import, Module, RefTerm, RegoVersion, Rule, Term } from './ast.ts';
import { fault, faultError } from './fault.ts';
import type { Fault, Place } from './fault.ts';
import { Lexer } from './lexer.ts';
import { BodyParser } from './parser-bodies.ts';
import { FUTURE_KEYWORDS } from './parser-terms.ts';
import { copyTerm } from './walk.ts';

/** Ceiling of one module's text: far above any real policy, and it is read in a moment. */
const MAX_SOURCE_CHARS = 1024 * 1024;

const V0_KEYWORDS = 'not package import as default else with null true false some'.split(' ');
const V1_KEYWORDS = [...V0_KEYWORDS, 'if', 'contains', 'in', 'every'];

/** Reads one module. Throws `rego_parse_error` with the place. */
export function parseModule(text: string, file: string, version: RegoVersion): Module {
  return new ModuleParser(text, file, version).parse();
}

/** Reads a query, in the syntax of v1: expressions with `;` or a line break between. */
export function parseQuery(text: string, file: string): Expr[] {
  checkSize(text, file);
  const parser = new BodyParser(new Lexer(text, file), FUTURE_KEYWORDS);
  const body: Expr[] = [];
  while (!parser.isAtEnd()) {
    body.push(parser.parseLiteral());
    if (parser.is(';')) parser.next();
    else if (!parser.isAtEnd() && !parser.token.hasNewlineBefore) parser.illegal('expected \\n or ;');
  }
  if (body.length === 0) parser.fail('found empty body');
  return body;
}

function checkSize(text: string, file: string): void {
  if (text.length <= MAX_SOURCE_CHARS) return;
  throw new AppError(
    'invalid-input',
    `${file}: expected at most ${MAX_SOURCE_CHARS} characters of Rego, found ${text.length}`,
  );
}

class ModuleParser {
  readonly #file: string;
  readonly #lexer: Lexer;
  readonly #parser: BodyParser;
  readonly #version: RegoVersion;
  #isV1: boolean;

  constructor(text: string, file: string, version: RegoVersion) {
    checkSize(text, file);
    this.#file = file;
    this.#version = version;
    this.#isV1 = version === 'v1';
    this.#lexer = new Lexer(text, file);
    this.#parser = new BodyParser(this.#lexer, this.#isV1 ? FUTURE_KEYWORDS : []);
  }

  parse(): Module {
    const parser = this.#parser;
    const { at, kind } = parser.token;
    if (!parser.isWord('package')) parser.fail(kind === 'eof' ? 'empty module' : 'package expected');
    const path = this.#parsePackage();
    const imports: Import[] = [];
    const rules: Rule[] = [];
    while (!parser.isAtEnd()) {
      if (parser.isWord('package') && !parser.forceName()) parser.fail('unexpected package');
      if (parser.isWord('import') && !parser.forceName()) imports.push(this.#parseImport());
      else rules.push(...this.#parseRules());
    }
    const faults = this.#isV1 ? rules.flatMap(checkV1) : [];
    if (faults[0] !== undefined) throw faultError([faults[0], ...faults.slice(1)]);
    const comments: Comment[] = [...this.#lexer.comments.values()].sort((a, b) => a.at.row - b.at.row);
    return { file: this.#file, at, path, imports, rules, isV1: this.#isV1, comments };
  }

  #parsePackage(): string[] {
    const parser = this.#parser;
    parser.next();
    const term = this.#parsePath();
    const [head, ...rest] = term.terms;
    if (head?.kind !== 'var') return parser.fail('expected path', term.at);
    return ['data', head.name, ...rest.map((part) => this.#nameOf(part))];
  }

  #nameOf(part: Term): string {
    if (part.kind === 'value' && typeof part.value === 'string') return part.value;
    return this.#parser.fail(`unexpected ${part.kind} token: expecting string`, part.at);
  }

  /** A reference of the line; keywords may stand at its head. */
  #parsePath(): RefTerm {
    const parser = this.#parser;
    if (parser.token.kind !== 'name') parser.illegal();
    parser.forced = parser.token.start;
    const term = parser.parseTerm();
    if (term.kind === 'ref') return term;
    if (term.kind !== 'var') return parser.fail('expected path', term.at);
    return { kind: 'ref', at: term.at, terms: [term] };
  }

  #parseImport(): Import {
    const parser = this.#parser;
    const { at } = parser.token;
    parser.next();
    const path = this.#parsePath();
    const [head, ...rest] = path.terms;
    const names = rest.map((part) => this.#nameOf(part));
    const root = head?.kind === 'var' ? head.name : '';
    if (!['data', 'input', 'future', 'rego'].includes(root))
      parser.fail(`unexpected import path, must begin with one of: {data, future, input, rego}, got: ${root}`, path.at);
    let alias: string | undefined;
    if (parser.isWord('as')) {
      parser.next();
      if (!parser.isName()) parser.illegal('expected var');
      alias = parser.token.text;
      parser.next();
    }
    if (root === 'rego') this.#importRego(names, alias, path.at);
    else if (root === 'future') this.#importFuture(names, alias, path.at);
    else if (alias === undefined) this.#checkImportName(names.at(-1) ?? root, path.at);
    return { at, path, alias };
  }

  #checkImportName(name: string, at: Place): void {
    const keywords = this.#isV1 ? V1_KEYWORDS : V0_KEYWORDS;
    if (keywords.includes(name))
      this.#parser.fail(`unexpected import path, must not end with a keyword, got: ${name}`, at);
  }

  #importRego(names: readonly string[], alias: string | undefined, at: Place): void {
    if (names.length !== 1 || names[0] !== 'v1') this.#parser.fail('invalid import, must be `rego.v1`', at);
    if (this.#version === 'v1') return;
    if (alias !== undefined) this.#parser.fail('`rego` imports cannot be aliased', at);
    this.#isV1 = true;
    this.#parser.addKeywords(FUTURE_KEYWORDS);
  }

  #importFuture(names: readonly string[], alias: string | undefined, at: Place): void {
    if (names[0] !== 'keywords' || names.length > 2) this.#parser.fail('invalid import, must be `future.keywords`', at);
    if (alias !== undefined) this.#parser.fail('`future` imports cannot be aliased', at);
    const word = names[1];
    if (word !== undefined && !FUTURE_KEYWORDS.includes(word))
      this.#parser.fail(`unexpected keyword, must be one of [${FUTURE_KEYWORDS.join(' ')}]`, at);
    this.#parser.addKeywords(word === undefined ? FUTURE_KEYWORDS : [word]);
  }

  /** One rule with its chained bodies, or an expression that stands for a rule: `x := 1`. */
  #parseRules(): Rule[] {
    const parser = this.#parser;
    const before = parser.save();
    const { at } = parser.token;
    const isDefault = !parser.forceName() && parser.isWord('default');
    if (isDefault) {
      parser.next();
      parser.forceName();
    }
    if (!parser.isName()) return isDefault ? parser.illegal() : [this.#parseBareRule()];
    const head = this.#parseHead(isDefault);
    if (isDefault) return [this.#finishDefault(head, at)];
    const usesContains = head.keywords.has('contains');
    const hasIf = parser.isWord('if');
    if (!usesContains && !hasIf) readAsSet(head);
    if (!hasIf && !parser.is('{')) {
      if (usesContains) return [makeRule(at, head, [termExpr(valueTerm(true, at))], true)];
      parser.restore(before);
      return [this.#parseBareRule()];
    }
    const body = this.#parseRuleBody(head, hasIf);
    const rule = makeRule(at, head, body, false);
    if (parser.isWord('else') && !parser.forceName()) {
      this.#checkElse(head, hasIf);
      rule.otherwise = this.#parseElse(head);
    }
    return [rule, ...this.#parseChained(rule)];
  }

  #parseRuleBody(head: Head, hasIf: boolean): Expr[] {
    const parser = this.#parser;
    if (!hasIf) {
      parser.next();
      return this.#parseBraced();
    }
    head.keywords.add('if');
    parser.next();
    if (!parser.is('{')) return [parser.parseLiteral()];
    // `if {` opens a body, unless it is an object or a comprehension with something behind it
    const before = parser.save();
    const literal = parser.attempt(() => parser.parseLiteral());
    const isSet = literal?.body.kind === 'term' && literal.body.term.kind === 'set';
    if (literal !== undefined && !isSet) return [literal];
    parser.restore(before);
    parser.next();
    return this.#parseBraced();
  }

  #parseBraced(): Expr[] {
    const body = this.#parser.parseBody('}');
    this.#parser.next();
    return body;
  }

  #checkElse(head: Head, hasIf: boolean): void {
    const parser = this.#parser;
    if (head.reference.slice(1).some((term) => term.kind !== 'value') && head.reference.length > 1)
      parser.fail('else keyword cannot be used on rules with variables in head');
    const isKeyed = head.reference.length === 2 && head.args === undefined && !hasIf;
    if (isMultiValue(head) || isKeyed) parser.fail('else keyword cannot be used on multi-value rules');
  }

  #parseElse(head: Head): Rule {
    const parser = this.#parser;
    const { at } = parser.token;
    parser.next();
    const next: Head = { ...copyHead(head), at, value: undefined, isValueGenerated: false, keywords: new Set() };
    if (parser.is('{') || parser.isWord('if')) {
      next.value = valueTerm(true, at);
      next.isValueGenerated = true;
    } else if (parser.is('=') || parser.is(':=')) {
      parser.next();
      next.value = parser.parseInfix(true);
    } else return parser.illegal('expected else value term or rule body');
    const hasIf = parser.isWord('if');
    if (hasIf) {
      next.keywords.add('if');
      parser.next();
    }
    if (!hasIf && !parser.is('{')) return makeRule(at, next, [termExpr(valueTerm(true, at))], true);
    let body: Expr[];
    if (parser.is('{')) {
      parser.next();
      body = this.#parseBraced();
    } else body = [parser.parseLiteral()];
    const rule = makeRule(at, next, body, false);
    if (parser.isWord('else')) rule.otherwise = this.#parseElse(head);
    return rule;
  }

  /** Further bodies of the same head: `p { a } { b }`. */
  #parseChained(first: Rule): Rule[] {
    const parser = this.#parser;
    const rules: Rule[] = [];
    while (parser.is('{')) {
      if (first.otherwise !== undefined) parser.fail('expected else keyword');
      const { at } = parser.token;
      parser.next();
      rules.push(makeRule(at, copyHead(first.head), this.#parseBraced(), false));
    }
    return rules;
  }

  #parseHead(isDefault: boolean): Head {
    const parser = this.#parser;
    const { at } = parser.token;
    const term = this.#parseHeadTerm();
    const [reference, given] =
      term.kind === 'call' ? [term.operator, term.args] : [term.kind === 'ref' ? term.terms : [term], undefined];
    // a function without arguments is a rule
    const args = given?.length === 0 ? undefined : given;
    if (reference[0]?.kind !== 'var') parser.illegal('rule head ref invalid');
    const head: Head = {
      at,
      reference,
      args,
      key: undefined,
      value: undefined,
      isValueGenerated: false,
      keywords: new Set(),
    };
    if (parser.isWord('contains')) {
      if (args !== undefined) parser.illegal('the contains keyword can only be used with multi-value rule definitions');
      parser.next();
      head.key = parser.parseInfix(true);
      head.keywords.add('contains');
    } else if (parser.is('=') || parser.is(':=')) {
      parser.next();
      head.value = parser.parseInfix(true);
    } else {
      if (isDefault) parser.fail('illegal default rule (must have a value)', at);
      head.value = valueTerm(true, at);
      head.isValueGenerated = true;
    }
    return head;
  }

  /** The name of a rule may have spaces before its brackets: `p [x] { ... }`. */
  #parseHeadTerm(): Term {
    const parser = this.#parser;
    const name: Term = { kind: 'var', at: parser.token.at, name: parser.token.text };
    if (name.name === '_') parser.illegal('expected rule head name');
    parser.next();
    if (parser.is('(') || parser.is('.') || parser.is('[')) return parser.parseRef(name);
    return name;
  }

  #finishDefault(head: Head, at: Place): Rule {
    const { value, args } = head;
    if (value === undefined) return this.#parser.fail('illegal default rule (must have a value)', at);
    const found = findDynamic(value);
    if (found !== undefined) this.#parser.fail(`illegal default rule (value cannot contain ${found})`, at);
    const names = new Set<string>();
    for (const arg of args ?? []) {
      if (arg.kind !== 'var') this.#parser.fail(`illegal default rule (arguments cannot contain ${arg.kind})`, at);
      if (arg.kind !== 'var') continue;
      if (names.has(arg.name)) this.#parser.fail(`illegal default rule (arguments cannot be repeated ${arg.name})`, at);
      names.add(arg.name);
    }
    return { ...makeRule(at, head, [termExpr(valueTerm(true, at))], false), isDefault: true };
  }

  /** A rule without a body, written as an expression. */
  #parseBareRule(): Rule {
    const parser = this.#parser;
    const expr = parser.parseLiteral();
    if (parser.is(';')) parser.fail('multiple expressions cannot be used for rule head', expr.at);
    return ruleOfExpr(expr);
  }
}

function makeRule(at: Place, head: Head, body: Expr[], isBodyGenerated: boolean): Rule {
  return { at, head, body, isDefault: false, isBodyGenerated, otherwise: undefined };
}

/** Chained rules and else branches are changed apart from each other by the compiler. */
function copyHead(head: Head): Head {
  const { reference, args, key, value } = head;
  return {
    ...head,
    reference: reference.map(copyTerm),
    args: args?.map(copyTerm),
    key: key && copyTerm(key),
    value: value && copyTerm(value),
  };
}

/** `p[x] { ... }` without `if` is a set in v0. */
function readAsSet(head: Head): void {
  if (head.args !== undefined || head.reference.length !== 2 || !head.isValueGenerated) return;
  head.key = head.reference.pop();
  head.value = undefined;
  head.isValueGenerated = false;
}

function findDynamic(term: Term): string | undefined {
  switch (term.kind) {
    case 'ref':
    case 'var':
    case 'call':
      return term.kind;
    case 'array':
    case 'set':
      return first(term.items);
    case 'object':
      return first(term.entries.flat());
    case 'value':
    case 'comprehension':
    case 'template':
      return undefined;
  }
}

function first(terms: readonly Term[]): string | undefined {
  return terms.map(findDynamic).find((found) => found !== undefined);
}

function ruleOfExpr(expr: Expr): Rule {
  const { at, body } = expr;
  const fail = (message: string): never => {
    throw fault('rego_parse_error', message, at);
  };
  if (expr.withs.length > 0) return fail('expressions using with keyword cannot be used for rule head');
  if (expr.negated) return fail('negated expressions cannot be used for rule head');
  if (body.kind === 'some') return fail("'some' declarations cannot be used for rule head");
  if (body.kind === 'every') return fail('expression cannot be used for rule head');
  const isTrue = [termExpr(valueTerm(true, at))];
  const make = (reference: Term[], args: Term[] | undefined, value: Term | undefined): Rule => {
    if (reference[0]?.kind !== 'var') return fail('invalid rule head');
    const head: Head = {
      at,
      reference,
      args,
      key: undefined,
      value: value ?? valueTerm(true, at),
      isValueGenerated: value === undefined,
      keywords: new Set(),
    };
    return makeRule(at, head, isTrue, true);
  };
  if (body.kind === 'term') {
    if (body.term.kind !== 'ref') return fail(`${body.term.kind} cannot be used for rule name`);
    const rule = make(body.term.terms, undefined, undefined);
    if (body.term.terms.length === 1) return fail('refs cannot be used for rule head');
    readAsSet(rule.head);
    return rule;
  }
  const name = operatorName(body.operator);
  if (name !== 'eq' && name !== 'assign') return ruleOfCall(body.operator, body.args, make, fail);
  const [left, right] = body.args;
  if (left === undefined || right === undefined) return fail('assignment requires two operands');
  if (left.kind === 'call') return make(left.operator, left.args.length === 0 ? undefined : left.args, right);
  if (left.kind === 'ref') return make(left.terms, undefined, right);
  return left.kind === 'var' ? make([left], undefined, right) : fail(`${left.kind} cannot be used for rule name`);
}

function ruleOfCall(
  operator: Term[],
  args: Term[],
  make: (reference: Term[], args: Term[], value: undefined) => Rule,
  fail: (message: string) => never,
): Rule {
  const name = operatorName(operator) ?? '';
  if (INFIX.has(name)) return fail('rule name conflicts with built-in function');
  if (args.length === 0) return fail('rule argument list must take at least one argument');
  return make(operator, args, undefined);
}

/** Functions that infix operators stand for: an expression of one is no rule. */
const INFIX: ReadonlySet<string> = new Set(
  'equal neq lt gt lte gte or and plus minus mul div rem internal.member_2 internal.member_3'.split(' '),
);

/** What v1 asks of a rule beyond v0. */
function checkV1(rule: Rule): Fault[] {
  const faults: Fault[] = [];
  for (let at: Rule | undefined = rule; at !== undefined; at = at.otherwise) {
    const { head } = at;
    const kind = head.args === undefined ? 'rule' : 'function';
    const add = (message: string) => faults.push({ code: 'rego_parse_error', message, at: rule.at });
    const name = head.reference[0]?.kind === 'var' ? head.reference[0].name : '';
    if (head.reference.length < 2 && V1_KEYWORDS.includes(name)) add(`${name} keyword cannot be used for rule name`);
    if (at.isBodyGenerated && head.isValueGenerated) add(`${kind} must have value assignment and/or body declaration`);
    if (!at.isBodyGenerated && !head.keywords.has('if') && !at.isDefault)
      add(`\`if\` keyword is required before ${kind} body`);
    if (isMultiValue(head) && !head.keywords.has('contains'))
      add('`contains` keyword is required for partial set rules');
  }
  return faults;
}
