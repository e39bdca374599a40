/** Package `time`, with the layouts of Go; without Split. */
import { DURATION_UNITS, parseGoDuration } from '../../go-duration.ts';
import { formatTime, LAYOUTS, parseTime } from '../../go-time.ts';
import { toSafeInteger } from '../decimal.ts';
import { boolOf, intOf, KIND, stringOf } from '../values.ts';
import type { Scalar, Value } from '../values.ts';
import { textAt } from './arguments.ts';
import { Builtin } from './builtin.ts';
import type { BuiltinSpec, Result } from './builtin.ts';

const { bool, int, string } = KIND;
const RFC3339_NANO = '2006-01-02T15:04:05.999999999Z07:00';

export const TIME: readonly Builtin[] = [
  of('Time', [string], bool, (args) => boolOf(parseTime(RFC3339_NANO, textAt(args, 0)) !== undefined)),
  of('Format', [string, string], bool, (args) => boolOf(parseTime(textAt(args, 1), textAt(args, 0)) !== undefined)),
  of('FormatString', [string, string], string, formatString),
  of('Parse', [string, string], string, parse),
  of('Unix', [int, int], string, unix),
  of('Duration', [string], bool, (args) => boolOf(parseGoDuration(textAt(args, 0)) !== undefined)),
  of('ParseDuration', [string], int, (args) => {
    const nanoseconds = parseGoDuration(textAt(args, 0));
    return nanoseconds === undefined ? { fault: 'invalid duration' } : intOf(nanoseconds);
  }),
];

export const TIME_CONSTANTS: ReadonlyMap<string, Scalar> = new Map<string, Scalar>([
  ...Object.entries({
    ...LAYOUTS,
    RFC3339Date: '2006-01-02',
    Kitchen: '3:04PM',
    Kitchen24: '15:04',
  }).map(([name, layout]) => [`time.${name}`, stringOf(layout)] as const),
  ...Object.entries({
    Nanosecond: 'ns',
    Microsecond: 'us',
    Millisecond: 'ms',
    Second: 's',
    Minute: 'm',
    Hour: 'h',
  }).map(([name, unit]) => [`time.${name}`, intOf(DURATION_UNITS[unit] ?? 0n)] as const),
  ...numbered('January February March April May June July August September October November December', 1),
  ...numbered('Sunday Monday Tuesday Wednesday Thursday Friday Saturday', 0),
]);

function numbered(names: string, first: number): (readonly [string, Scalar])[] {
  return names.split(' ').map((name, index) => [`time.${name}`, intOf(index + first)] as const);
}

function of(name: string, params: readonly number[], result: number, call: BuiltinSpec['call']): Builtin {
  return new Builtin({ name: `time.${name}`, params, result, call });
}

function parse(args: readonly Value[]): Result {
  const instant = parseTime(textAt(args, 0), textAt(args, 1));
  if (instant === undefined) return { fault: `expected a time as ${textAt(args, 0)}, found ${textAt(args, 1)}` };
  return stringOf(formatTime(RFC3339_NANO, { ...instant, offset: 0 }));
}

function formatString(args: readonly Value[]): Result {
  const instant = parseTime(RFC3339_NANO, textAt(args, 1));
  if (instant === undefined) return { fault: `expected a time of RFC 3339, found ${textAt(args, 1)}` };
  return stringOf(formatTime(textAt(args, 0), instant));
}

function unix([seconds, nanoseconds]: readonly Value[]): Result {
  const whole = seconds?.kind === 'number' ? toSafeInteger(seconds.value) : undefined;
  const parts = nanoseconds?.kind === 'number' ? toSafeInteger(nanoseconds.value) : undefined;
  if (whole === undefined || parts === undefined) return { fault: 'expected whole numbers' };
  const carried = Math.floor(parts / 1e9);
  const at = whole + carried;
  if (!Number.isFinite(new Date(at * 1000).getTime())) return { fault: 'the time is out of range' };
  return stringOf(formatTime(RFC3339_NANO, { seconds: at, nanoseconds: parts - carried * 1e9, offset: 0 }));
}
