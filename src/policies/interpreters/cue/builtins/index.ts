/** The functions and constants that a policy can use, by their qualified names. */
import type { Builtin } from './builtin.ts';
import type { Scalar } from '../values.ts';
import { CORE } from './core.ts';
import { ENCODING } from './encoding.ts';
import { LIST } from './list.ts';
import { MATH } from './math.ts';
import { NET } from './net.ts';
import { REGEXP } from './regexp.ts';
import { STRINGS } from './strings.ts';
import { STRUCT } from './struct.ts';
import { TIME, TIME_CONSTANTS } from './time.ts';

const ALL: readonly Builtin[] = [
  ...CORE,
  ...ENCODING,
  ...LIST,
  ...MATH,
  ...NET,
  ...REGEXP,
  ...STRINGS,
  ...STRUCT,
  ...TIME,
];

export const BUILTINS: ReadonlyMap<string, Builtin> = new Map(ALL.map((builtin) => [builtin.name, builtin]));
export const CONSTANTS: ReadonlyMap<string, Scalar> = TIME_CONSTANTS;
/** Packages of which functions are here. */
export const PACKAGES: ReadonlySet<string> = new Set([
  'encoding/base64',
  'encoding/json',
  'list',
  'math',
  'net',
  'regexp',
  'strings',
  'struct',
  'time',
]);
