/** Times: nanoseconds since 1970, in zones of the IANA database. The time of now is a parameter of the evaluation. */
import { parseGoDuration } from '../../go-duration.ts';
import { formatTime, LAYOUTS, parseTime, WEEKDAYS } from '../../go-time.ts';
import { fromBigInt, toBigInt } from '../number.ts';
import { builtinError } from '../evaluate/vm.ts';
import type { Vm } from '../evaluate/vm.ts';
import { isArray } from '../value.ts';
import type { RegoValue } from '../value.ts';
import { arrayAt, integerAt, numberAt, textAt, typeError } from './operands.ts';
import type { Args, Builtins } from './operands.ts';

const SECOND = 1_000_000_000n;
/** What 64 bits of nanoseconds hold: years 1677 to 2262. */
const LIMIT = 1n << 63n;

function nowOf(_args: Args, vm: Vm): RegoValue {
  return fromBigInt(BigInt(vm.now.getTime()) * 1_000_000n);
}

function checked(nanoseconds: bigint): RegoValue {
  if (nanoseconds < -LIMIT || nanoseconds >= LIMIT) throw builtinError('time outside of valid range');
  return fromBigInt(nanoseconds);
}

function parse(layout: string, text: string): RegoValue {
  const found = parseTime(LAYOUTS[layout] ?? layout, text);
  if (found === undefined)
    throw builtinError(`parsing time ${JSON.stringify(text)} as ${JSON.stringify(layout)}: cannot parse`);
  return checked(BigInt(found.seconds) * SECOND + BigInt(found.nanoseconds));
}

function parseRfc3339(args: Args): RegoValue {
  const text = textAt(args, 0);
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:\d\d)$/.test(text))
    throw builtinError(`parsing time ${JSON.stringify(text)} as "2006-01-02T15:04:05Z07:00": cannot parse`);
  return parse('RFC3339', text);
}

function parseDuration(args: Args): RegoValue {
  const text = textAt(args, 0);
  const nanoseconds = parseGoDuration(text);
  if (nanoseconds === undefined) throw builtinError(`time: invalid duration ${JSON.stringify(text)}`);
  return fromBigInt(nanoseconds);
}

interface Moment {
  readonly nanoseconds: bigint;
  readonly zone: string;
  readonly layout: string;
}

/** Nanoseconds, or an array of nanoseconds, zone and layout. */
function momentAt(args: Args, i: number): Moment {
  const value = args[i];
  const parts = isArray(value) ? arrayAt(args, i) : [value as RegoValue];
  if (parts.length === 0) throw typeError(i, value, 'either number (ns) or [number (ns), string (tz)]');
  const nanoseconds = toBigInt(numberAt(parts, 0));
  if (nanoseconds === undefined || nanoseconds < -LIMIT || nanoseconds >= LIMIT)
    throw builtinError('timestamp too big');
  const zone = parts.length > 1 ? textAt(parts, 1) : '';
  return {
    nanoseconds,
    zone: zone === '' || zone === 'Local' ? 'UTC' : zone,
    layout: parts.length > 2 ? textAt(parts, 2) : '',
  };
}

function floorDiv(a: bigint, b: bigint): bigint {
  return a >= 0n || a % b === 0n ? a / b : a / b - 1n;
}

/** Seconds east of Greenwich, and what the zone is called then. */
function zoneAt(seconds: number, zone: string): { readonly offset: number; readonly name: string } {
  if (zone === 'UTC') return { offset: 0, name: 'UTC' };
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
      era: 'short',
      timeZoneName: 'short',
    });
  } catch {
    throw builtinError(`unknown time zone ${zone}`);
  }
  const parts = new Map(format.formatToParts(new Date(seconds * 1000)).map(({ type, value }) => [type, value]));
  const number = (name: Intl.DateTimeFormatPartTypes) => Number(parts.get(name));
  const year = parts.get('era') === 'BC' ? 1 - number('year') : number('year');
  const local = Date.UTC(year, number('month') - 1, number('day'), number('hour'), number('minute'), number('second'));
  const offset = local / 1000 - seconds;
  const name = parts.get('timeZoneName') ?? '';
  return { offset, name: /^[A-Z]{3,5}$/.test(name) && name !== 'GMT' ? name : offsetName(offset, name) };
}

