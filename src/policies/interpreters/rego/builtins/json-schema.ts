/**
 * JSON Schema (draft 7) over values of Rego: type, enum, const, bounds of numbers, texts, arrays and objects, pattern, properties, required,
 * additionalProperties, items, allOf, anyOf, oneOf, not, and `$ref` within the schema. A schema with any other rule is refused by name;
 * annotations (title, description, default, examples, $schema, $id, $comment, format) say nothing about validity.
 */
import { parseJsonText } from '../json.ts';
import { compareNumbers, isInteger } from '../number.ts';
import { areEqual, formatValue, isArray, isNumber, pointsOf, RegoObject, typeOf } from '../value.ts';
import type { RegoValue } from '../value.ts';
import { builtinError } from '../evaluate/vm.ts';
import type { Vm } from '../evaluate/vm.ts';
import { faultsOf } from '../fault.ts';
import { attempt, typeError } from './operands.ts';
import type { Args, Builtins } from './operands.ts';

/** Ceiling of schemas within schemas, also through `$ref`. */
const MAX_DEPTH = 100;

const TYPES = ['array', 'boolean', 'integer', 'number', 'null', 'object', 'string'];
const ANNOTATIONS = [
  'title',
  'description',
  'default',
  'examples',
  '$schema',
  '$id',
  'id',
  '$comment',
  'format',
  'definitions',
  '$defs',
  'readOnly',
  'writeOnly',
];

interface Failure {
  readonly path: string;
  readonly type: string;
  readonly description: string;
}

interface Place {
  readonly path: string;
  readonly depth: number;
}

type Rule = (validator: Validator, value: RegoValue, rule: RegoValue, place: Place, schema: RegoObject) => void;

function fail(
  type: string,
  description: (rule: RegoValue, value: RegoValue) => string,
  isBad: (value: RegoValue, rule: RegoValue) => boolean,
): Rule {
  return (validator, value, rule, place) => {
    if (isBad(value, rule)) validator.fail(place, type, description(rule, value));
  };
}

function bound(type: string, words: string, isBad: (order: number) => boolean): Rule {
  return fail(
    type,
    (rule) => `Must be ${words} ${formatValue(rule)}`,
    (value, rule) => isNumber(value) && isNumber(rule) && isBad(compareNumbers(value, rule)),
  );
}

function size(
  type: string,
  words: string,
  measure: (value: RegoValue) => number | undefined,
  isBad: (found: number, limit: number) => boolean,
): Rule {
  return fail(
    type,
    (rule) => words.replace('%', formatValue(rule)),
    (value, rule) => {
      const found = measure(value);
      return found !== undefined && typeof rule === 'number' && isBad(found, rule);
    },
  );
}

const lengthOf = (value: RegoValue) => (typeof value === 'string' ? pointsOf(value).length : undefined);
const itemsOf = (value: RegoValue) => (isArray(value) ? value.length : undefined);
const entriesOf = (value: RegoValue) => (value instanceof RegoObject ? value.size : undefined);
const isOver = (found: number, limit: number) => found > limit;
const isUnder = (found: number, limit: number) => found < limit;

const RULES: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ['type', checkType],
  [
    'enum',
    fail(
      'enum',
      (rule) => `Must be one of the following: ${(isArray(rule) ? rule : []).map(formatValue).join(', ')}`,
      (value, rule) => !isArray(rule) || !rule.some((item) => areEqual(item, value)),
    ),
  ],
  [
    'const',
    fail(
      'const',
      (rule) => `Must be ${formatValue(rule)}`,
      (value, rule) => !areEqual(value, rule),
    ),
  ],
  ['minimum', bound('number_gte', 'greater than or equal to', (order) => order < 0)],
  ['exclusiveMinimum', bound('number_gt', 'greater than', (order) => order <= 0)],
  ['maximum', bound('number_lte', 'less than or equal to', (order) => order > 0)],
  ['exclusiveMaximum', bound('number_lt', 'less than', (order) => order >= 0)],
  ['minLength', size('string_gte', 'String length must be greater than or equal to %', lengthOf, isUnder)],
  ['maxLength', size('string_lte', 'String length must be less than or equal to %', lengthOf, isOver)],
  ['minItems', size('array_min_items', 'Array must have at least % items', itemsOf, isUnder)],
  ['maxItems', size('array_max_items', 'Array must have at most % items', itemsOf, isOver)],
  ['minProperties', size('array_min_properties', 'Must have at least % properties', entriesOf, isUnder)],
  ['maxProperties', size('array_max_properties', 'Must have at most % properties', entriesOf, isOver)],
  ['pattern', checkPattern],
  ['required', checkRequired],
  ['properties', checkProperties],
  ['additionalProperties', checkAdditional],
  ['items', checkItems],
  ['allOf', (validator, value, rule, place) => listOf(rule).forEach((inner) => validator.check(value, inner, place))],
  [
    'anyOf',
    (validator, value, rule, place) =>
      countFitting(validator, value, rule, place) === 0 &&
      validator.fail(place, 'number_any_of', 'Must validate at least one schema (anyOf)'),
  ],
  [
    'oneOf',
    (validator, value, rule, place) =>
      countFitting(validator, value, rule, place) !== 1 &&
      validator.fail(place, 'number_one_of', 'Must validate one and only one schema (oneOf)'),
  ],
  [
    'not',
    (validator, value, rule, place) =>
      validator.fits(value, rule, place) && validator.fail(place, 'number_not', 'Must not validate the schema (not)'),
  ],
]);

