/** Timestamps and durations: parsing, and their parts in a zone of the IANA database or at an offset. */
import { checkTimestamp } from '../operators.ts';
import { Failure } from '../values.ts';
import type { Duration, Result, Timestamp } from '../values.ts';
import { overload } from './overload.ts';
import type { Overload } from './overload.ts';

const SECOND = 1_000_000_000n;
const RFC3339 = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.(\d{1,9})\d*)?(Z|([+-])(\d\d):(\d\d))$/;

const PARTS: Readonly<Record<string, (local: Date) => number>> = {
  getFullYear: (date) => date.getUTCFullYear(),
  getMonth: (date) => date.getUTCMonth(),
  getDate: (date) => date.getUTCDate(),
  getDayOfMonth: (date) => date.getUTCDate() - 1,
  getDayOfWeek: (date) => date.getUTCDay(),
  getDayOfYear: (date) =>
    (startOfDay(date, date.getUTCMonth(), date.getUTCDate()) - startOfDay(date, 0, 1)) / 86_400_000,
  getHours: (date) => date.getUTCHours(),
  getMinutes: (date) => date.getUTCMinutes(),
  getSeconds: (date) => date.getUTCSeconds(),
  getMilliseconds: (date) => date.getUTCMilliseconds(),
};

/** Nanoseconds of the parts of a duration, whole ones only. */
const SPANS: Readonly<Record<string, (duration: Duration) => bigint>> = {
  getHours: ({ nanoseconds }) => nanoseconds / (3600n * SECOND),
  getMinutes: ({ nanoseconds }) => nanoseconds / (60n * SECOND),
  getSeconds: ({ nanoseconds }) => nanoseconds / SECOND,
  getMilliseconds: ({ nanoseconds }) => (nanoseconds / 1_000_000n) % 1000n,
};

export const TIME: readonly Overload[] = [
  ...Object.entries(PARTS).flatMap(([name, part]) => [
    overload(`.${name}`, ['timestamp'], (time) => BigInt(part(dateOf(time)))),
    overload(`.${name}`, ['timestamp', 'string'], (time, zone) => {
      const local = localDate(time, zone);
      return local instanceof Failure ? local : BigInt(part(local));
    }),
  ]),
  ...Object.entries(SPANS).map(([name, part]) => overload(`.${name}`, ['duration'], part)),
];

function startOfDay(date: Date, month: number, day: number): number {
  const start = new Date(0);
  return start.setUTCFullYear(date.getUTCFullYear(), month, day);
}

function dateOf({ nanoseconds }: Timestamp): Date {
  const milliseconds = nanoseconds / 1_000_000n;
  return new Date(Number(nanoseconds % 1_000_000n < 0n ? milliseconds - 1n : milliseconds));
}

/** A date whose parts in UTC are those in the zone. */
function localDate(time: Timestamp, zone: string): Date | Failure {
  const date = dateOf(time);
  const [, sign, hours = '', minutes = ''] = /^([+-]?)(\d{1,2}):(\d\d)$/.exec(zone) ?? [];
  if (sign !== undefined) {
    const offset = (Number(hours) * 60 + Number(minutes)) * (sign === '-' ? -1 : 1);
    return new Date(date.getTime() + offset * 60_000);
  }
  try {
    const format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
      era: 'short',
    });
    const parts = new Map(format.formatToParts(date).map(({ type, value }) => [type, value]));
    const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = (
      ['year', 'month', 'day', 'hour', 'minute', 'second'] as const
    ).map((name) => Number(parts.get(name)));
    const local = new Date(Date.UTC(2000, month - 1, day, hour, minute, second, date.getUTCMilliseconds()));
    local.setUTCFullYear(parts.get('era') === 'BC' ? 1 - year : year, month - 1, day);
    return local;
  } catch (cause) {
    if (cause instanceof RangeError) return new Failure(`unknown time zone ${JSON.stringify(zone)}`);
    throw cause;
  }
}

/** RFC 3339, in the years that timestamps have. */
export function parseTimestamp(text: string): Result {
  const [, day = '', time = '', fraction = '', , sign = '+', hours = '0', minutes = '0'] = RFC3339.exec(text) ?? [];
  const milliseconds = Date.parse(`${day}T${time}Z`);
  const isReal =
    !Number.isNaN(milliseconds) &&
    new Date(milliseconds).toISOString().startsWith(`${day}T${time}`) &&
    Number(hours) < 24 &&
    Number(minutes) < 60;
  if (!isReal) return new Failure(`expected a timestamp of RFC 3339, found ${JSON.stringify(text)}`);
  const offset = BigInt(Number(hours) * 3600 + Number(minutes) * 60) * (sign === '-' ? -1n : 1n);
  return checkTimestamp((BigInt(milliseconds / 1000) - offset) * SECOND + BigInt(fraction.padEnd(9, '0')));
}

/** RFC 3339 with as many digits of a second as are needed. */
export function formatTimestamp(time: Timestamp): string {
  const rest = ((time.nanoseconds % SECOND) + SECOND) % SECOND;
  const fraction = String(rest).padStart(9, '0').replace(/0+$/, '');
  const whole = new Date(Number((time.nanoseconds - rest) / 1_000_000n)).toISOString().slice(0, 19);
  return `${whole}${fraction === '' ? '' : `.${fraction}`}Z`;
}