/** Where a zone has no name of its own, Go prints its offset. */
function offsetName(offset: number, name: string): string {
  if (name === 'GMT') return 'GMT';
  const size = Math.abs(offset);
  const [hours, minutes] = [Math.floor(size / 3600), Math.floor(size / 60) % 60].map((part) =>
    String(part).padStart(2, '0'),
  );
  return `${offset < 0 ? '-' : '+'}${hours}${minutes === '00' ? '' : minutes}`;
}

/** A time on the clock of a zone. */
interface ClockTime {
  readonly year: number;
  /** From 1. */
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly nanosecond: number;
  /** Sunday is 0. */
  readonly weekday: number;
  /** Seconds east of Greenwich. */
  readonly offset: number;
}

function clockOf({ nanoseconds, zone }: Moment): ClockTime {
  const whole = floorDiv(nanoseconds, SECOND);
  const { offset } = zoneAt(Number(whole), zone);
  const local = new Date((Number(whole) + offset) * 1000);
  return {
    year: local.getUTCFullYear(),
    month: local.getUTCMonth() + 1,
    day: local.getUTCDate(),
    hour: local.getUTCHours(),
    minute: local.getUTCMinutes(),
    second: local.getUTCSeconds(),
    nanosecond: Number(nanoseconds - whole * SECOND),
    weekday: local.getUTCDay(),
    offset,
  };
}

function format(args: Args): RegoValue {
  const moment = momentAt(args, 0);
  const { layout } = moment;
  const whole = floorDiv(moment.nanoseconds, SECOND);
  const seconds = Number(whole);
  const { offset, name: zone } = zoneAt(seconds, moment.zone);
  const time = { seconds, nanoseconds: Number(moment.nanoseconds - whole * SECOND), offset, zone };
  return formatTime(LAYOUTS[layout === '' ? 'RFC3339Nano' : layout] ?? layout, time);
}

function date(args: Args): RegoValue {
  const { year, month, day } = clockOf(momentAt(args, 0));
  return [year, month, day];
}

function clock(args: Args): RegoValue {
  const { hour, minute, second } = clockOf(momentAt(args, 0));
  return [hour, minute, second];
}

function addDate(args: Args): RegoValue {
  const moment = momentAt(args, 0);
  const [years, months, days] = [integerAt(args, 1), integerAt(args, 2), integerAt(args, 3)];
  const { year, month, day, hour, minute, second, nanosecond, offset } = clockOf(moment);
  const local = new Date(Date.UTC(2000, 0, 1, hour, minute, second));
  local.setUTCFullYear(year + years, month - 1 + months, day + days);
  const seconds = local.getTime() / 1000;
  if (!Number.isFinite(seconds)) throw builtinError('time outside of valid range');
  // the clock stands; what offset it has then is that of the new date
  const guess = zoneAt(seconds - offset, moment.zone).offset;
  const fitting = zoneAt(seconds - guess, moment.zone).offset;
  return checked(BigInt(seconds - fitting) * SECOND + BigInt(nanosecond));
}

/** Years, months, days, hours, minutes and seconds between two times, on the clock of the first one's zone. */
function diff(args: Args): RegoValue {
  const [first, second] = [momentAt(args, 0), momentAt(args, 1)];
  const moments = [first, { ...second, zone: first.zone }];
  if (first.nanoseconds > second.nanoseconds) moments.reverse();
  const [a, b] = moments.map(clockOf) as [ClockTime, ClockTime];
  let [year, month, day] = [b.year - a.year, b.month - a.month, b.day - a.day];
  let [hour, minute, seconds] = [b.hour - a.hour, b.minute - a.minute, b.second - a.second];
  if (seconds < 0) [seconds, minute] = [seconds + 60, minute - 1];
  if (minute < 0) [minute, hour] = [minute + 60, hour - 1];
  if (hour < 0) [hour, day] = [hour + 24, day - 1];
  if (day < 0) {
    const daysOfMonth = new Date(Date.UTC(a.year, a.month, 0)).getUTCDate();
    [day, month] = [day + daysOfMonth, month - 1];
  }
  if (month < 0) [month, year] = [month + 12, year - 1];
  return [year, month, day, hour, minute, seconds];
}

export const TIME: Builtins = {
  'time.now_ns': nowOf,
  'time.parse_ns': (args) => parse(textAt(args, 0), textAt(args, 1)),
  'time.parse_rfc3339_ns': parseRfc3339,
  'time.parse_duration_ns': parseDuration,
  'time.format': format,
  'time.date': date,
  'time.clock': clock,
  'time.weekday': (args) => WEEKDAYS[clockOf(momentAt(args, 0)).weekday] ?? '',
  'time.add_date': addDate,
  'time.diff': diff,
};