class Validator {
  readonly failures: Failure[] = [];
  readonly #root: RegoValue;
  readonly vm: Vm;

  constructor(root: RegoValue, vm: Vm) {
    this.#root = root;
    this.vm = vm;
  }

  fail({ path }: Place, type: string, description: string): void {
    this.failures.push({ path, type, description });
  }

  check(value: RegoValue, schema: RegoValue, place: Place): void {
    this.vm.step();
    if (place.depth > MAX_DEPTH)
      throw builtinError(`jsonschema: expected at most ${MAX_DEPTH} schemas within each other`);
    if (schema === true) return;
    if (schema === false) return this.fail(place, 'false', 'False always fails validation');
    if (!(schema instanceof RegoObject)) throw builtinError('jsonschema: schema must be object or boolean');
    const ref = schema.get('$ref');
    if (ref !== undefined) return this.check(value, this.#resolve(ref), { ...place, depth: place.depth + 1 });
    for (const [name, rule] of schema.entries()) RULES.get(textOf(name))?.(this, value, rule, place, schema);
  }

  fits(value: RegoValue, schema: RegoValue, place: Place): boolean {
    const inner = new Validator(this.#root, this.vm);
    inner.check(value, schema, { ...place, depth: place.depth + 1 });
    return inner.failures.length === 0;
  }

  #resolve(ref: RegoValue): RegoValue {
    if (typeof ref !== 'string' || !ref.startsWith('#'))
      throw builtinError(`jsonschema: only references within the schema are read, found ${formatValue(ref)}`);
    let found: RegoValue | undefined = this.#root;
    for (const key of ref.slice(1).split('/').slice(1)) {
      const name = key.replaceAll('~1', '/').replaceAll('~0', '~');
      found = found instanceof RegoObject ? found.get(name) : isArray(found) ? found[Number(name)] : undefined;
    }
    if (found === undefined) throw builtinError(`jsonschema: object has no key ${ref}`);
    return found;
  }
}

function listOf(rule: RegoValue): readonly RegoValue[] {
  return isArray(rule) ? rule : [];
}

function countFitting(validator: Validator, value: RegoValue, rule: RegoValue, place: Place): number {
  return listOf(rule).filter((inner) => validator.fits(value, inner, place)).length;
}

function textOf(value: RegoValue): string {
  return typeof value === 'string' ? value : formatValue(value);
}

function typeName(value: RegoValue): string {
  return isNumber(value) && isInteger(value) ? 'integer' : typeOf(value);
}

function checkType(validator: Validator, value: RegoValue, rule: RegoValue, place: Place): void {
  const names = isArray(rule) ? rule : [rule];
  const found = typeName(value);
  if (names.some((name) => name === found || (name === 'number' && found === 'integer'))) return;
  validator.fail(place, 'invalid_type', `Invalid type. Expected: ${names.map(textOf).join('/')}, given: ${found}`);
}

function checkPattern(validator: Validator, value: RegoValue, rule: RegoValue, place: Place): void {
  if (typeof value !== 'string' || typeof rule !== 'string' || validator.vm.regexp(rule).isMatch(value)) return;
  validator.fail(place, 'pattern', `Does not match pattern '${rule}'`);
}

function checkRequired(validator: Validator, value: RegoValue, rule: RegoValue, place: Place): void {
  if (!(value instanceof RegoObject)) return;
  for (const name of listOf(rule)) {
    if (value.get(name) === undefined) validator.fail(place, 'required', `${textOf(name)} is required`);
  }
}

function inside({ path, depth }: Place, key: RegoValue): Place {
  return { path: path === '(root)' ? textOf(key) : `${path}.${textOf(key)}`, depth: depth + 1 };
}

function checkProperties(validator: Validator, value: RegoValue, rule: RegoValue, place: Place): void {
  if (!(value instanceof RegoObject) || !(rule instanceof RegoObject)) return;
  for (const [name, inner] of rule.entries()) {
    const entry = value.get(name);
    if (entry !== undefined) validator.check(entry, inner, inside(place, name));
  }
}

function checkAdditional(
  validator: Validator,
  value: RegoValue,
  rule: RegoValue,
  place: Place,
  schema: RegoObject,
): void {
  const known = schema.get('properties');
  if (!(value instanceof RegoObject)) return;
  for (const [name, entry] of value.entries()) {
    if (known instanceof RegoObject && known.get(name) !== undefined) continue;
    if (rule === false)
      validator.fail(place, 'additional_property_not_allowed', `Additional property ${textOf(name)} is not allowed`);
    else validator.check(entry, rule, inside(place, name));
  }
}

function checkItems(validator: Validator, value: RegoValue, rule: RegoValue, place: Place): void {
  if (!isArray(value)) return;
  for (const [i, item] of value.entries()) {
    const inner = isArray(rule) ? rule[i] : rule;
    if (inner !== undefined) validator.check(item, inner, inside(place, i));
  }
}

/** A schema or document as a value, or as its JSON text. */
function documentAt(args: Args, i: number): RegoValue {
  const value = args[i];
  if (typeof value === 'string') return attempt(() => parseJsonText(value));
  if (value instanceof RegoObject) return value;
  throw typeError(i, value, 'string', 'object');
}

/** Refuses what is no schema, or has rules that are not known here. */
function checkSchema(schema: RegoValue, depth = 0): void {
  if (depth > MAX_DEPTH) throw builtinError(`jsonschema: expected at most ${MAX_DEPTH} schemas within each other`);
  if (typeof schema === 'boolean') return;
  if (!(schema instanceof RegoObject)) throw builtinError('jsonschema: schema must be object or boolean');
  for (const [name, rule] of schema.entries()) {
    const key = textOf(name);
    if (key === 'type') listOf(isArray(rule) ? rule : [rule]).forEach(checkTypeName);
    else if (['items', 'not', 'additionalProperties'].includes(key) && !isArray(rule)) checkSchema(rule, depth + 1);
    else if (['items', 'allOf', 'anyOf', 'oneOf'].includes(key))
      listOf(rule).forEach((inner) => checkSchema(inner, depth + 1));
    else if (['properties', 'definitions', '$defs'].includes(key) && rule instanceof RegoObject)
      rule.entries().forEach(([, inner]) => checkSchema(inner, depth + 1));
    else if (key !== '$ref' && !RULES.has(key) && !ANNOTATIONS.includes(key))
      throw builtinError(`jsonschema: the rule ${key} is not supported`);
  }
}

function checkTypeName(name: RegoValue): void {
  if (typeof name === 'string' && TYPES.includes(name)) return;
  const found = textOf(name);
  throw builtinError(
    `jsonschema: has a primitive type that is NOT VALID -- given: /${found}/ Expected valid values are:[${TYPES.join(' ')}]`,
  );
}

function verifySchema(args: Args): RegoValue {
  try {
    checkSchema(documentAt(args, 0));
    return [true, null];
  } catch (error) {
    const [found] = faultsOf(error) ?? [];
    if (found?.code !== 'eval_builtin_error') throw error;
    return [false, found.message];
  }
}

function matchSchema(args: Args, vm: Vm): RegoValue {
  const [document, schema] = [documentAt(args, 0), documentAt(args, 1)];
  checkSchema(schema);
  const validator = new Validator(schema, vm);
  validator.check(document, schema, { path: '(root)', depth: 0 });
  const errors = validator.failures.map(({ path, type, description }) =>
    RegoObject.of([
      ['error', `${path}: ${description}`],
      ['type', type],
      ['field', path],
      ['desc', description],
    ]),
  );
  return [errors.length === 0, errors];
}

export const JSON_SCHEMA: Builtins = { 'json.match_schema': matchSchema, 'json.verify_schema': verifySchema };
