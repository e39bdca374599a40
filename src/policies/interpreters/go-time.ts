/**
 * Points in time by the layouts of Go's package `time` (2006-01-02T15:04:05Z07:00). Zone abbreviations are read and count as UTC, as in a Go program
 * that runs in UTC. Weekdays are read and not compared with the date.
 */

/** A point in time. */
export interface GoTime {
  /** Whole seconds since 1970. */
  readonly seconds: number;
  readonly nanoseconds: number;
  /** Seconds east of UTC that it is written with. */
  readonly offset: number;
  /** What that zone is called; its offset, or UTC, when absent. */
  readonly zone?: string;
}

/** Layouts that the package has names for. */
export const LAYOUTS: Readonly<Record<string, string>> = {
  ANSIC: 'Mon Jan _2 15:04:05 2006',
  UnixDate: 'Mon Jan _2 15:04:05 MST 2006',
  RubyDate: 'Mon Jan 02 15:04:05 -0700 2006',
  RFC822: '02 Jan 06 15:04 MST',
  RFC822Z: '02 Jan 06 15:04 -0700',
  RFC850: 'Monday, 02-Jan-06 15:04:05 MST',
  RFC1123: 'Mon, 02 Jan 2006 15:04:05 MST',
  RFC1123Z: 'Mon, 02 Jan 2006 15:04:05 -0700',
  RFC3339: '2006-01-02T15:04:05Z07:00',
  RFC3339Nano: '2006-01-02T15:04:05.999999999Z07:00',
};

const MONTHS: readonly string[] =
  'January February March April May June July August September October November December'.split(' ');
export const WEEKDAYS: readonly string[] = 'Sunday Monday Tuesday Wednesday Thursday Friday Saturday'.split(' ');

const CHUNKS =
  /January|Jan(?![a-z])|Monday|Mon(?![a-z])|MST|2006|_2006|__2|_2|002|01|02|03|04|05|06|15|PM|pm|[Z-]07:00:00|[Z-]070000|[Z-]07:00|[Z-]0700|[Z-]07|[.,](?:0+|9+)(?!\d)|[12345]/g;

interface Parts {
  year: number;
  month: number;
  day: number;
  dayOfYear: number | undefined;
  hour: number;
  isAfternoon: boolean | undefined;
  minute: number;
  second: number;
  nanoseconds: number;
  offset: number;
}

/** Text that stays to be read. */
interface Rest {
  text: string;
}

/** Undefined where the text does not have the layout or names no time there is. */
export function parseTime(layout: string, text: string): GoTime | undefined {
  const parts: Parts = {
    year: 0,
    month: 1,
    day: 1,
    dayOfYear: undefined,
    hour: 0,
    isAfternoon: undefined,
    minute: 0,
    second: 0,
    nanoseconds: 0,
    offset: 0,
  };
  const rest: Rest = { text };
  let at = 0;
  const chunks = [...layout.matchAll(CHUNKS)];
  for (const [index, match] of chunks.entries()) {
    if (!skipLiteral(layout.slice(at, match.index), rest)) return undefined;
    at = match.index + match[0].length;
    if (!readChunk(match[0], parts, rest)) return undefined;
    const isSecond = match[0] === '05' || match[0] === '5';
    const next = chunks[index + 1];
    const isFractionNext = next?.index === at && /^[.,]/.test(next[0]);
    if (isSecond && !isFractionNext) readFraction(parts, rest);
  }
  if (!skipLiteral(layout.slice(at), rest) || rest.text !== '') return undefined;
  return instantOf(parts);
}

/** Blanks of the layout match any number of blanks but none at all at the end. */
function skipLiteral(literal: string, rest: Rest): boolean {
  let { text } = rest;
  for (let at = 0; at < literal.length; at += 1) {
    if (literal[at] === ' ') {
      if (text !== '' && text[0] !== ' ') return false;
      text = text.replace(/^ +/, '');
      while (literal[at + 1] === ' ') at += 1;
    } else if (text[0] === literal[at]) text = text.slice(1);
    else return false;
  }
  rest.text = text;
  return true;
}

function take(pattern: RegExp, rest: Rest): string | undefined {
  const found = pattern.exec(rest.text)?.[0];
  if (found !== undefined) rest.text = rest.text.slice(found.length);
  return found;
}

function readNumber(rest: Rest, isFixed: boolean): number {
  return Number(take(isFixed ? /^\d\d/ : /^\d\d?/, rest) ?? Number.NaN);
}

