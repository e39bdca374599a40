/**
 * Packagist. Order: version_compare of PHP: digits and words apart, `dev < alpha < beta < RC < (end) < numbers < pl`, any other word before all. A
 * literal `#`, which PHP takes as equal to every number, is here equal to the end alone, or there were no order.
 */
import type { Order } from './ecosystem.ts';
import { language } from './language.ts';
import { compareDigits, sign } from './semver.ts';

export const composer = language({
  purlType: 'composer',
  osvName: 'Packagist',
  compare: compareVersions,
  normalizeName: (name) => name.toLowerCase(),
  advisoryVersion: (version) => version.replace(/^v(?=\d)/i, ''),
});

/** By beginning, as PHP looks them up. */
const WORDS = [
  ['dev', 1],
  ['a', 2],
  ['b', 3],
  ['RC', 4],
  ['rc', 4],
  ['#', 5],
  ['p', 7],
] as const;
const [UNKNOWN, END, NUMBER] = [0, 5, 6];

function compareVersions(left: string, right: string): Order {
  const [a, b] = [partsOf(left), partsOf(right)];
  for (let index = 0; index < Math.max(a.length, b.length); index++) {
    const [one, other] = [a[index] ?? '#', b[index] ?? '#'];
    const order = sign(rankOf(one) - rankOf(other)) || (/^\d/.test(one) ? compareDigits(one, other) : 0);
    if (order !== 0) return order;
  }
  return 0;
}

function partsOf(version: string): readonly string[] {
  return (
    version
      .trim()
      .replace(/^v(?=\d)/i, '')
      .match(/\d+|[^\d.\-_+]+/g) ?? []
  );
}

function rankOf(part: string): number {
  if (/^\d/.test(part)) return NUMBER;
  if (part === '#') return END;
  return WORDS.find(([word]) => part.startsWith(word))?.[1] ?? UNKNOWN;
}
