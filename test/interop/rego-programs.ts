/**
 * Programs of Rego and inputs for them, made by a grammar that knows what is in scope: most compile and many of their values are defined,
 * some meet unbound names, recursion and conflicts on purpose.
 */
import fc from 'fast-check';

export interface GeneratedProgram {
  readonly version: 'v0' | 'v1';
  /** What follows the package line. */
  readonly rules: string;
  readonly input: unknown;
  readonly isStrict: boolean;
}

/** Base documents under `data.d`. */
export const BASE_DATA = {
  n: 3,
  list: [1, 'a', { k: 'v' }, [2], null],
  map: { a: { k: 1, l: [1, 2] }, b: { k: 2 }, c: 'a' },
  names: ['a', 'b', 'c'],
};

const SCALARS = [
  '0',
  '1',
  '2',
  '3',
  '-1',
  '1.5',
  '0.1',
  '10',
  '"a"',
  '"b"',
  '"c"',
  '"k"',
  '""',
  'true',
  'false',
  'null',
];
const ROOTS = [
  'input.a',
  'input.n',
  'input.list',
  'input.list',
  'input.map',
  'input.map',
  'input',
  'data.d.map',
  'data.d.list',
  'data.d.names',
  'data.d',
];
const STEPS = ['.a', '.k', '.l', '.map', '.list', '[0]', '[1]', '["a"]', '["b"]'];
const BINARY = ['+', '-', '*', '/', '%', '==', '!=', '<', '<=', '>', '>=', '|', '&'];
const COMPARE = ['==', '==', '!=', '<', '>', '='];
/** `%` is an operand. */
const CALLS = [
  'count(%)',
  'count(%)',
  'sum(%)',
  'max(%)',
  'min(%)',
  'sort(%)',
  'type_name(%)',
  'is_number(%)',
  'is_string(%)',
  'to_number(%)',
  'upper(%)',
  'abs(%)',
  'round(%)',
  'ceil(%)',
  'floor(%)',
  'json.marshal(%)',
  'object.keys(%)',
  'array.reverse(%)',
  'product(%)',
  'trim_space(%)',
  'concat(",", %)',
  'contains(%, "a")',
  'startswith(%, %)',
  'split(%, "b")',
  'replace(%, "a", "b")',
  'indexof(%, "a")',
  'substring(%, 0, 1)',
  'sprintf("<v> <v>", [%, %])',
  'sprintf("<d> <s> <5d>", [%, %, %])',
  'object.get(%, "a", %)',
  'array.concat(%, %)',
  'array.slice(%, 0, 2)',
  'object.union(%, %)',
  'object.remove(%, ["a"])',
  'object.filter(%, ["a", "k"])',
  'numbers.range(%, 4)',
  'regex.match("^[a-c]+$", %)',
  'format_int(%, 2)',
  'json.unmarshal(json.marshal(%))',
  'glob.match("a*", [], %)',
  'bits.and(%, 3)',
  'f(%)',
  'g(%, [%, %])',
  'strings.replace_n({"a": "b"}, %)',
  'base64.encode(%)',
  'object.subset(%, %)',
  'json.filter(%, ["a/k"])',
  'json.remove(%, ["a/k"])',
  'json.patch(%, [{"op": "add", "path": "/z", "value": %}])',
  'graph.reachable(%, {"a"})',
  'union({%, %})',
  'intersection({%, %})',
  'array.flatten(%)',
  'trim(%, "a")',
  'strings.count(%, "a")',
  'object.union_n([%, %])',
  'yaml.unmarshal(yaml.marshal(%))',
  'urlquery.encode(%)',
];

