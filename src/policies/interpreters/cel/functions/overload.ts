/** Functions of the language: one overload for each list of types of arguments. */
import type {
  CelList,
  CelMap,
  Duration,
  Kind,
  Opaque,
  Optional,
  Result,
  Timestamp,
  TypeValue,
  Uint,
  Value,
} from '../values.ts';

interface Kinds {
  readonly null: null;
  readonly bool: boolean;
  readonly int: bigint;
  readonly double: number;
  readonly string: string;
  readonly bytes: Uint8Array;
  readonly uint: Uint;
  readonly timestamp: Timestamp;
  readonly duration: Duration;
  readonly type: TypeValue;
  readonly optional: Optional;
  readonly list: CelList;
  readonly map: CelMap;
  readonly any: Value;
}

type Param = Kind | 'any';
type ValueOf<P extends Param> = P extends keyof Kinds ? Kinds[P] : Opaque;

export interface Overload {
  /** As it is called: `size`, `math.greatest`; a method begins with a dot. */
  readonly name: string;
  readonly params: readonly Param[];
  /** Takes any number of arguments, from so many on; all are of the last type. */
  readonly isVariadic: boolean;
  readonly call: (...args: readonly Value[]) => Result;
}

/** Methods have a name with a dot before it; what they are called on is their first argument. */
export function overload<const P extends readonly Param[]>(
  name: string,
  params: P,
  call: (...args: { [I in keyof P]: ValueOf<P[I]> }) => Result,
): Overload {
  return { name, params, isVariadic: false, call: call as unknown as Overload['call'] };
}

export function variadic(name: string, call: (...args: readonly Value[]) => Result): Overload {
  return { name, params: ['any'], isVariadic: true, call };
}
