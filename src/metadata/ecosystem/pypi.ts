/**
 * PyPI. Order: PEP 440; what is no such version comes before all that are, in the order that setuptools had for it. Names by PEP 503.
 */
import type { Order } from './ecosystem.ts';
import { language } from './language.ts';
import { compareDigits, compareSegments, compareText, sign } from './semver.ts';

export const pypi = language({
  purlType: 'pypi',
  osvName: 'PyPI',
  compare: compareVersions,
  normalizeName: (name) => name.toLowerCase().replaceAll(/[-_.]+/g, '-'),
});

/** Appendix B of PEP 440. */
const VERSION =
  /^v?(?:(\d+)!)?(\d+(?:\.\d+)*)(?:[-_.]?(alpha|beta|preview|pre|rc|a|b|c)[-_.]?(\d*))?(?:-(\d+)|[-_.]?(?:post|rev|r)[-_.]?(\d*))?(?:[-_.]?(dev)[-_.]?(\d*))?(?:\+([a-z0-9]+(?:[-_.][a-z0-9]+)*))?$/;

/** Letters of a pre-release by weight; aliases fold to these. */
const PRE_RELEASES: ReadonlyMap<string, number> = new Map([
  ['a', 1],
  ['alpha', 1],
  ['b', 2],
  ['beta', 2],
  ['c', 3],
  ['rc', 3],
  ['pre', 3],
  ['preview', 3],
]);
/** Of `1.0.dev1`, which is before all pre-releases, and of none, which is after them. */
const [BEFORE_ALL, AFTER_ALL] = [0, 4];

function compareVersions(left: string, right: string): Order {
  const [a, b] = [left, right].map((text) => text.trim().toLowerCase());
  const [one, other] = [VERSION.exec(a ?? ''), VERSION.exec(b ?? '')];
  if (one !== null && other !== null) return compareMatches(one, other);
  return sign(Number(one !== null) - Number(other !== null)) || compareLegacy(a ?? '', b ?? '');
}

function compareMatches(a: RegExpExecArray, b: RegExpExecArray): Order {
  const [preA, preB] = [preOf(a), preOf(b)];
  return (
    compareDigits(a[1] ?? '0', b[1] ?? '0') ||
    compareReleases(a[2] ?? '', b[2] ?? '') ||
    sign(preA.weight - preB.weight) ||
    compareDigits(preA.number, preB.number) ||
    compareOptional(postOf(a), postOf(b), -1) ||
    compareOptional(numberOf(a[7], a[8]), numberOf(b[7], b[8]), 1) ||
    compareSegments(segmentsOf(a[9]), segmentsOf(b[9]))
  );
}

function preOf(match: RegExpExecArray): { readonly weight: number; readonly number: string } {
  const weight = PRE_RELEASES.get(match[3] ?? '');
  if (weight !== undefined) return { weight, number: match[4] === '' ? '0' : (match[4] ?? '0') };
  const isDevelopment = match[7] !== undefined && postOf(match) === undefined;
  return { weight: isDevelopment ? BEFORE_ALL : AFTER_ALL, number: '0' };
}

function postOf(match: RegExpExecArray): string | undefined {
  return match[5] ?? (match[6] === '' ? '0' : match[6]);
}

function numberOf(mark: string | undefined, digits: string | undefined): string | undefined {
  if (mark === undefined) return undefined;
  return digits === undefined || digits === '' ? '0' : digits;
}

/** `absent` says on which side of all numbers the lack of one stands. */
function compareOptional(a: string | undefined, b: string | undefined, absent: -1 | 1): Order {
  if (a !== undefined && b !== undefined) return compareDigits(a, b);
  if (a === b) return 0;
  return a === undefined ? absent : absent === 1 ? -1 : 1;
}

function compareReleases(left: string, right: string): Order {
  const [a, b] = [left.split('.'), right.split('.')];
  for (let index = 0; index < Math.max(a.length, b.length); index++) {
    const order = compareDigits(a[index] ?? '0', b[index] ?? '0');
    if (order !== 0) return order;
  }
  return 0;
}

const segmentsOf = (local: string | undefined) => local?.split(/[-_.]/) ?? [];

const LEGACY_WORDS: ReadonlyMap<string, string> = new Map([
  ['pre', 'c'],
  ['preview', 'c'],
  ['-', 'final-'],
  ['rc', 'c'],
  ['dev', '@'],
]);

function compareLegacy(left: string, right: string): Order {
  const [a, b] = [legacyParts(left), legacyParts(right)];
  for (let index = 0; index < Math.max(a.length, b.length); index++) {
    const [one, other] = [a[index], b[index]];
    if (one === undefined || other === undefined) return one === undefined ? -1 : 1;
    const order = compareText(one, other);
    if (order !== 0) return order;
  }
  return compareText(left, right);
}

/** Numbers padded to be compared as text, words marked by `*`, zeros before a word left out. */
function legacyParts(text: string): readonly string[] {
  const parts: string[] = [];
  for (const found of [...(text.match(/\d+|[a-z]+|\.|-|[^\da-z.-]+/g) ?? []), 'final']) {
    const part = LEGACY_WORDS.get(found) ?? found;
    if (part === '.') continue;
    if (/^\d/.test(part)) {
      parts.push(part.padStart(8, '0'));
      continue;
    }
    const word = `*${part}`;
    if (word < '*final') while (parts.at(-1) === '*final-') parts.pop();
    while (parts.at(-1) === '00000000') parts.pop();
    parts.push(word);
  }
  return parts;
}
