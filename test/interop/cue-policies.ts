/**
 * Generated CUE policies, each with a document that was made to satisfy it and then, half of the time, changed in one place. The
 * generator takes its decisions from a list of numbers, so that fast-check shrinks them. Required fields are scalars that nothing refers to: of
 * those that are absent the library of CUE reports some errors, and some not, by the order in which it comes to them.
 */
import fc from 'fast-check';

/** JSON whose scalars are text as written, so that 1 and 1.0 stay apart. */
type Sample = string | readonly Sample[] | { readonly [key: string]: Sample };

interface Constraint {
  readonly text: string;
  readonly sample: Sample;
}

export interface GeneratedCase {
  readonly policy: string;
  readonly input: string;
}

const NAMES = ['a', 'b', 'c', 'd', 'kind', 'items'];
const WORDS = ['x', 'y', 'abc', 'v1.2', 'https://example.com/a', ''];
const PACKAGES = ['strings', 'list', 'struct', 'time', 'regexp'];

export const cueCase: fc.Arbitrary<GeneratedCase> = fc
  .array(fc.nat({ max: 9999 }), { minLength: 20, maxLength: 200, size: 'max' })
  .map((decisions) => new Generator(decisions).generate());

class Generator {
  private at = 0;
  private readonly decisions: readonly number[];
  private readonly definitions: Constraint[] = [];

  constructor(decisions: readonly number[]) {
    this.decisions = decisions;
  }