function readName(names: readonly string[], length: number | undefined, rest: Rest): number {
  const found = names.findIndex((name) => {
    const wanted = length === undefined ? name : name.slice(0, length);
    return rest.text.slice(0, wanted.length).toLowerCase() === wanted.toLowerCase();
  });
  if (found < 0) return Number.NaN;
  rest.text = rest.text.slice(length ?? (names[found] ?? '').length);
  return found;
}

function readChunk(chunk: string, parts: Parts, rest: Rest): boolean {
  const set = (key: 'year' | 'month' | 'day' | 'hour' | 'minute' | 'second' | 'dayOfYear', value: number) => {
    parts[key] = value;
    return !Number.isNaN(value);
  };
  switch (chunk) {
    case 'January':
      return set('month', readName(MONTHS, undefined, rest) + 1);
    case 'Jan':
      return set('month', readName(MONTHS, 3, rest) + 1);
    case 'Monday':
      return !Number.isNaN(readName(WEEKDAYS, undefined, rest));
    case 'Mon':
      return !Number.isNaN(readName(WEEKDAYS, 3, rest));
    case 'MST':
      return readZone(rest);
    case '2006':
      return set('year', Number(take(/^\d{4}/, rest) ?? Number.NaN));
    case '_2006':
      return take(/^_/, rest) !== undefined && set('year', Number(take(/^\d{4}/, rest) ?? Number.NaN));
    case '06': {
      const year = readNumber(rest, true);
      return set('year', year >= 69 ? year + 1900 : year + 2000);
    }
    case '01':
    case '1':
      return set('month', readNumber(rest, chunk === '01'));
    case '_2':
    case '02':
    case '2':
      if (chunk === '_2') take(/^ /, rest);
      return set('day', readNumber(rest, chunk === '02'));
    case '__2':
      take(/^ {0,2}/, rest);
      return set('dayOfYear', Number(take(/^\d{1,3}/, rest) ?? Number.NaN));
    case '002':
      return set('dayOfYear', Number(take(/^\d{3}/, rest) ?? Number.NaN));
    default:
      return readClock(chunk, parts, rest);
  }
}

/** Three letters, four or five that end in T, a few others, or the hours of an offset. */
function readZone(rest: Rest): boolean {
  const [, hours = '0'] = /^(?:GMT)?[+-](\d+)/.exec(rest.text) ?? [];
  if (Number(hours) > 23) return rest.text.startsWith('GMT') && take(/^GMT/, rest) !== undefined;
  const found = take(/^(?:ChST|MeST|GMT(?:[+-]\d+)?|[+-]\d+|[A-Z]{3,4}T|WITA|[A-Z]{3})(?![A-Z])/, rest);
  return found !== undefined;
}

function readClock(chunk: string, parts: Parts, rest: Rest): boolean {
  switch (chunk) {
    case '15':
      parts.hour = readNumber(rest, false);
      return parts.hour < 24;
    case '03':
    case '3':
      parts.hour = readNumber(rest, chunk === '03');
      return parts.hour <= 12;
    case '04':
    case '4':
      parts.minute = readNumber(rest, chunk === '04');
      return parts.minute < 60;
    case '05':
    case '5':
      parts.second = readNumber(rest, chunk === '05');
      return parts.second < 60;
    case 'PM':
    case 'pm': {
      const half = take(chunk === 'PM' ? /^[AP]M/ : /^[ap]m/, rest);
      parts.isAfternoon = half?.toLowerCase() === 'pm';
      return half !== undefined;
    }
    default:
      return /^[.,]/.test(chunk) ? readDigits(chunk, parts, rest) : readOffset(chunk, parts, rest);
  }
}

function readDigits(chunk: string, parts: Parts, rest: Rest): boolean {
  if (chunk[1] === '9') {
    readFraction(parts, rest);
    return true;
  }
  const found = take(new RegExp(`^[.,]\\d{${chunk.length - 1}}`), rest);
  parts.nanoseconds = fraction(found ?? '');
  return found !== undefined;
}

function readFraction(parts: Parts, rest: Rest): void {
  const found = take(/^[.,]\d+/, rest);
  if (found !== undefined) parts.nanoseconds = fraction(found);
}

function fraction(text: string): number {
  return Number(text.slice(1, 10).padEnd(9, '0'));
}

