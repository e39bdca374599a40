/** Durations as Go writes them: `1h30m`, `-1.5s`. */

const SECOND = 1_000_000_000n;
/** Nanoseconds of a unit. */
export const DURATION_UNITS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1000n,
  µs: 1000n,
  μs: 1000n,
  ms: 1_000_000n,
  s: SECOND,
  m: 60n * SECOND,
  h: 3600n * SECOND,
};

/** Nanoseconds in 64 bits; undefined for what is no duration. */
export function parseGoDuration(text: string): bigint | undefined {
  const [, sign = '', body = ''] = /^([+-]?)(.*)$/s.exec(text) ?? [];
  if (body === '0') return 0n;
  const parts = [...body.matchAll(/(\d*)(?:\.(\d*))?(ns|us|µs|μs|ms|s|m|h)/gy)];
  const isWhole = parts.map(([all]) => all).join('') === body;
  if (parts.length === 0 || !isWhole || parts.some(([, whole, fraction]) => `${whole}${fraction ?? ''}` === ''))
    return undefined;
  const total = parts.reduce((sum, [, whole = '', fraction = '', unit = '']) => {
    const scale = DURATION_UNITS[unit] ?? 0n;
    return sum + BigInt(whole || '0') * scale + (BigInt(fraction || '0') * scale) / 10n ** BigInt(fraction.length);
  }, 0n);
  if (total > (1n << 63n) - (sign === '-' ? 0n : 1n)) return undefined;
  return sign === '-' ? -total : total;
}
