/**
 * Documents of GraphQL, queries and schemas, as syntax trees in the shape that OPA gives them (that of gqlparser): lists that are empty
 * and parts that are missing have no member. Comments are left out.
 */
import { graphqlError, readGraphqlToken } from './lexer.ts';
import type { GraphqlToken } from './lexer.ts';

export type Node = Readonly<Record<string, unknown>>;

/** Ceiling of selections, values and types within each other. */
const MAX_NESTING = 200;

const VALUE_KINDS = {
  variable: 0,
  int: 1,
  float: 2,
  string: 3,
  block: 4,
  boolean: 5,
  null: 6,
  enum: 7,
  list: 8,
  object: 9,
};
const OPERATIONS = ['query', 'mutation', 'subscription'];
const LOCATIONS: ReadonlySet<string> = new Set(
  'QUERY MUTATION SUBSCRIPTION FIELD FRAGMENT_DEFINITION FRAGMENT_SPREAD INLINE_FRAGMENT VARIABLE_DEFINITION SCHEMA SCALAR OBJECT FIELD_DEFINITION ARGUMENT_DEFINITION INTERFACE UNION ENUM ENUM_VALUE INPUT_OBJECT INPUT_FIELD_DEFINITION'.split(
    ' ',
  ),
);
const KINDS: Readonly<Record<string, string>> = {
  scalar: 'SCALAR',
  type: 'OBJECT',
  interface: 'INTERFACE',
  union: 'UNION',
  enum: 'ENUM',
  input: 'INPUT_OBJECT',
};

export function parseGraphqlQuery(text: string): Node {
  return new Parser(text).query();
}

export function parseGraphqlSchema(text: string): Node {
  return new Parser(text).schema();
}

class Parser {
  readonly #text: string;
  #token: GraphqlToken;
  #end: number;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
    ({ token: this.#token, end: this.#end } = readGraphqlToken(text, 0));
  }

  #next(): GraphqlToken {
    const token = this.#token;
    ({ token: this.#token, end: this.#end } = readGraphqlToken(this.#text, this.#end));
    return token;
  }

  #is(symbol: string): boolean {
    return this.#token.kind === 'symbol' && this.#token.value === symbol;
  }

  #isName(value: string): boolean {
    return this.#token.kind === 'name' && this.#token.value === value;
  }

  #skip(symbol: string): boolean {
    if (!this.#is(symbol)) return false;
    this.#next();
    return true;
  }

  #unexpected(message = `Unexpected ${this.#found()}`): never {
    throw graphqlError(this.#text, this.#token.offset, message);
  }

