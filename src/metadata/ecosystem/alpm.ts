/**
 * Packages of Arch Linux and its descendants. Order: vercmp of pacman, `epoch:version-release`. Where only one has a release, pacman takes
 * them as equal, which is no order; here the one without comes first.
 */
import type { Ecosystem, Order } from './ecosystem.ts';
import { splitEvr } from './rpm.ts';
import { compareDigits, compareText, sign } from './semver.ts';

export const alpm: Ecosystem = {
  purlType: 'alpm',
  osvNames: ['Arch Linux'],
  compare: compareVersions,
  normalizeName: (name) => name.toLowerCase(),
  packageName: (purl) => purl.name,
  advisoryEcosystems: (purl) => (purl.namespace === 'arch' ? ['Arch Linux'] : []),
  advisoryVersion: (version) => version,
};

function compareVersions(left: string, right: string): Order {
  const [a, b] = [splitEvr(left), splitEvr(right)];
  return (
    compareParts(a.epoch, b.epoch) ||
    compareParts(a.version, b.version) ||
    sign(Number(a.release !== '') - Number(b.release !== '')) ||
    compareParts(a.release, b.release)
  );
}

/** Segments of digits or letters, each after a separator of some length. */
function compareParts(left: string, right: string): Order {
  const [a, b] = [left, right].map((text) => [...text.matchAll(/([^\dA-Za-z]*)(\d+|[A-Za-z]+|$)/g)]);
  for (let index = 0; ; index++) {
    const [one, other] = [partOf(a?.[index]), partOf(b?.[index])];
    if (one.segment === '' || other.segment === '') return compareEnds(one, other);
    const order = sign(one.separator - other.separator) || compareSegments(one.segment, other.segment);
    if (order !== 0) return order;
  }
}

interface Part {
  /** Its length. */
  readonly separator: number;
  /** Empty at the end. */
  readonly segment: string;
}

function partOf(match: RegExpExecArray | undefined): Part {
  return { separator: match?.[1]?.length ?? 0, segment: match?.[2] ?? '' };
}

/** What has more is newer, but for letters: `1.0rc` is before `1.0`, and `1.0.rc` after it. */
function compareEnds(one: Part, other: Part): Order {
  const [hasOne, hasOther] = [one, other].map(({ separator, segment }) => separator > 0 || segment !== '');
  if (!hasOne && !hasOther) return 0;
  // separators are passed over only where both have something
  const [a, b] = hasOne && hasOther ? [one.segment, other.segment] : [firstOf(one), firstOf(other)];
  if (a === '' && b === '') return 0;
  return (a === '' && !/^[A-Za-z]/.test(b)) || /^[A-Za-z]/.test(a) ? -1 : 1;
}

function firstOf({ separator, segment }: Part): string {
  return separator > 0 ? '.' : segment;
}

function compareSegments(one: string, other: string): Order {
  const isNumberA = /^\d/.test(one);
  const isNumberB = /^\d/.test(other);
  if (isNumberA !== isNumberB) return isNumberA ? 1 : -1;
  return isNumberA ? compareDigits(one, other) : compareText(one, other);
}
