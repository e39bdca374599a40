/** Optional values: what may be missing. */
import { CelList, CelMap, Duration, Failure, NONE, Optional, Timestamp, Uint } from '../values.ts';
import type { Value } from '../values.ts';
import { overload } from './overload.ts';
import type { Overload } from './overload.ts';

export const OPTIONALS: readonly Overload[] = [
  overload('optional.of', ['any'], (value) => new Optional(value)),
  overload('optional.none', [], () => NONE),
  overload('optional.ofNonZeroValue', ['any'], (value) => (isZero(value) ? NONE : new Optional(value))),
  overload('.hasValue', ['optional'], ({ value }) => value !== undefined),
  overload('.value', ['optional'], ({ value }) => value ?? emptied(value)),
];

function emptied(value: null | undefined): null | Failure {
  return value === null ? null : new Failure('optional.none() dereference');
}

/** Nothing, no, zero, and what is empty. */
function isZero(value: Value): boolean {
  if (value instanceof CelList) return value.items.length === 0;
  if (value instanceof CelMap) return value.size === 0;
  if (value instanceof Uint) return value.value === 0n;
  if (value instanceof Uint8Array) return value.length === 0;
  if (value instanceof Duration) return value.nanoseconds === 0n;
  if (value instanceof Timestamp) return value.nanoseconds === YEAR_ONE;
  return value === null || value === false || value === 0n || value === 0 || value === '';
}

/** Go's zero time. */
const YEAR_ONE = -62_135_596_800_000_000_000n;
