/** Whether a schema of GraphQL is sound, by the rules of gqlparser: types and directives exist, are of the right kind, and fulfil their interfaces. */
import { builtinError } from '../../evaluate/vm.ts';
import { parseGraphqlSchema } from './parser.ts';
import type { Node } from './parser.ts';
import { PRELUDE } from './prelude.ts';

/** Directives that a schema may declare itself although they are known. */
const REDECLARABLE = ['include', 'skip', 'deprecated', 'specifiedBy', 'defer', 'oneOf'];
const INPUT_KINDS = ['SCALAR', 'ENUM', 'INPUT_OBJECT'];
const OUTPUT_KINDS = ['SCALAR', 'OBJECT', 'INTERFACE', 'UNION', 'ENUM'];
const NULL_VALUE = 6;

function listOf(node: Node | undefined, member: string): readonly Node[] {
  const value = node?.[member];
  return Array.isArray(value) ? (value as Node[]) : [];
}

function textsOf(node: Node, member: string): readonly string[] {
  const value = node[member];
  return Array.isArray(value) ? (value as string[]) : [];
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function nameOf(node: Node | undefined): string {
  return textOf(node?.Name);
}

function typeOf(node: Node): Node {
  return (node.Type ?? {}) as Node;
}

/** The name in a type, within lists. */
function baseName(type: Node): string {
  return type.Elem === undefined ? textOf(type.NamedType) : baseName(type.Elem as Node);
}

function find(nodes: readonly Node[], name: string): Node | undefined {
  return nodes.find((node) => nameOf(node) === name);
}

/** Throws for the first rule that the schema breaks. */
export function checkGraphqlSchema(document: Node): void {
  new SchemaCheck(parseGraphqlSchema(PRELUDE), document).run();
}

function wrong(message: string): Error {
  return builtinError(`Error in GraphQL schema: ${message}`);
}

class SchemaCheck {
  readonly #document: Node;
  readonly #types = new Map<string, Node>();
  readonly #own = new Set<string>();
  readonly #directives = new Map<string, Node>();

  constructor(prelude: Node, document: Node) {
    this.#document = document;
    for (const node of listOf(prelude, 'Definitions')) this.#types.set(nameOf(node), node);
    for (const node of listOf(prelude, 'Directives')) this.#directives.set(nameOf(node), node);
  }

  run(): void {
    for (const node of listOf(this.#document, 'Definitions')) this.#declare(node);
    for (const node of listOf(this.#document, 'Extensions')) this.#extend(node);
    for (const node of listOf(this.#document, 'Directives')) this.#declareDirective(node);
    const schemas = listOf(this.#document, 'Schema');
    if (schemas.length > 1) throw wrong('Cannot have multiple schema entry points, consider schema extensions instead');
    for (const schema of [...schemas, ...listOf(this.#document, 'SchemaExtension')]) this.#checkRoots(schema);
    for (const node of this.#types.values()) this.#checkDefinition(node);
    for (const node of this.#directives.values()) {
      checkName(nameOf(node));
      this.#checkArguments(node, nameOf(node));
    }
  }

  #declare(node: Node): void {
    const name = nameOf(node);
    if (this.#types.has(name)) throw wrong(`Cannot redeclare type ${name}`);
    this.#types.set(name, node);
    this.#own.add(name);
  }

  /** What is not there yet is made by its extension. */
  #extend(node: Node): void {
    const name = nameOf(node);
    const base = this.#types.get(name) ?? { Kind: node.Kind, Name: name };
    if (base.Kind !== node.Kind)
      throw wrong(
        `Cannot extend type ${name} because the base type is a ${textOf(base.Kind)}, not ${textOf(node.Kind)}`,
      );
    const extended: Record<string, unknown> = { ...base };
    for (const part of ['Directives', 'Interfaces', 'Fields', 'Types', 'EnumValues'])
      extended[part] = [...listOf(base, part), ...listOf(node, part)];
    this.#types.set(name, extended);
    this.#own.add(name);
  }

  #declareDirective(node: Node): void {
    const name = nameOf(node);
    if (this.#directives.has(name) && !REDECLARABLE.includes(name)) throw wrong(`Cannot redeclare directive ${name}`);
    this.#directives.set(name, node);
  }

  #checkRoots(schema: Node): void {
    for (const root of listOf(schema, 'OperationTypes')) {
      if (!this.#types.has(textOf(root.Type)))
        throw wrong(`Schema root ${textOf(root.Operation)} refers to a type ${textOf(root.Type)} that does not exist`);
    }
    this.#checkDirectives(listOf(schema, 'Directives'), 'SCHEMA');
  }

  #checkDefinition(node: Node): void {
    const [kind, name] = [textOf(node.Kind), nameOf(node)];
    const fields = listOf(node, 'Fields');
    for (const field of fields) this.#checkField(field, kind);
    for (const type of textsOf(node, 'Types')) this.#checkKind(type, ['OBJECT'], `${kind} type "${type}"`);
    for (const type of textsOf(node, 'Interfaces')) this.#checkImplements(node, type);
    if (['OBJECT', 'INTERFACE', 'INPUT_OBJECT'].includes(kind) && fields.length === 0)
      throw wrong(`${kind} ${name}: must define one or more fields`);
    const allowed = kind === 'INPUT_OBJECT' ? INPUT_KINDS : OUTPUT_KINDS;
    for (const field of fields) this.#checkKind(baseName(typeOf(field)), allowed, `${kind} ${name}: field`);
    if (kind === 'ENUM') this.#checkEnum(node);
    const names = fields.map(nameOf);
    const twice = names.find((field, i) => names.indexOf(field) !== i);
    if (twice !== undefined) throw wrong(`Field ${name}.${twice} can only be defined once`);
    if (this.#own.has(name)) checkName(name);
    this.#checkDirectives(listOf(node, 'Directives'), kind);
  }

  #checkField(field: Node, kind: string): void {
    checkName(nameOf(field));
    this.#checkType(typeOf(field));
    this.#checkArguments(field);
    this.#checkDirectives(
      listOf(field, 'Directives'),
      kind === 'INPUT_OBJECT' ? 'INPUT_FIELD_DEFINITION' : 'FIELD_DEFINITION',
    );
  }

  #checkEnum(node: Node): void {
    const values = listOf(node, 'EnumValues');
    if (values.length === 0) throw wrong(`ENUM ${nameOf(node)}: must define one or more unique enum values`);
    for (const value of values) {
      if (['true', 'false', 'null'].includes(nameOf(value)))
        throw wrong(`ENUM ${nameOf(node)}: non-enum value ${nameOf(value)}`);
      this.#checkDirectives(listOf(value, 'Directives'), 'ENUM_VALUE');
    }
  }

  #checkType(type: Node): void {
    if (!this.#types.has(baseName(type))) throw wrong(`Undefined type ${baseName(type)}`);
  }

  #checkKind(name: string, allowed: readonly string[], what: string): void {
    const type = this.#types.get(name);
    if (type === undefined) throw wrong(`Undefined type "${name}"`);
    if (!allowed.includes(textOf(type.Kind))) throw wrong(`${what} must be one of ${allowed.join(', ')}`);
  }

  #checkArguments(node: Node, ownDirective?: string): void {
    for (const argument of listOf(node, 'Arguments')) {
      checkName(nameOf(argument));
      this.#checkKind(baseName(typeOf(argument)), INPUT_KINDS, `argument ${nameOf(argument)}`);
      this.#checkDirectives(listOf(argument, 'Directives'), 'ARGUMENT_DEFINITION', ownDirective);
    }
  }

  #checkDirectives(directives: readonly Node[], location: string, ownDirective?: string): void {
    for (const directive of directives) {
      const name = nameOf(directive);
      checkName(name);
      if (name === ownDirective) throw wrong(`Directive ${name} cannot refer to itself`);
      const definition = this.#directives.get(name);
      if (definition === undefined) throw wrong(`Undefined directive ${name}`);
      if (!textsOf(definition, 'Locations').includes(location))
        throw wrong(`Directive ${name} is not applicable on ${location}`);
      this.#checkGiven(directive, definition);
    }
  }

  #checkGiven(directive: Node, definition: Node): void {
    const [given, known] = [listOf(directive, 'Arguments'), listOf(definition, 'Arguments')];
    const unknown = given.find((argument) => find(known, nameOf(argument)) === undefined);
    if (unknown !== undefined) throw wrong(`Undefined argument ${nameOf(unknown)} for directive ${nameOf(directive)}`);
    for (const argument of known) {
      if (typeOf(argument).NonNull !== true || argument.DefaultValue !== undefined) continue;
      const value = find(given, nameOf(argument))?.Value as Node | undefined;
      if (value === undefined || value.Kind === NULL_VALUE)
        throw wrong(`Argument ${nameOf(argument)} for directive ${nameOf(directive)} cannot be null`);
    }
  }

  #checkImplements(node: Node, name: string): void {
    const wanted = this.#types.get(name);
    if (wanted === undefined) throw wrong(`Undefined type "${name}"`);
    if (wanted.Kind !== 'INTERFACE') throw wrong(`"${name}" is a non interface type ${textOf(wanted.Kind)}`);
    for (const field of listOf(wanted, 'Fields')) this.#checkFulfils(node, name, field);
    for (const inherited of textsOf(wanted, 'Interfaces')) {
      if (!textsOf(node, 'Interfaces').includes(inherited))
        throw wrong(`Type ${nameOf(node)} must implement ${inherited} because it is implemented by ${name}`);
    }
  }

  #checkFulfils(node: Node, name: string, wanted: Node): void {
    const found = find(listOf(node, 'Fields'), nameOf(wanted));
    const prefix = `For ${nameOf(node)} to implement ${name}`;
    if (found === undefined) throw wrong(`${prefix} it must have a field called ${nameOf(wanted)}`);
    if (!this.#isCovariant(typeOf(wanted), typeOf(found)))
      throw wrong(`${prefix} the field ${nameOf(wanted)} must have another type`);
    const [asked, given] = [listOf(wanted, 'Arguments'), listOf(found, 'Arguments')];
    for (const argument of asked) {
      const own = find(given, nameOf(argument));
      if (own === undefined || !isCompatible(typeOf(argument), typeOf(own)))
        throw wrong(`${prefix} the field ${nameOf(wanted)} must have the same arguments`);
    }
    const extra = given.find(
      (own) => find(asked, nameOf(own)) === undefined && typeOf(own).NonNull === true && own.DefaultValue === undefined,
    );
    if (extra !== undefined)
      throw wrong(`${prefix} any additional argument must be optional but ${nameOf(extra)} is required`);
  }

  #isCovariant(wanted: Node, found: Node): boolean {
    if (wanted.NonNull === true && found.NonNull !== true) return false;
    if (wanted.Elem !== undefined)
      return found.Elem !== undefined && this.#isCovariant(wanted.Elem as Node, found.Elem as Node);
    const [name, own] = [textOf(wanted.NamedType), textOf(found.NamedType)];
    return name === own || this.#isPossible(name, own);
  }

  /** A member of the union, or a type with the interface. */
  #isPossible(name: string, own: string): boolean {
    const [type, other] = [this.#types.get(name), this.#types.get(own)];
    if (type?.Kind === 'UNION') return textsOf(type, 'Types').includes(own);
    return other !== undefined && textsOf(other, 'Interfaces').includes(name);
  }
}

function isCompatible(a: Node, b: Node): boolean {
  if ((a.NamedType ?? '') !== (b.NamedType ?? '')) return false;
  if (a.Elem !== undefined && (b.Elem === undefined || !isCompatible(a.Elem as Node, b.Elem as Node))) return false;
  return b.NonNull !== true || a.NonNull === true;
}

function checkName(name: string): void {
  if (name.startsWith('__'))
    throw wrong(`Name "${name}" must not begin with "__", which is reserved by GraphQL introspection`);
}
