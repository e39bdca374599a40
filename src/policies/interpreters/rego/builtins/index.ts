/** The built-in functions that there are, by name. */
import type { Callable, Vm } from '../evaluate/vm.ts';
import type { RegoValue } from '../value.ts';
import { AWS } from './aws.ts';
import { COLLECTIONS } from './collections.ts';
import { DIGESTS } from './digests.ts';
import { ENCODING } from './encoding.ts';
import { GLOB } from './glob.ts';
import { GRAPHQL } from './graphql/index.ts';
import { JSON_SCHEMA } from './json-schema.ts';
import { JWT } from './jwt.ts';
import { NET } from './net.ts';
import { NUMBERS } from './numbers.ts';
import { OBJECTS, walk } from './objects.ts';
import type { Args } from './operands.ts';
import { REGEX } from './regex.ts';
import { STRINGS } from './strings.ts';
import { TIME } from './time.ts';
import { TYPES } from './types.ts';
import { UNITS } from './units.ts';
import { UUID } from './uuid.ts';
import { X509 } from './x509.ts';

const FAMILIES = [
  AWS,
  COLLECTIONS,
  DIGESTS,
  ENCODING,
  GLOB,
  GRAPHQL,
  JSON_SCHEMA,
  JWT,
  NET,
  NUMBERS,
  OBJECTS,
  REGEX,
  STRINGS,
  TIME,
  TYPES,
  UNITS,
  UUID,
  X509,
];

export const BUILTINS: ReadonlyMap<string, Callable> = new Map(FAMILIES.flatMap((family) => Object.entries(family)));

/** Functions with several results: each is emitted until one is enough. */
export type Relation = (args: Args, vm: Vm, emit: (value: RegoValue) => boolean) => boolean;

export const RELATIONS: ReadonlyMap<string, Relation> = new Map([['walk', walk]]);
