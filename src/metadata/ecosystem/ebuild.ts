/**
 * Packages of Gentoo and its descendants. Order: Package Manager Specification 8, 3.3: numbers, a letter, suffixes, `-rN`. After the first, numbers
 * with a leading zero are compared as fractions. Text that is no version comes before all that are.
 */
import type { Ecosystem, Order } from './ecosystem.ts';
import { compareDigits, compareText, sign } from './semver.ts';

export const ebuild: Ecosystem = {
  purlType: 'ebuild',
  osvNames: ['Gentoo'],
  compare: compareVersions,
  normalizeName: (name) => name,
  packageName: ({ namespace, name }) => (namespace === undefined ? name : `${namespace}/${name}`),
  advisoryEcosystems: () => ['Gentoo'],
  advisoryVersion: (version) => version,
};

/** Weight of a suffix; none at all stands between `_rc` and `_p`. */
const SUFFIXES = ['alpha', 'beta', 'pre', 'rc', '', 'p'];
const VERSION = /^(\d+(?:\.\d+)*)([a-z]?)((?:_(?:alpha|beta|pre|rc|p)\d*)*)(?:-r(\d+))?$/;

function compareVersions(left: string, right: string): Order {
  const [a, b] = [VERSION.exec(left), VERSION.exec(right)];
  if (a === null || b === null) return sign(Number(a !== null) - Number(b !== null)) || compareText(left, right);
  return (
    compareNumbers(a[1] ?? '', b[1] ?? '') ||
    compareText(a[2] ?? '', b[2] ?? '') ||
    compareSuffixes(a[3] ?? '', b[3] ?? '') ||
    compareDigits(a[4] ?? '0', b[4] ?? '0')
  );
}

function compareNumbers(left: string, right: string): Order {
  const [a, b] = [left.split('.'), right.split('.')];
  for (let index = 0; index < Math.max(a.length, b.length); index++) {
    const [one, other] = [a[index], b[index]];
    if (one === undefined || other === undefined) return one === undefined ? -1 : 1;
    const isFraction = index > 0 && (one.startsWith('0') || other.startsWith('0'));
    const order = isFraction ? compareText(withoutZeros(one), withoutZeros(other)) : compareDigits(one, other);
    if (order !== 0) return order;
  }
  return 0;
}

function withoutZeros(digits: string): string {
  let end = digits.length;
  while (end > 0 && digits[end - 1] === '0') end--;
  return digits.slice(0, end);
}

function compareSuffixes(left: string, right: string): Order {
  const [a, b] = [left, right].map((text) => [...text.matchAll(/_([a-z]+)(\d*)/g)]);
  for (let index = 0; index < Math.max(a?.length ?? 0, b?.length ?? 0); index++) {
    const [one, other] = [a?.[index], b?.[index]].map((match) => ({
      weight: SUFFIXES.indexOf(match?.[1] ?? ''),
      number: match?.[2] === undefined || match[2] === '' ? '0' : match[2],
    }));
    if (one === undefined || other === undefined) return 0;
    const order = sign(one.weight - other.weight) || compareDigits(one.number, other.number);
    if (order !== 0) return order;
  }
  return 0;
}
