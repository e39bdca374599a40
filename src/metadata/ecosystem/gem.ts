/** RubyGems. Order: Gem::Version: words make a pre-release, zeros before a word and at the end count for nothing. */
import type { Order } from './ecosystem.ts';
import { language } from './language.ts';
import { compareDigits, compareText } from './semver.ts';

export const gem = language({ purlType: 'gem', osvName: 'RubyGems', compare: compareVersions });

function compareVersions(left: string, right: string): Order {
  const [a, b] = [segmentsOf(left), segmentsOf(right)];
  for (let index = 0; index < Math.max(a.length, b.length); index++) {
    const [one, other] = [a[index] ?? '0', b[index] ?? '0'];
    const [isNumberA, isNumberB] = [/^\d/.test(one), /^\d/.test(other)];
    if (isNumberA !== isNumberB) return isNumberA ? 1 : -1;
    const order = isNumberA ? compareDigits(one, other) : compareText(one, other);
    if (order !== 0) return order;
  }
  return 0;
}

/** Numbers up to the first word, then the rest, each without zeros at its end. */
function segmentsOf(version: string): readonly string[] {
  const segments = version.replaceAll('-', '.pre.').match(/\d+|[A-Za-z]+/g) ?? [];
  const word = segments.findIndex((segment) => !/^\d/.test(segment));
  const numbers = word < 0 ? segments : segments.slice(0, word);
  return [...withoutZeros(numbers), ...withoutZeros(word < 0 ? [] : segments.slice(word))];
}

function withoutZeros(segments: readonly string[]): readonly string[] {
  return segments.slice(0, segments.findLastIndex((segment) => !/^0+$/.test(segment)) + 1);
}
