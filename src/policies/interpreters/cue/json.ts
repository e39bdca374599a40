/** JSON documents as CUE reads them: numbers keep their kind and all their digits, a key may come twice where its values unify. */
import { AppError } from '../../../core/index.ts';
import { regularLabel } from './ast.ts';
import { parseNumber } from './literals.ts';
import { boolOf, KIND, NULL, stringOf } from './values.ts';
import type { Scalar, Value } from './values.ts';
import { NO_PROVENANCE, Vertex } from './vertex.ts';
import type { Conjunct } from './vertex.ts';

/** Ceiling of structs and lists within each other. */
const MAX_DEPTH = 100;
/** Ceiling of a document's text: above any attestation, below what harms. */
const MAX_CHARS = 16 * 1024 * 1024;

/** Throws `invalid-input`. */
export function readJson(name: string, text: string): Vertex {
  if (text.length > MAX_CHARS) {
    throw new AppError(
      'invalid-input',
      `${name}: expected at most ${MAX_CHARS} characters of JSON, found ${text.length}`,
    );
  }
  const reader = new Reader(name, text);
  const value = reader.readDocument();
  return value.kind === 'vertex' ? value : scalarVertex(value);
}

function scalarVertex(value: Value): Vertex {
  const vertex = new Vertex(undefined, '', false);
  vertex.conjuncts.push({ value, pos: -1, from: NO_PROVENANCE });
  return vertex;
}

class Reader {
  private at = 0;
  private readonly name: string;
  private readonly text: string;

  constructor(name: string, text: string) {
    this.name = name;
    this.text = text;
  }

  readDocument(): Value {
    const value = this.readValue(0);
    this.skipBlanks();
    if (this.at < this.text.length) throw this.fault('the end of the document');
    return value;
  }

  private readValue(depth: number): Value {
    if (depth > MAX_DEPTH) throw this.fault(`at most ${MAX_DEPTH} levels of JSON`);
    this.skipBlanks();
    const char = this.text[this.at];
    if (char === '{') return this.readObject(depth);
    if (char === '[') return this.readList(depth);
    if (char === '"') return stringOf(this.readString());
    return this.readWord();
  }

  private readObject(depth: number): Vertex {
    const struct = dataVertex('struct');
    this.at += 1;
    if (this.accept('}')) return struct;
    do {
      this.skipBlanks();
      if (this.text[this.at] !== '"') throw this.fault('a key in quotes');
      const label = regularLabel(this.readString());
      if (!this.accept(':')) throw this.fault('a colon');
      const conjunct: Conjunct = { value: this.readValue(depth + 1), pos: -1, from: NO_PROVENANCE };
      struct.deeds.push({ kind: 'arc', label, presence: 'member', conjunct });
    } while (this.accept(','));
    if (!this.accept('}')) throw this.fault('a comma or }');
    return struct;
  }

  private readList(depth: number): Vertex {
    const list = dataVertex('list');
    const elements: Conjunct[] = [];
    this.at += 1;
    if (!this.accept(']')) {
      do elements.push({ value: this.readValue(depth + 1), pos: -1, from: NO_PROVENANCE });
      while (this.accept(','));
      if (!this.accept(']')) throw this.fault('a comma or ]');
    }
    list.deeds.push({ kind: 'list', shape: { elements, rest: undefined }, from: NO_PROVENANCE });
    return list;
  }

  private readString(): string {
    const start = this.at;
    const pattern = /"(?:[^"\\\p{Cc}]|[\u007f-\u009f]|\\(?:["\\/bfnrt]|u[\da-fA-F]{4}))*"/uy;
    pattern.lastIndex = start;
    const raw = pattern.exec(this.text)?.[0];
    if (raw === undefined) throw this.fault('a string');
    this.at += raw.length;
    const value = raw.includes('\\') ? String(JSON.parse(raw)) : raw.slice(1, -1);
    if (!value.isWellFormed()) throw this.fault('Unicode text');
    return value;
  }

  private readWord(): Scalar {
    const pattern = /true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
    pattern.lastIndex = this.at;
    const word = pattern.exec(this.text)?.[0];
    if (word === undefined) throw this.fault('a value');
    this.at += word.length;
    if (word === 'null') return NULL;
    if (word === 'true' || word === 'false') return boolOf(word === 'true');
    const isNegative = word.startsWith('-');
    const number = parseNumber(isNegative ? word.slice(1) : word);
    if (number === undefined) throw this.fault('a number whose exponent is within bounds');
    const { coefficient, exponent } = number.value;
    const value = { coefficient: isNegative ? -coefficient : coefficient, exponent };
    return { kind: 'number', value, isFloat: number.isFloat };
  }

  private accept(char: string): boolean {
    this.skipBlanks();
    if (this.text[this.at] !== char) return false;
    this.at += 1;
    return true;
  }

  private skipBlanks(): void {
    while (/[ \t\n\r]/.test(this.text[this.at] ?? '')) this.at += 1;
  }

  private fault(expected: string): AppError {
    return new AppError(
      'invalid-input',
      `${this.name}: expected ${expected} at offset ${this.at} of the JSON document`,
    );
  }
}

/** A struct or a list of which deeds say what it holds. */
function dataVertex(kind: 'struct' | 'list'): Vertex {
  const vertex = new Vertex(undefined, '', false);
  vertex.standsForItself = true;
  vertex.phase = 'waiting';
  vertex.kinds = KIND[kind];
  vertex.isStruct = kind === 'struct';
  return vertex;
}