function readOffset(chunk: string, parts: Parts, rest: Rest): boolean {
  if (chunk.startsWith('Z') && take(/^Z/, rest) !== undefined) return true;
  const pattern = chunk.slice(1).replace(/\d\d/g, String.raw`(\d\d)`);
  const match = new RegExp(`^([+-])${pattern}`).exec(rest.text);
  if (match === null) return false;
  rest.text = rest.text.slice(match[0].length);
  const [, sign, hours = '0', minutes = '0', seconds = '0'] = match;
  if (Number(hours) > 24 || Number(minutes) > 60 || Number(seconds) > 60) return false;
  const size = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
  parts.offset = sign === '-' ? -size : size;
  return true;
}

function instantOf(parts: Parts): GoTime | undefined {
  const { year, minute, second, nanoseconds, offset, isAfternoon } = parts;
  let { month, day, hour } = parts;
  if (isAfternoon === true && hour < 12) hour += 12;
  else if (isAfternoon === false && hour === 12) hour = 0;
  if (parts.dayOfYear !== undefined) {
    const date = new Date(utc(year, 1, parts.dayOfYear));
    if (parts.dayOfYear < 1 || date.getUTCFullYear() !== year) return undefined;
    [month, day] = [date.getUTCMonth() + 1, date.getUTCDate()];
  }
  if (month < 1 || month > 12 || day < 1 || day > new Date(utc(year, month + 1, 0)).getUTCDate()) return undefined;
  const seconds = utc(year, month, day) / 1000 + hour * 3600 + minute * 60 + second - offset;
  return { seconds, nanoseconds, offset };
}

/** Milliseconds since 1970; years below 100 are those, too. */
function utc(year: number, month: number, day: number): number {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  return date.getTime();
}

export function formatTime(layout: string, time: GoTime): string {
  const date = new Date((time.seconds + time.offset) * 1000);
  return layout.replace(CHUNKS, (chunk) => formatChunk(chunk, date, time));
}

function formatChunk(chunk: string, date: Date, { nanoseconds, offset, zone }: GoTime): string {
  const two = (value: number) => String(value).padStart(2, '0');
  const month = date.getUTCMonth();
  const day = date.getUTCDate();
  const hour = date.getUTCHours();
  const dayOfYear = Math.round((date.getTime() - utc(date.getUTCFullYear(), 1, 1)) / 86_400_000 + 0.5);
  const formats: Readonly<Record<string, () => string>> = {
    January: () => MONTHS[month] ?? '',
    Jan: () => (MONTHS[month] ?? '').slice(0, 3),
    Monday: () => WEEKDAYS[date.getUTCDay()] ?? '',
    Mon: () => (WEEKDAYS[date.getUTCDay()] ?? '').slice(0, 3),
    MST: () => zone ?? (offset === 0 ? 'UTC' : formatOffset('-0700', offset)),
    '2006': () => String(date.getUTCFullYear()).padStart(4, '0'),
    _2006: () => `_${String(date.getUTCFullYear()).padStart(4, '0')}`,
    '06': () => two(date.getUTCFullYear() % 100),
    '01': () => two(month + 1),
    '1': () => String(month + 1),
    '02': () => two(day),
    _2: () => String(day).padStart(2, ' '),
    '2': () => String(day),
    '002': () => String(dayOfYear).padStart(3, '0'),
    __2: () => String(dayOfYear).padStart(3, ' '),
    '15': () => two(hour),
    '03': () => two(hour % 12 || 12),
    '3': () => String(hour % 12 || 12),
    '04': () => two(date.getUTCMinutes()),
    '4': () => String(date.getUTCMinutes()),
    '05': () => two(date.getUTCSeconds()),
    '5': () => String(date.getUTCSeconds()),
    PM: () => (hour >= 12 ? 'PM' : 'AM'),
    pm: () => (hour >= 12 ? 'pm' : 'am'),
  };
  const format = formats[chunk];
  if (format !== undefined) return format();
  if (!/^[.,]/.test(chunk)) return formatOffset(chunk, offset);
  const digits = String(nanoseconds)
    .padStart(9, '0')
    .slice(0, chunk.length - 1);
  if (chunk[1] === '0') return chunk.slice(0, 1) + digits.padEnd(chunk.length - 1, '0');
  const short = digits.replace(/0+$/, '');
  return short === '' ? '' : chunk.slice(0, 1) + short;
}

function formatOffset(chunk: string, shift: number): string {
  if (chunk.startsWith('Z') && shift === 0) return 'Z';
  const size = Math.abs(shift);
  const numbers = [Math.floor(size / 3600), Math.floor(size / 60) % 60, size % 60];
  let index = 0;
  const digits = chunk.slice(1).replace(/\d\d/g, () => String(numbers[index++] ?? 0).padStart(2, '0'));
  return (shift < 0 ? '-' : '+') + digits;
}
