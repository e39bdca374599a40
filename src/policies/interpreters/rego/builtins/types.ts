/** Types and casts. */
import { parseNumber } from '../number.ts';
import { isArray, isNumber, RegoObject, RegoSet, typeOf } from '../value.ts';
import type { RegoType, RegoValue } from '../value.ts';
import { builtinError } from '../evaluate/vm.ts';
import type { Callable } from '../evaluate/vm.ts';
import { typeError } from './operands.ts';
import type { Args, Builtins } from './operands.ts';

function test(type: RegoType): Callable {
  return ([value]) => typeOf(value as RegoValue) === type;
}

function cast(type: RegoType): Callable {
  return ([value]) => {
    if (value !== undefined && typeOf(value) === type) return value;
    throw typeError(0, value, type);
  };
}

/** Hexadecimal and underscored numbers, infinities and NaN, which Go's parser of floats takes, are no JSON numbers. */
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

function toNumber(args: Args): RegoValue {
  const [value] = args;
  if (value === null) return 0;
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (isNumber(value)) return value;
  if (typeof value !== 'string') throw typeError(0, value, 'null', 'boolean', 'number', 'string');
  if (/^[+-]*(?:inf|infinity|nan)$/i.test(value)) throw typeError(0, value, 'valid number string');
  const number = NUMBER.test(value) ? parseNumber(value) : undefined;
  if (number === undefined) throw builtinError(`strconv.ParseFloat: parsing ${JSON.stringify(value)}: invalid syntax`);
  return number;
}

function castArray([value]: Args): RegoValue {
  if (isArray(value)) return value;
  if (value instanceof RegoSet) return value.members();
  throw typeError(0, value, 'array', 'set');
}

function castSet([value]: Args): RegoValue {
  if (value instanceof RegoSet) return value;
  if (isArray(value)) return RegoSet.of(value);
  throw typeError(0, value, 'array', 'set');
}

function castObject([value]: Args): RegoValue {
  if (value instanceof RegoObject) return value;
  throw typeError(0, value, 'object');
}

export const TYPES: Builtins = {
  is_array: test('array'),
  is_boolean: test('boolean'),
  is_null: test('null'),
  is_number: test('number'),
  is_object: test('object'),
  is_set: test('set'),
  is_string: test('string'),
  type_name: ([value]) => typeOf(value as RegoValue),
  to_number: toNumber,
  cast_array: castArray,
  cast_set: castSet,
  cast_object: castObject,
  cast_boolean: cast('boolean'),
  cast_string: cast('string'),
  cast_null: cast('null'),
};
