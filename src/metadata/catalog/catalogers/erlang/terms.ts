/**
 * Terms of Erlang and Elixir as their tools write them to files: tuples, lists, maps, binaries, texts, atoms, numbers, keywords.
 * Nothing is evaluated; texts, binaries and atoms are all the same here.
 */
import { AppError } from '../../../../core/index.ts';

export type Term = string | List;

export interface List {
  readonly kind: 'tuple' | 'list' | 'map';
  readonly items: readonly Term[];
}

/** Lock files nest below 10 levels. */
const MAX_DEPTH = 64;

/** Comments of either language; all that is not told apart below is a mark of one character. */
const TOKEN =
  /\s+|[%#](?!\{)[^\n]*|<<\s*"((?:[^"\\]|\\.)*)"(?:\/utf8)?\s*>>|"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|[%#]\{|=>|:?([A-Za-z_][\w@]*[?!]?)|([+-]?\d[\w.+-]*)|./gsy;

type Token = { readonly value: string } | { readonly mark: string };

/** All terms of a file, with or without a dot after each. Throws `invalid-input`. */
export function parseTerms(text: string, what: string): readonly Term[] {
  const tokens = tokenize(text, what);
  const terms: Term[] = [];
  let at = 0;
  const refuse = (expected: string) =>
    new AppError('invalid-input', `${what}: expected ${expected}, found ${JSON.stringify(tokens[at] ?? 'the end')}`);

  function term(depth: number): Term {
    const token = tokens[at++];
    if (depth > MAX_DEPTH) throw refuse(`at most ${MAX_DEPTH} levels`);
    if (token !== undefined && 'value' in token) return token.value;
    if (token?.mark === '{') return { kind: 'tuple', items: until('}', depth) };
    if (token?.mark === '[') return { kind: 'list', items: until(']', depth) };
    if (token?.mark === '%{') return { kind: 'map', items: until('}', depth) };
    at -= 1;
    throw refuse('a term');
  }

  /** Keywords and pairs of maps become tuples of two. */
  function until(end: string, depth: number): readonly Term[] {
    const items: Term[] = [];
    while (!isMark(end)) {
      const item = term(depth + 1);
      const isPair = isMark(':') || isMark('=>');
      if (isPair) at += 1;
      items.push(isPair ? { kind: 'tuple', items: [item, term(depth + 1)] } : item);
      if (isMark(',')) at += 1;
      else if (!isMark(end)) throw refuse(`"," or "${end}"`);
    }
    at += 1;
    return items;
  }

  function isMark(mark: string): boolean {
    const token = tokens[at];
    return token !== undefined && 'mark' in token && token.mark === mark;
  }

  while (at < tokens.length) {
    terms.push(term(0));
    if (isMark('.')) at += 1;
  }
  return terms;
}

function tokenize(text: string, what: string): readonly Token[] {
  const tokens: Token[] = [];
  for (const [whole, ...values] of text.matchAll(TOKEN)) {
    const value = values.find((one) => one !== undefined);
    // or each later quote would be tried again
    if (whole === '"' || whole === "'")
      throw new AppError('invalid-input', `${what}: expected ${whole} after a text, found the end`);
    if (value !== undefined) tokens.push({ value: value.replaceAll(/\\(.)/gs, '$1') });
    else if (!/^(?:\s|[%#](?!\{))/.test(whole)) tokens.push({ mark: whole.replace('#{', '%{') });
  }
  return tokens;
}

export function itemsOf(term: Term | undefined, kind: List['kind']): readonly Term[] {
  return term !== undefined && typeof term !== 'string' && term.kind === kind ? term.items : [];
}

export function textOf(term: Term | undefined): string | undefined {
  return typeof term === 'string' ? term : undefined;
}

/** Of a list of pairs, the value for a key. */
export function valueOf(terms: readonly Term[], key: string): Term | undefined {
  return itemsOf(
    terms.find((term) => itemsOf(term, 'tuple')[0] === key),
    'tuple',
  )[1];
}