  generate(): GeneratedCase {
    const definitions = this.below(4);
    const lines: string[] = [];
    for (let index = 0; index < definitions; index += 1) {
      const definition = this.struct(2);
      lines.push(`#D${index}: ${definition.text}`);
      this.definitions.push(definition);
    }
    const body = this.struct(3, true);
    const text = `${lines.join('\n')}\n${body.text}\n`;
    const imports = PACKAGES.filter((name) => new RegExp(`\\b${name}\\.`).test(text.replaceAll(/"[^"]*"/g, '')));
    const policy = imports.map((name) => `import "${name}"\n`).join('') + text;
    const sample = this.chance(50) ? this.mutate(body.sample) : body.sample;
    return { policy, input: write(sample) };
  }

  private next(): number {
    const value = this.decisions[this.at % this.decisions.length] ?? 0;
    this.at += 1;
    // The list is gone through again with other decisions.
    return value + Math.floor(this.at / this.decisions.length) * 7;
  }

  private below(limit: number): number {
    return this.next() % limit;
  }

  private chance(percent: number): boolean {
    return this.below(100) < percent;
  }

  private pick<T>(values: readonly T[]): T {
    const value = values[this.below(values.length)];
    if (value === undefined) throw new Error('expected something to pick from');
    return value;
  }

  private constraint(depth: number): Constraint {
    const roll = this.below(100);
    if (depth <= 0 || roll < 40) return this.scalar();
    if (roll < 52) return this.struct(depth - 1);
    if (roll < 62) return this.list(depth - 1);
    if (roll < 72) return this.disjunction(depth - 1);
    if (roll < 80) return this.conjunction(depth - 1);
    if (roll < 92 && this.definitions.length > 0) return this.definition(depth - 1);
    return this.validator(depth - 1);
  }

  private scalar(): Constraint {
    return this.pick([
      () => this.number(),
      () => this.number(),
      () => this.string(),
      () => this.string(),
      () => this.other(),
    ])();
  }

  private number(): Constraint {
    const n = this.below(20);
    return this.pick<Constraint>([
      { text: `${n}`, sample: `${n}` },
      { text: 'int', sample: `${n}` },
      { text: 'number', sample: this.chance(50) ? `${n}` : `${n}.5` },
      { text: 'float', sample: `${n}.5` },
      { text: `${n}.5`, sample: `${n}.5` },
      { text: `>=${n}`, sample: `${n + this.below(3)}` },
      { text: `>${n} & <=${n + 5}`, sample: `${n + 1 + this.below(5)}` },
      { text: `<${n + 1} & int`, sample: `${n - this.below(3)}` },
      { text: `!=${n}`, sample: `${n + 1}` },
      { text: 'uint8', sample: `${n * 10}` },
      { text: `int & >${n}.5 & <${n + 3}`, sample: `${n + 1}` },
      { text: `${n} + ${this.below(9)} * 2 - 1`, sample: `${n}` },
      { text: `div(${n + 7}, 3)`, sample: `${Math.floor((n + 7) / 3)}` },
      { text: `mod(-${n + 7}, 3)`, sample: `${(3 - ((n + 7) % 3)) % 3}` },
      { text: `${n} / 2`, sample: `${n / 2}${n % 2 === 0 ? '.0' : ''}` },
    ]);
  }

  private string(): Constraint {
    const word = this.pick(WORDS);
    const quoted = JSON.stringify(word);
    const time = '2024-05-06T07:08:09Z';
    return this.pick<Constraint>([
      { text: quoted, sample: quoted },
      { text: 'string', sample: quoted },
      { text: `=~"^${word.slice(0, 1)}"`, sample: quoted },
      { text: `!~"^z"`, sample: quoted },
      { text: `!=${JSON.stringify(`${word}q`)}`, sample: quoted },
      { text: `>="a"`, sample: '"abc"' },
      { text: `strings.MinRunes(${word.length})`, sample: quoted },
      { text: `strings.MaxRunes(${word.length})`, sample: quoted },
      { text: `strings.HasPrefix("${word.slice(0, 2)}")`, sample: quoted },
      { text: 'time.Time', sample: `"${time}"` },
      { text: `<time.Parse(time.RFC3339, "2025-01-01T00:00:00+01:00")`, sample: `"${time}"` },
      { text: `strings.ToUpper("${word}")`, sample: JSON.stringify(word.toUpperCase()) },
      { text: `"\\(${this.below(5)})-${word}"`, sample: `"1-${word}"` },
      { text: `#"${word}"#`, sample: quoted },
    ]);
  }

  private other(): Constraint {
    return this.pick<Constraint>([
      { text: 'true', sample: 'true' },
      { text: 'bool', sample: this.chance(50) ? 'true' : 'false' },
      { text: 'null', sample: 'null' },
      { text: '!=null', sample: '1' },
      { text: '_', sample: '"anything"' },
      { text: 'null | string', sample: 'null' },
      { text: '1 < 2', sample: 'true' },
      { text: '!true || "a" == "a"', sample: 'true' },
    ]);
  }

  private list(depth: number): Constraint {
    const first = this.constraint(depth);
    const second = this.constraint(depth);
    return this.pick<Constraint>([
      { text: `[...${first.text}]`, sample: this.chance(20) ? [] : [first.sample, first.sample] },
      { text: `[${first.text}, ${second.text}]`, sample: [first.sample, second.sample] },
      { text: `[${first.text}, ...]`, sample: [first.sample, second.sample] },
      { text: `[${first.text}, ...${second.text}]`, sample: [first.sample, second.sample, second.sample] },
      { text: `[...] & [${first.text}]`, sample: [first.sample] },
      { text: `[for x in [1, 2, 3] if x > 1 {x * 2}]`, sample: ['4', '6'] },
      { text: `list.MaxItems(2) & [...${first.text}]`, sample: [first.sample] },
      { text: `list.MinItems(1)`, sample: [first.sample] },
      { text: `list.UniqueItems()`, sample: ['1', '2'] },
      { text: `list.Concat([[1], ["x"]])`, sample: ['1', '"x"'] },
    ]);
  }

  private disjunction(depth: number): Constraint {
    const first = this.constraint(depth);
    const second = this.constraint(depth);
    const word = this.pick(NAMES);
    const chosen = this.chance(50) ? first : second;
    const text = this.pick([
      `${paren(first)} | ${paren(second)}`,
      `*${paren(first)} | ${paren(second)}`,
      `${paren(first)} | *${paren(second)}`,
      `or([${first.text}, ${second.text}])`,
      `(${paren(first)} | ${paren(second)}) & (${paren(second)} | ${paren(first)} | null)`,
      `{kind: "p", ${word}x?: ${first.text}} | {kind: "q", ${word}y?: ${second.text}}`,
    ]);
    if (!text.startsWith('{kind')) return { text, sample: chosen.sample };
    const sample = this.chance(50)
      ? { kind: '"p"', [`${word}x`]: first.sample }
      : { kind: '"q"', [`${word}y`]: second.sample };
    return { text, sample };
  }

  private conjunction(depth: number): Constraint {
    const first = this.constraint(depth);
    return this.pick<Constraint>([
      { text: `${paren(first)} & _`, sample: first.sample },
      { text: `${paren(first)} & ${paren(first)}`, sample: first.sample },
      { text: `and([${first.text}])`, sample: first.sample },
      { text: `{${first.text}}`, sample: first.sample },
    ]);
  }

  private definition(depth: number): Constraint {
    const index = this.below(this.definitions.length);
    const definition = this.definitions[index];
    if (definition === undefined || typeof definition.sample === 'string' || Array.isArray(definition.sample)) {
      return this.scalar();
    }
    const { sample } = definition;
    const name = `${this.pick(NAMES)}${this.chance(30) ? '' : 'z'}`;
    const more = this.constraint(depth);
    const field = { ...(sample as Record<string, Sample>), [name]: more.sample };
    return this.pick<Constraint>([
      { text: `#D${index}`, sample },
      { text: `#D${index}`, sample },
      { text: `#D${index} & {...}`, sample },
      { text: `{#D${index}, ${name}: ${more.text}}`, sample: field },
      { text: `{#D${index}}`, sample },
      { text: `#D${index} & {${name}?: ${more.text}}`, sample },
      { text: `[...#D${index}]`, sample: [sample] },
      { text: `#D${index} | null`, sample: this.chance(30) ? 'null' : sample },
      { text: `{[string]: #D${index}}`, sample: { p: sample, q: sample } },
    ]);
  }

  private validator(depth: number): Constraint {
    const inner = this.struct(depth);
    return this.pick<Constraint>([
      { text: `close(${inner.text})`, sample: inner.sample },
      { text: `struct.MaxFields(3)`, sample: { p: '1' } },
      { text: `struct.MinFields(1) & ${inner.text}`, sample: inner.sample },
      { text: `struct.MinFields(1) & struct.MaxFields(2)`, sample: { p: '1', q: '2' } },
      { text: `{[=~"^p"]: int, ...}`, sample: { p: '1', pq: '2', r: '"x"' } },
      { text: `{[string]: ${this.scalar().text}}`, sample: {} },
      { text: `{[X=string]: name: X}`, sample: { p: { name: '"p"' } } },
    ]);
  }

  /** Fields of a struct, some of which look at others. */
  private struct(depth: number, isTop = false): Constraint {
    const count = 1 + this.below(isTop ? 5 : 4);
    const lines: string[] = [];
    const sample: Record<string, Sample> = {};
    const names: string[] = [];
    const named: string[] = [];
    for (let index = 0; index < count; index += 1) {
      const name = this.pick(NAMES);
      if (names.includes(name)) continue;
      names.push(name);
      const mark = this.pick(['', '', '', '?', '!']);
      const { text, sample: value } = mark === '!' ? this.scalar() : this.constraint(depth);
      // A quoted label is no name that an expression could mean.
      const label = this.chance(10) ? JSON.stringify(`${name}-q`) : name;
      if (mark !== '!' && label === name) named.push(name);
      lines.push(`${label}${mark}: ${text}`);
      if (mark !== '?' || this.chance(60)) sample[label.startsWith('"') ? `${name}-q` : name] = value;
      else this.next();
    }
    const extra = named.length === 0 ? undefined : this.extra(named, sample, depth);
    if (extra !== undefined) lines.push(extra);
    if (isTop) return { text: lines.join('\n'), sample };
    return { text: `{${lines.join(', ')}}`, sample };
  }

  private extra(names: readonly string[], sample: Record<string, Sample>, depth: number): string | undefined {
    const name = this.pick(names);
    const more = depth > 0 ? this.constraint(depth - 1) : this.scalar();
    const kept = sample[name];
    const set = (key: string, value: Sample | undefined): void => {
      if (value !== undefined) sample[key] = value;
    };
    switch (this.below(22)) {
      case 0:
        return '...';
      case 1:
        set('same', kept);
        return `same: ${name}`;
      case 2:
        return `_h: ${more.text}`;
      case 3:
        set('hid', more.sample);
        return `_h: ${more.text}, hid: _h`;
      case 4:
        set('lets', more.sample);
        return `let L = ${more.text}, lets: L`;
      case 5:
        set('cond', more.sample);
        return `if ${name} != _|_ {cond: ${more.text}}`;
      case 6:
        return `if ${name} == _|_ {none: ${more.text}}`;
      case 7:
        set('more', more.sample);
        return `if len([1, 2]) > 1 {more: ${more.text}}`;
      case 8:
        set('p1', '1');
        return 'for k, v in {p: 1} {"\\(k)1": v}';
      case 9:
        set('plus', typeof kept === 'string' && /^\d+$/.test(kept) ? `${Number(kept) + 1}` : undefined);
        return `plus: ${name} + 1`;
      case 10:
        set('text', typeof kept === 'string' && kept.startsWith('"') ? `"<${kept.slice(1, -1)}>"` : undefined);
        return `text: "<\\(${name})>"`;
      case 11:
        return `#N: ${more.text}, n?: #N`;
      case 12:
        set('open', more.sample);
        return `{open: ${more.text}}`;
      case 13:
        set('size', Array.isArray(kept) ? `${kept.length}` : undefined);
        return `size: len(${name})`;
      case 14:
        set('sum', '3');
        return 'sum: {l: 1, r: 2, s: l + r}.s';
      case 15:
        return `if (${name} & string) != _|_ {str?: ${more.text}}`;
      case 16:
        set('dflt', '2');
        return 'dflt: *1 | int';
      case 17:
        set('both', kept);
        // The library sees a definition embedded beside a reference to it by their order.
        return `both: ${name} & ${more.text.includes('{#D') ? '_' : paren(more)}`;
      case 18:
        set('each', Array.isArray(kept) ? kept.map((value: Sample) => ({ v: value })) : undefined);
        // Whether what comes from a definition stays closed in an embedding depends in the library on whether it shares structure.
        return `each: [for e in ${name} {v: e}]`;
      case 19:
        set('sel', kept);
        return `sel: {in: ${name}, out: in}.out`;
      default:
        return undefined;
    }
  }

  /** The same document but for one place. */
  private mutate(sample: Sample): Sample {
    if (typeof sample === 'string' || this.chance(15)) {
      return this.pick<Sample>([
        '7',
        '"zzz"',
        'null',
        'true',
        '3.5',
        '-1',
        {},
        [],
        { p: '1' },
        ['1', '"x"', '2'],
        '300',
        '1.0',
      ]);
    }
    if (Array.isArray(sample)) {
      if (sample.length === 0 || this.chance(30))
        return [...(sample as readonly Sample[]), this.pick(['1', '"x"', {}])];
      const at = this.below(sample.length);
      if (this.chance(20)) return sample.toSpliced(at, 1);
      return (sample as readonly Sample[]).map((value, index) => (index === at ? this.mutate(value) : value));
    }
    const fields = sample as Record<string, Sample>;
    const keys = Object.keys(fields);
    if (keys.length === 0 || this.chance(20))
      return { ...fields, [this.pick(['a', 'b', 'zz', 'p'])]: this.pick(['1', '"x"', {}]) };
    const key = this.pick(keys);
    if (this.chance(15)) return Object.fromEntries(Object.entries(fields).filter(([name]) => name !== key));
    return { ...fields, [key]: this.mutate(fields[key] ?? 'null') };
  }
}

function paren({ text }: Constraint): string {
  return /[|&+\-*/<>=! ]/.test(text) && !/^[[{"]/.test(text) ? `(${text})` : text;
}

function write(sample: Sample): string {
  if (typeof sample === 'string') return sample;
  if (Array.isArray(sample)) return `[${sample.map(write).join(',')}]`;
  const fields = Object.entries(sample).map(([key, value]) => `${JSON.stringify(key)}:${write(value)}`);
  return `{${fields.join(',')}}`;
}