  #found(): string {
    const { kind, value } = this.#token;
    if (kind === 'eof') return '<EOF>';
    return kind === 'symbol' ? value : `${kind} ${JSON.stringify(value)}`;
  }

  #expect(symbol: string): void {
    if (!this.#skip(symbol)) this.#unexpected(`Expected ${symbol}, found ${this.#found()}`);
  }

  #expectWord(word: string): void {
    if (!this.#isName(word)) this.#unexpected(`Expected "${word}", found ${this.#found()}`);
    this.#next();
  }

  #name(): string {
    if (this.#token.kind !== 'name') this.#unexpected(`Expected Name, found ${this.#found()}`);
    return this.#next().value;
  }

  #nested<T>(parse: () => T): T {
    this.#depth += 1;
    if (this.#depth > MAX_NESTING) this.#unexpected(`Expected at most ${MAX_NESTING} levels of nesting`);
    const made = parse();
    this.#depth -= 1;
    return made;
  }

  /** At least one between the symbols, or nothing where the first one is missing. */
  #some(open: string, close: string, parse: () => unknown): unknown[] {
    if (!this.#skip(open)) return [];
    if (this.#is(close)) this.#unexpected(`expected at least one definition, found ${close}`);
    return this.#until(close, parse);
  }

  #until(close: string, parse: () => unknown): unknown[] {
    const found: unknown[] = [];
    while (!this.#is(close)) found.push(this.#nested(parse));
    this.#next();
    return found;
  }

  query(): Node {
    const operations: Node[] = [];
    const fragments: Node[] = [];
    while (this.#token.kind !== 'eof') {
      if (this.#is('{') || OPERATIONS.some((word) => this.#isName(word))) operations.push(this.#operation());
      else if (this.#isName('fragment')) fragments.push(this.#fragmentDefinition());
      else this.#unexpected();
    }
    return pruned({ Operations: operations, Fragments: fragments });
  }

  #operation(): Node {
    if (this.#is('{')) return pruned({ Operation: 'query', Name: '', SelectionSet: this.#selections() });
    const operation = this.#name();
    const name = this.#token.kind === 'name' ? this.#name() : '';
    return pruned({
      Operation: operation,
      Name: name,
      VariableDefinitions: this.#variables(),
      Directives: this.#directives(false),
      SelectionSet: this.#selections(),
    });
  }

  #variables(): unknown[] {
    return this.#some('(', ')', () => {
      this.#expect('$');
      const variable = this.#name();
      this.#expect(':');
      const type = this.#type();
      const value = this.#skip('=') ? this.#value(true) : undefined;
      return pruned({
        Variable: variable,
        Type: type,
        DefaultValue: value,
        Directives: this.#directives(false),
        Used: false,
      });
    });
  }

  #selections(): unknown[] {
    if (!this.#is('{')) this.#unexpected(`Expected {, found ${this.#found()}`);
    return this.#some('{', '}', () => (this.#skip('...') ? this.#fragment() : this.#field()));
  }

  #field(): Node {
    const alias = this.#name();
    const name = this.#skip(':') ? this.#name() : alias;
    return pruned({
      Alias: alias,
      Name: name,
      Arguments: this.#arguments(false),
      Directives: this.#directives(false),
      SelectionSet: this.#is('{') ? this.#selections() : [],
    });
  }

  #fragment(): Node {
    if (this.#token.kind === 'name' && !this.#isName('on'))
      return pruned({ Name: this.#name(), Directives: this.#directives(false) });
    let condition = '';
    if (this.#isName('on')) {
      this.#next();
      condition = this.#name();
    }
    return pruned({ TypeCondition: condition, Directives: this.#directives(false), SelectionSet: this.#selections() });
  }

  #fragmentDefinition(): Node {
    this.#expectWord('fragment');
    if (this.#isName('on')) this.#unexpected();
    const name = this.#name();
    const variables = this.#variables();
    this.#expectWord('on');
    return pruned({
      Name: name,
      VariableDefinition: variables,
      TypeCondition: this.#name(),
      Directives: this.#directives(false),
      SelectionSet: this.#selections(),
    });
  }

  #arguments(isConstant: boolean): unknown[] {
    return this.#some('(', ')', () => {
      const name = this.#name();
      this.#expect(':');
      return pruned({ Name: name, Value: this.#value(isConstant) });
    });
  }

  #directives(isConstant: boolean): unknown[] {
    const found: unknown[] = [];
    while (this.#skip('@'))
      found.push(pruned({ Name: this.#name(), Arguments: this.#arguments(isConstant), Location: '' }));
    return found;
  }

  #value(isConstant: boolean): Node {
    return this.#nested(() => {
      if (this.#skip('['))
        return valueNode(
          'list',
          '',
          this.#until(']', () => pruned({ Name: '', Value: this.#value(isConstant) })),
        );
      if (this.#skip('{'))
        return valueNode(
          'object',
          '',
          this.#until('}', () => this.#objectField(isConstant)),
        );
      if (this.#is('$') && !isConstant) {
        this.#next();
        return valueNode('variable', this.#name());
      }
      const { kind, value } = this.#token;
      if (kind === 'symbol' || kind === 'eof') return this.#unexpected();
      this.#next();
      if (kind !== 'name') return valueNode(kind, value);
      if (value === 'true' || value === 'false') return valueNode('boolean', value);
      return valueNode(value === 'null' ? 'null' : 'enum', value);
    });
  }

  #objectField(isConstant: boolean): Node {
    const name = this.#name();
    this.#expect(':');
    return pruned({ Name: name, Value: this.#value(isConstant) });
  }

  #type(): Node {
    return this.#nested(() => {
      let elem: Node | undefined;
      let name = '';
      if (this.#skip('[')) {
        elem = this.#type();
        this.#expect(']');
      } else name = this.#name();
      return pruned({ NamedType: name, Elem: elem, NonNull: this.#skip('!') });
    });
  }

  schema(): Node {
    const document: Record<string, Node[]> = {
      Schema: [],
      SchemaExtension: [],
      Directives: [],
      Definitions: [],
      Extensions: [],
    };
    while (this.#token.kind !== 'eof') {
      const start = this.#token;
      const description = this.#description();
      const { kind, value } = this.#token;
      if (kind !== 'name') this.#unexpected();
      if (KINDS[value] !== undefined) document.Definitions?.push(this.#definition(description, false));
      else if (value === 'schema') document.Schema?.push(this.#schemaDefinition(description));
      else if (value === 'directive') document.Directives?.push(this.#directiveDefinition(description));
      else if (value !== 'extend') this.#unexpected();
      else if (description !== '')
        throw graphqlError(this.#text, start.offset, `Unexpected String ${JSON.stringify(description)}`);
      else this.#extension(document);
    }
    return pruned(document);
  }

  #description(): string {
    return this.#token.kind === 'string' || this.#token.kind === 'block' ? this.#next().value : '';
  }

  #extension(document: Record<string, Node[]>): void {
    this.#expectWord('extend');
    if (this.#isName('schema')) {
      const extended = this.#schemaDefinition('');
      if (extended.Directives === undefined && extended.OperationTypes === undefined) this.#unexpected();
      document.SchemaExtension?.push(extended);
      return;
    }
    const extended = this.#definition('', true);
    const parts = ['Interfaces', 'Directives', 'Fields', 'Types', 'EnumValues'];
    if (parts.every((part) => extended[part] === undefined)) this.#unexpected();
    document.Extensions?.push(extended);
  }

  #schemaDefinition(description: string): Node {
    this.#expectWord('schema');
    const directives = this.#directives(true);
    const operations = this.#some('{', '}', () => {
      if (!OPERATIONS.some((word) => this.#isName(word))) this.#unexpected();
      const operation = this.#name();
      this.#expect(':');
      return pruned({ Operation: operation, Type: this.#name() });
    });
    return pruned({ Description: description, Directives: directives, OperationTypes: operations });
  }

  #definition(description: string, isExtension: boolean): Node {
    const kind = KINDS[this.#token.value];
    if (this.#token.kind !== 'name' || kind === undefined) return this.#unexpected();
    this.#next();
    const name = this.#name();
    const canImplement = kind === 'OBJECT' || (kind === 'INTERFACE' && !isExtension);
    const interfaces = canImplement ? this.#interfaces() : [];
    const directives = this.#directives(!(isExtension && kind === 'INPUT_OBJECT'));
    const hasFields = kind === 'OBJECT' || kind === 'INTERFACE';
    const isInput = kind === 'INPUT_OBJECT';
    return pruned({
      Kind: kind,
      Description: description,
      Name: name,
      Interfaces: interfaces,
      Directives: directives,
      Fields: hasFields || isInput ? this.#some('{', '}', () => this.#fieldDefinition(isInput)) : [],
      Types: kind === 'UNION' && this.#skip('=') ? this.#list('|') : [],
      EnumValues: kind === 'ENUM' ? this.#some('{', '}', () => this.#enumValue()) : [],
      BuiltIn: false,
    });
  }

  #interfaces(): string[] {
    if (!this.#isName('implements')) return [];
    this.#next();
    return this.#list('&');
  }

  /** Names with a separator between, which may also stand before the first. */
  #list(separator: string): string[] {
    this.#skip(separator);
    const names = [this.#name()];
    while (this.#skip(separator)) names.push(this.#name());
    return names;
  }

  #enumValue(): Node {
    const description = this.#description();
    return pruned({ Description: description, Name: this.#name(), Directives: this.#directives(true) });
  }

  #fieldDefinition(isInput: boolean): Node {
    const description = this.#description();
    const name = this.#name();
    const given = isInput ? [] : this.#argumentDefinitions();
    this.#expect(':');
    const type = this.#type();
    const value = isInput && this.#skip('=') ? this.#value(true) : undefined;
    const directives = this.#directives(true);
    return pruned({
      Description: description,
      Name: name,
      Arguments: given,
      DefaultValue: value,
      Type: type,
      Directives: directives,
    });
  }

  #argumentDefinitions(): unknown[] {
    return this.#some('(', ')', () => this.#fieldDefinition(true));
  }

  #directiveDefinition(description: string): Node {
    this.#expectWord('directive');
    this.#expect('@');
    const name = this.#name();
    const given = this.#argumentDefinitions();
    const isRepeatable = this.#isName('repeatable');
    if (isRepeatable) this.#next();
    this.#expectWord('on');
    this.#skip('|');
    const locations: string[] = [];
    do {
      if (this.#token.kind === 'name' && !LOCATIONS.has(this.#token.value)) this.#unexpected();
      locations.push(this.#name());
    } while (this.#skip('|'));
    return pruned({
      Description: description,
      Name: name,
      Arguments: given,
      Locations: locations,
      IsRepeatable: isRepeatable,
    });
  }
}

function valueNode(kind: keyof typeof VALUE_KINDS, raw: string, items: unknown[] = []): Node {
  return pruned({ Raw: raw, Children: items, Kind: VALUE_KINDS[kind], ExpectedTypeHasDefault: false });
}

/** Without members that are missing or empty lists. */
function pruned(node: Readonly<Record<string, unknown>>): Node {
  return Object.fromEntries(
    Object.entries(node).filter(([, value]) => value !== undefined && !(Array.isArray(value) && value.length === 0)),
  );
}
