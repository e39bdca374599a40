/**
 * Times in the layouts of Go's package `time`: a layout shows how Mon Jan 2 15:04:05 MST 2006 is written. Covers years, months, days,
 * hours, minutes, seconds with fractions, and zones as offsets or names.
 */
import { compileRegexp, quoteRegexp } from '../../regexp.ts';

const MONTHS = 'January February March April May June July August September October November December'.split(' ');
export const WEEKDAYS = 'Sunday Monday Tuesday Wednesday Thursday Friday Saturday'.split(' ');

/** What stands for a part of a time, longest first where one begins like another. */
const CHUNKS =
  /2006|January|Jan|Monday|Mon|MST|Z070000|Z07:00:00|Z0700|Z07:00|Z07|-070000|-07:00:00|-0700|-07:00|-07|002|__2|_2|01|02|03|04|05|06|15|PM|pm|1|2|3|4|5|[.,](?:0+|9+)(?!\d)/g;

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

/** A time on the clock of a zone. */
export interface ClockTime {
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
  readonly zone: string;
}

export function formatTime(time: ClockTime, layout: string): string {
  return layout.replace(CHUNKS, (chunk, at: number) => formatChunk(time, chunk, layout, at));
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}

function formatChunk(time: ClockTime, chunk: string, layout: string, at: number): string {
  const { year, month, day, hour, minute, second } = time;
  switch (chunk) {
    case '2006':
      return String(year).padStart(4, '0');
    case '06':
      return two(year % 100);
    case 'January':
      return MONTHS[month - 1] ?? '';
    case 'Jan':
      // `Jan` begins no other word of a layout, but `January` does
      return MONTHS[month - 1]?.slice(0, 3) ?? '';
    case '01':
      return two(month);
    case '1':
      return String(month);
    case 'Monday':
      return WEEKDAYS[time.weekday] ?? '';
    case 'Mon':
      return /^Mon[a-z]/.test(layout.slice(at)) ? chunk : (WEEKDAYS[time.weekday]?.slice(0, 3) ?? '');
    case '02':
      return two(day);
    case '_2':
      return String(day).padStart(2);
    case '2':
      return String(day);
    case '002':
    case '__2':
      return String(dayOfYear(time)).padStart(3, chunk === '002' ? '0' : ' ');
    case '15':
      return two(hour);
    case '03':
      return two(hour % 12 || 12);
    case '3':
      return String(hour % 12 || 12);
    case '04':
      return two(minute);
    case '4':
      return String(minute);
    case '05':
      return two(second);
    case '5':
      return String(second);
    case 'PM':
      return hour >= 12 ? 'PM' : 'AM';
    case 'pm':
      return hour >= 12 ? 'pm' : 'am';
    case 'MST':
      return time.zone;
    default:
      return /^[.,]/.test(chunk) ? formatFraction(time.nanosecond, chunk) : formatOffset(time.offset, chunk);
  }
}

function dayOfYear({ year, month, day }: ClockTime): number {
  return Math.round((Date.UTC(year, month - 1, day) - Date.UTC(year, 0, 1)) / 86_400_000) + 1;
}

/** Zeros print all digits, nines those that are not zeros at the end. */
function formatFraction(nanosecond: number, chunk: string): string {
  const digits = String(nanosecond)
    .padStart(9, '0')
    .slice(0, chunk.length - 1);
  if (chunk[1] === '0') return `${chunk[0]}${digits}`;
  const kept = digits.replace(/0+$/, '');
  return kept === '' ? '' : `${chunk[0]}${kept}`;
}

function formatOffset(offset: number, chunk: string): string {
  if (chunk.startsWith('Z') && offset === 0) return 'Z';
  const form = chunk.replace('Z', '-');
  const size = Math.abs(offset);
  const parts = [Math.floor(size / 3600), Math.floor(size / 60) % 60, size % 60].map(two);
  const count = form.replace(/\D/g, '').length / 2;
  return (offset < 0 ? '-' : '+') + parts.slice(0, count).join(form.includes(':') ? ':' : '');
}

/** A time that was read; without a zone it is of Greenwich. */
export interface ParsedTime {
  /** Milliseconds of whole seconds since 1970. */
  readonly seconds: number;
  readonly nanosecond: number;
}

/** Undefined where the text is not written as the layout shows, or names no date. */
export function parseTime(layout: string, text: string): ParsedTime | undefined {
  const chunks: string[] = [];
  let end = 0;
  let pattern = '^';
  for (const match of layout.matchAll(CHUNKS)) {
    pattern += literal(layout.slice(end, match.index)) + patternOf(match[0]);
    chunks.push(match[0]);
    end = match.index + match[0].length;
  }
  // the layout may be anybody's: digits without anything between could be read in endless ways
  const [found] = compileRegexp(`(?i)${pattern}${literal(layout.slice(end))}$`, 'layout').findAll(text, 1);
  if (found === undefined) return undefined;
  const fields = new Map<string, string>(
    chunks.map((chunk, i) => [FIELDS[chunk] ?? fieldOf(chunk), found.groups[i + 1] ?? '']),
  );
  return assemble(fields);
}

