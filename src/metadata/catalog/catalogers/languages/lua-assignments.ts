/** Assignments of literals in a program of Lua (lua.org/manual, 3.1 to 3.4), read without running it. */
import { AppError } from '../../../../core/index.ts';

/** A text, a table by key or by number from 1, or undefined for what only running would tell. */
export type LuaValue = string | ReadonlyMap<string, LuaValue> | undefined;

const MAX_DEPTH = 64;
/** A name joined to itself over and over doubles each time. */
const MAX_LENGTH = 64 * 1024;

/** Comments, texts in long brackets or quotes, names, numbers, and marks. Brackets are taken to the end where they are not closed. */
const TOKEN =
  /\s+|--\[(=*)\[[\s\S]*?(?:\]\1\]|$)|--[^\n]*|\[(=*)\[\r?\n?([\s\S]*?)(?:\]\2\]|$)|"((?:[^"\\\n]|\\[\s\S])*)"|'((?:[^'\\\n]|\\[\s\S])*)'|([A-Za-z_]\w*)|(\d[\w.]*)|\.\.|[=~<>]=|./gsy;

type Token =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'name' | 'number' | 'mark'; readonly text: string };

/** Of names, local or not, the last value. Throws `invalid-input` for a text or a table that does not end. */
export function readAssignments(program: string, what: string): ReadonlyMap<string, LuaValue> {
  return new Reader(tokenize(program, what), what).assignments();
}

class Reader {
  readonly #tokens: readonly Token[];
  readonly #what: string;
  readonly #names = new Map<string, LuaValue>();
  #at = 0;

  constructor(tokens: readonly Token[], what: string) {
    this.#tokens = tokens;
    this.#what = what;
  }

  assignments(): ReadonlyMap<string, LuaValue> {
    while (this.#at < this.#tokens.length) {
      const token = this.#tokens[this.#at];
      const isAssigned = token?.kind === 'name' && this.#isMark('=', 1);
      this.#at += isAssigned ? 2 : 1;
      if (isAssigned) this.#names.set(token.text, this.#expression(0));
    }
    return this.#names;
  }

  /** What is joined by `..`; anything more and the value is not known. */
  #expression(depth: number): LuaValue {
    let value = this.#operand(depth);
    while (this.#isMark('..')) {
      this.#at += 1;
      const next = this.#operand(depth);
      value = typeof value === 'string' && typeof next === 'string' ? value + next : undefined;
      if (value !== undefined && value.length > MAX_LENGTH)
        throw this.#refuse(`texts of at most ${MAX_LENGTH} characters`);
    }
    return value;
  }

  #operand(depth: number): LuaValue {
    if (depth > MAX_DEPTH) throw this.#refuse(`at most ${MAX_DEPTH} levels of tables`);
    const token = this.#tokens[this.#at];
    if (token === undefined || (token.kind === 'mark' && token.text !== '{')) return undefined;
    this.#at += 1;
    if (token.kind === 'text' || token.kind === 'number') return token.text;
    return token.kind === 'name' ? this.#names.get(token.text) : this.#table(depth + 1);
  }

  #table(depth: number): LuaValue {
    const entries = new Map<string, LuaValue>();
    let count = 0;
    while (!this.#isMark('}')) {
      if (this.#at >= this.#tokens.length) throw this.#refuse('"}" after a table');
      const key = this.#key() ?? String(++count);
      entries.set(key, this.#expression(depth));
      this.#skipTo([',', ';', '}']);
      if (!this.#isMark('}')) this.#at += 1;
    }
    this.#at += 1;
    return entries;
  }

  /** `name =` or `["name"] =`. */
  #key(): string | undefined {
    const [first, second] = [this.#tokens[this.#at], this.#tokens[this.#at + 1]];
    if (first?.kind === 'name' && this.#isMark('=', 1)) {
      this.#at += 2;
      return first.text;
    }
    if (!this.#isMark('[') || !this.#isMark(']', 2) || !this.#isMark('=', 3)) return undefined;
    this.#at += 4;
    return second?.text;
  }

  /** Over what was not understood, brackets as a whole. */
  #skipTo(ends: readonly string[]): void {
    let depth = 0;
    for (; this.#at < this.#tokens.length; this.#at++) {
      const token = this.#tokens[this.#at];
      if (token?.kind !== 'mark') continue;
      if (depth === 0 && ends.includes(token.text)) return;
      if ('({['.includes(token.text)) depth += 1;
      else if (')}]'.includes(token.text)) depth -= 1;
    }
  }

  #isMark(text: string, offset = 0): boolean {
    const token = this.#tokens[this.#at + offset];
    return token?.kind === 'mark' && token.text === text;
  }

  #refuse(expected: string): AppError {
    return new AppError('invalid-input', `${this.#what}: expected ${expected}`);
  }
}

function tokenize(program: string, what: string): readonly Token[] {
  const tokens: Token[] = [];
  for (const [whole, , , long, double, single, name, number] of program.matchAll(TOKEN)) {
    const quoted = double ?? single;
    if (quoted !== undefined) tokens.push({ kind: 'text', text: quoted.replaceAll(/\\([\s\S])/g, '$1') });
    else if (long !== undefined) tokens.push({ kind: 'text', text: long });
    else if (name !== undefined) tokens.push({ kind: 'name', text: name });
    else if (number !== undefined) tokens.push({ kind: 'number', text: number });
    // or each later quote and bracket would be tried again
    else if (whole === '"' || whole === "'")
      throw new AppError('invalid-input', `${what}: expected ${whole} after a text`);
    else if (!/^(?:\s|--)/.test(whole)) tokens.push({ kind: 'mark', text: whole });
  }
  return tokens;
}