/** Numbers from a seed (mulberry32). */
function randomOf(seed: number): (below: number) => number {
  let state = seed | 0;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

/** Which rules a rule may look at: those behind it, so that there is no recursion, save for now and then. */
const RULES = ['r0', 'r1', 'r2', 'r3', 'r4'];

class Maker {
  readonly #random: (below: number) => number;
  #fresh = 0;
  /** Variables that are bound here. */
  #scope: string[] = [];
  #rule = 0;
  #depth = 0;

  constructor(seed: number) {
    this.#random = randomOf(seed);
  }

  #pick<T>(items: readonly T[]): T {
    return items[this.#random(items.length)] as T;
  }

  #chance(percent: number): boolean {
    return this.#random(100) < percent;
  }

  #times(most: number, make: () => string): string[] {
    return Array.from({ length: this.#random(most + 1) }, make);
  }

  #newVar(): string {
    this.#fresh += 1;
    const name = `v${this.#fresh}`;
    this.#scope.push(name);
    return name;
  }

  #oldVar(): string {
    if (this.#chance(1)) return 'unbound';
    return this.#scope.length === 0 ? 'input.n' : this.#pick(this.#scope);
  }

  #otherRule(): string {
    if (this.#chance(1)) return this.#pick(RULES);
    const behind = RULES.slice(this.#rule + 1);
    return behind.length === 0 ? 'input.map' : this.#pick(behind);
  }

  /** Names that are bound within are forgotten behind. */
  #inner<T>(make: () => T): T {
    const before = this.#scope;
    this.#scope = [...before];
    this.#depth += 1;
    try {
      return make();
    } finally {
      this.#scope = before;
      this.#depth -= 1;
    }
  }

  #ref(): string {
    const head = this.#chance(25) ? this.#oldVar() : this.#chance(20) ? this.#otherRule() : this.#pick(ROOTS);
    const steps = this.#times(2, () => {
      if (this.#chance(12)) return '[_]';
      return this.#chance(10) ? `[${this.#oldVar()}]` : this.#pick(STEPS);
    });
    return head + steps.join('');
  }

  #term(): string {
    if (this.#depth > 3) return this.#chance(50) ? this.#pick(SCALARS) : this.#ref();
    return this.#inner(() => {
      const kind = this.#random(20);
      if (kind < 3) return this.#pick(SCALARS);
      if (kind < 9) return this.#ref();
      if (kind < 11) return this.#oldVar();
      if (kind < 13) return `(${this.#ref()} ${this.#pick(BINARY)} ${this.#chance(50) ? this.#ref() : this.#oldVar()})`;
      if (kind < 16) return this.#call();
      if (kind < 18) return this.#collection();
      return this.#comprehension();
    });
  }

  #call(): string {
    return this.#pick(CALLS)
      .replaceAll('%', () => (this.#chance(75) ? this.#ref() : this.#term()))
      .replaceAll(/<(\w+)>/g, '%$1');
  }

  #collection(): string {
    const items = this.#times(3, () => this.#term());
    const kind = this.#random(3);
    if (kind === 0) return `[${items.join(', ')}]`;
    if (kind === 1 && items.length > 0) return `{${items.join(', ')}}`;
    return `{${items.map((item, i) => `"${'abk'[i] ?? 'z'}": ${item}`).join(', ')}}`;
  }

  #comprehension(): string {
    return this.#inner(() => {
      const body = this.body();
      const head = this.#term();
      const kind = this.#random(3);
      if (kind === 0) return `[${head} | ${body}]`;
      return kind === 1 ? `{${head} | ${body}}` : `{${this.#oldVar()}: ${head} | ${body}}`;
    });
  }

  #binder(): string {
    const ref = this.#ref();
    switch (this.#random(8)) {
      case 0:
      case 1:
        return `some ${this.#newVar()} in ${ref}`;
      case 2:
      case 3:
        return `some ${this.#newVar()}, ${this.#newVar()} in ${ref}`;
      case 4:
        return `${this.#newVar()} = ${ref}`;
      case 5:
        return this.#pick([`[${this.#newVar()}, ${this.#newVar()}] = ${ref}`, `{"k": ${this.#newVar()}} = ${ref}[_]`]);
      default: {
        const value = this.#term();
        return `${this.#newVar()} := ${value}`;
      }
    }
  }

  #literal(): string {
    const ref = this.#ref();
    switch (this.#random(12)) {
      case 0:
      case 1:
      case 2:
        return `${ref} ${this.#pick(COMPARE)} ${this.#term()}`;
      case 3:
        return ref;
      case 4:
        return `not ${ref}`;
      case 5:
        return `not ${ref} ${this.#pick(COMPARE)} ${this.#term()}`;
      case 6:
        return `${this.#term()} in ${ref}`;
      case 7:
        return this.#inner(() => `every ${this.#newVar()} in ${ref} { ${this.#depth > 3 ? 'true' : this.#literal()} }`);
      case 8:
        return `${this.#otherRule()} with input as ${this.#term()}`;
      case 9:
        return `${this.#otherRule()} == ${this.#oldVar()} with input.${this.#pick(['a', 'n', 'list'])} as ${this.#term()}`;
      case 10:
        return `${this.#otherRule()} with data.d.${this.#pick(['map', 'list', 'new'])} as ${this.#term()}`;
      default:
        return this.#pick([
          `f(${ref}) == ${this.#oldVar()} with f as h`,
          `count(${ref}) >= 0 with count as ${this.#pick(SCALARS)}`,
        ]);
    }
  }

  body(): string {
    const parts = [...this.#times(2, () => this.#binder()), ...this.#times(2, () => this.#literal())];
    if (this.#chance(20)) parts.reverse();
    return parts.length === 0 ? 'true' : parts.join('; ');
  }

  /** Rules of one name are of one kind, save for now and then. */
  rule(index: number): string {
    this.#rule = index;
    return this.#inner(() => {
      const name = RULES[index] ?? 'r0';
      const body = this.body();
      const kind = this.#chance(2) ? this.#random(6) : index;
      const key = this.#oldVar();
      if (kind === 1) return `${name} contains ${this.#term()} if { ${body} }`;
      if (kind === 2) return `${name}[${key}] := ${this.#term()} if { ${body} }`;
      if (kind === 3)
        return this.#pick([
          `${name}.a[${key}] := ${this.#term()} if { ${body} }`,
          `${name}[${key}].b := ${this.#term()} if { ${body} }`,
          `${name}.c.d := ${this.#term()} if { ${body} }`,
        ]);
      if (kind === 4) return `${name}[${key}] contains ${this.#term()} if { ${body} }`;
      const otherwise = this.#chance(20) ? ` else := ${this.#inner(() => this.#term())}` : '';
      // such rules are found by an index
      const guard = this.#chance(60) ? `input.n == ${this.#pick(['1', '2', '"x"'])}; ` : '';
      return `${name} := ${this.#chance(50) ? this.#pick(SCALARS) : this.#term()} if { ${guard}${body} }${otherwise}`;
    });
  }

  functions(): string {
    const make = (names: string[], text: () => string): string => {
      this.#rule = RULES.length;
      this.#scope = names;
      return text();
    };
    const fallback = this.#chance(30) ? `default r0 := ${this.#pick(SCALARS)}\n` : '';
    // a function must not call itself, so its parts hold no calls
    return `${fallback}${make(['x'], () => `f(x) := ${this.#ref()} if { ${this.#ref()} == x }`)}
f(x) := y if { y := ${this.#pick(['x', '[x]', '{"k": x}', '1'])} }
g(x, [y, z]) := [z, y, x] if { ${make(['x', 'y', 'z'], () => `${this.#ref()} != x`)} } else := 0
h(_) := "mock"`;
  }

  program(): string {
    const rules = RULES.flatMap((_, index) => (this.#chance(55) ? this.#times(2, () => this.rule(index)) : []));
    const present = new Set(rules.map((text) => text.slice(0, 2)));
    // rules that others look at but that were not made
    const missing = RULES.filter((name) => !present.has(name)).map(
      (name) => `${name} := ${this.#pick(['input.map', 'input.list', '1'])}`,
    );
    return [...rules, ...missing, this.functions()].join('\n');
  }
}

/** The same text for v0: no `if`, and sets by their key. */
function toV0(rules: string): string {
  const text = rules.replaceAll(' if { ', ' { ').replaceAll(/^(r\d) contains (v\d+) \{/gm, '$1[$2] {');
  return `import future.keywords.in\nimport future.keywords.every\nimport future.keywords.contains\n${text}`;
}

const json = fc.letrec<{ readonly value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom<unknown>(0, 1, 2, 3, 1.5, 'a', 'b', 'c', 'abc', '', true, false, null),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom('a', 'b', 'k', 'l', 'n'), tie('value'), { maxKeys: 3 }),
  ),
})).value;

const input = fc.record({
  a: json,
  list: fc.array(json, { maxLength: 4 }),
  map: fc.dictionary(fc.constantFrom('a', 'b', 'k'), json, { maxKeys: 3 }),
  n: fc.constantFrom<unknown>(1, 2, 'x'),
});

export const program: fc.Arbitrary<GeneratedProgram> = fc
  .tuple(fc.integer(), fc.constantFrom<'v0' | 'v1'>('v0', 'v1', 'v1'), input, fc.constantFrom(false, false, true))
  .map(([seed, version, document, isStrict]) => {
    const rules = new Maker(seed).program();
    return { version, rules: version === 'v0' ? toV0(rules) : rules, input: document, isStrict };
  });