/** Texts of a layout stand for themselves; runs of spaces for any number of them. */
function literal(text: string): string {
  return quoteRegexp(text).replace(/ +/g, ' +');
}

const FIELDS: Readonly<Record<string, string>> = {
  '2006': 'year',
  '06': 'shortYear',
  January: 'monthName',
  Jan: 'monthName',
  '01': 'month',
  '1': 'month',
  Monday: 'weekday',
  Mon: 'weekday',
  '02': 'day',
  _2: 'day',
  '2': 'day',
  '002': 'yearDay',
  __2: 'yearDay',
  '15': 'hour',
  '03': 'hour12',
  '3': 'hour12',
  '04': 'minute',
  '4': 'minute',
  '05': 'second',
  '5': 'second',
  PM: 'half',
  pm: 'half',
  MST: 'zone',
};

function fieldOf(chunk: string): string {
  return /^[.,]/.test(chunk) ? 'fraction' : 'offset';
}

function patternOf(chunk: string): string {
  switch (FIELDS[chunk]) {
    case 'year':
      return '(\\d{4})';
    case 'monthName':
      return chunk === 'Jan' ? `(${MONTHS.map((name) => name.slice(0, 3)).join('|')})` : `(${MONTHS.join('|')})`;
    case 'weekday':
      return chunk === 'Mon' ? `(${WEEKDAYS.map((name) => name.slice(0, 3)).join('|')})` : `(${WEEKDAYS.join('|')})`;
    case 'yearDay':
      return '( *\\d{1,3})';
    case 'half':
      return '([AP]M)';
    case 'zone':
      return '([A-Z]{3,5}|[+-]\\d{2,4})';
    case 'second':
      // a fraction may follow seconds also where the layout shows none
      return '(\\d{1,2}(?:[.,]\\d+)?)';
    case undefined:
      break;
    default:
      return chunk === '_2' ? '( ?\\d{1,2})' : chunk.length === 1 || chunk === '15' ? '(\\d{1,2})' : '(\\d{2})';
  }
  if (fieldOf(chunk) === 'fraction') return chunk[1] === '0' ? `([.,]\\d{${chunk.length - 1}})` : '([.,]\\d*)?';
  const digits = chunk.replace(/^[Z-]/, '').replace(/\d\d/g, '\\d\\d');
  return chunk.startsWith('Z') ? `(Z|[+-]${digits})` : `([+-]${digits})`;
}

function assemble(fields: ReadonlyMap<string, string>): ParsedTime | undefined {
  const number = (name: string, otherwise: number) => Number(fields.get(name)?.trim() || otherwise);
  const short = number('shortYear', -1);
  const year = short < 0 ? number('year', 0) : short + (short >= 69 ? 1900 : 2000);
  const name = fields.get('monthName')?.toLowerCase();
  let month = name === undefined ? number('month', 1) : MONTHS.findIndex((m) => m.toLowerCase().startsWith(name)) + 1;
  let day = number('day', 1);
  const yearDay = fields.get('yearDay');
  if (yearDay !== undefined) [month, day] = [1, Number(yearDay)];
  const isLate = fields.get('half')?.toLowerCase() === 'pm';
  const hour12 = fields.get('hour12');
  const hour = hour12 === undefined ? number('hour', 0) : (Number(hour12) % 12) + (isLate ? 12 : 0);
  const minute = number('minute', 0);
  const [second = '0', tail = ''] = (fields.get('second') ?? '0').split(/[.,]/);
  const fraction = tail || (fields.get('fraction') ?? '').slice(1);
  if (month < 1 || month > 12 || hour > 23 || minute > 59 || Number(second) > 59) return undefined;
  const start = new Date(Date.UTC(2000, month - 1, day, hour, minute, Number(second)));
  start.setUTCFullYear(year, month - 1, day);
  if (day < 1 || (yearDay === undefined && start.getUTCDate() !== day)) return undefined;
  const offset = offsetOf(fields.get('offset') ?? '');
  return { seconds: start.getTime() / 1000 - offset, nanosecond: Number(fraction.slice(0, 9).padEnd(9, '0')) };
}

function offsetOf(text: string): number {
  const [hours = '0', minutes = '0', seconds = '0'] = text.match(/\d\d/g) ?? [];
  const size = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
  return text.startsWith('-') ? -size : size;
}
