/**
 * Alpine packages and those of its descendants. Order of apk-tools 3: numbers (after the first, one with a leading zero is compared as text),
 * a letter, suffixes `_alpha` to `_p`, `~hash`, `-rN`. Text that is no version is compared up to where it stops being one.
 */
import type { Distro, Ecosystem, Order } from './ecosystem.ts';
import type { Purl } from './purl.ts';
import { compareDigits, compareText, sign } from './semver.ts';

/** Weight of a suffix; none at all stands between `_rc` and `_cvs`. */
const SUFFIXES: ReadonlyMap<string, number> = new Map(
  ['alpha', 'beta', 'pre', 'rc', '', 'cvs', 'svn', 'git', 'hg', 'p'].map((name, weight) => [name, weight]),
);
const NO_SUFFIX = { weight: SUFFIXES.get('') ?? 4, number: '0' };

export const apk: Ecosystem = {
  purlType: 'apk',
  osvNames: ['Alpine', 'Wolfi', 'Chainguard', 'MinimOS', 'Alpaquita', 'BellSoft Hardened Containers'],
  compare: compareApkVersions,
  normalizeName: (name) => name.toLowerCase(),
  packageName: (purl) => purl.name,
  advisoryEcosystems,
  advisoryVersion: (version) => version,
};

const ROLLING: ReadonlyMap<string, string> = new Map([
  ['wolfi', 'Wolfi'],
  ['chainguard', 'Chainguard'],
  ['minimos', 'MinimOS'],
]);

function advisoryEcosystems(purl: Purl, distro?: Distro): readonly string[] {
  const id = purl.namespace ?? distro?.id ?? '';
  const rolling = ROLLING.get(id);
  if (rolling !== undefined) return [rolling];
  if (id !== 'alpine') return [];
  // `alpine-3.20.1` as written here, `3.20.1` as Trivy writes it.
  const qualifier = /^(?:alpine-)?v?(\d+\.\d+)/.exec(purl.qualifiers.get('distro') ?? '')?.[1];
  const release = qualifier ?? /^\d+\.\d+/.exec(distro?.id === 'alpine' ? (distro.versionId ?? '') : '')?.[0];
  return release === undefined ? [] : [`Alpine:v${release}`, 'Alpine'];
}

interface ApkVersion {
  readonly numbers: readonly string[];
  readonly letter: string;
  readonly suffixes: readonly { readonly weight: number; readonly number: string }[];
  readonly hash: string;
  readonly revision: string;
  /** What is no version any more. */
  readonly rest: string;
}

function compareApkVersions(left: string, right: string): Order {
  const a = split(left);
  const b = split(right);
  return (
    compareNumbers(a.numbers, b.numbers) ||
    compareText(a.letter, b.letter) ||
    compareSuffixes(a.suffixes, b.suffixes) ||
    compareText(a.hash, b.hash) ||
    compareDigits(a.revision, b.revision) ||
    sign(Number(a.rest === '') - Number(b.rest === '')) ||
    compareRest(a.rest, b.rest)
  );
}

/** Old spellings such as `6.6.2p1-r1` and `0.8.21.r2` still count by their numbers; other text has no order. */
function compareRest(left: string, right: string): Order {
  const [a, b] = [left, right].map((rest) => /^r?(\d+)(?:-r(\d+))?/.exec(rest));
  if (!a || !b) return sign(Number(Boolean(a)) - Number(Boolean(b)));
  return compareDigits(a[1] ?? '0', b[1] ?? '0') || compareDigits(a[2] ?? '0', b[2] ?? '0');
}

function split(version: string): ApkVersion {
  const text = version.trim();
  const match =
    /^(\d*(?:\.\d*)*)([a-z]?)((?:_(?:alpha|beta|pre|rc|cvs|svn|git|hg|p)\d*)*)(?:~([0-9a-f]+))?(?:-r(\d*))?/.exec(text);
  const suffixes = [...(match?.[3] ?? '').matchAll(/_([a-z]+)(\d*)/g)].map((suffix) => ({
    weight: SUFFIXES.get(suffix[1] ?? '') ?? NO_SUFFIX.weight,
    number: suffix[2] === '' ? '0' : (suffix[2] ?? '0'),
  }));
  return {
    numbers: (match?.[1] ?? '').split('.'),
    letter: match?.[2] ?? '',
    suffixes,
    hash: match?.[4] ?? '',
    revision: (match?.[5] ?? '') === '' ? '0' : (match?.[5] ?? '0'),
    rest: text.slice(match?.[0].length ?? 0),
  };
}

function compareNumbers(a: readonly string[], b: readonly string[]): Order {
  for (let index = 0; index < Math.max(a.length, b.length); index++) {
    const order = compareNumber(a[index], b[index], index);
    if (order !== 0) return order;
  }
  return 0;
}

function compareNumber(a: string | undefined, b: string | undefined, index: number): Order {
  if (a === undefined || b === undefined) return sign(Number(a !== undefined) - Number(b !== undefined));
  if (a === '' || b === '') return sign(Number(a !== '') - Number(b !== ''));
  if (index > 0 && (a.startsWith('0') || b.startsWith('0'))) return compareText(a, b);
  return compareDigits(a, b);
}

function compareSuffixes(a: ApkVersion['suffixes'], b: ApkVersion['suffixes']): Order {
  for (let index = 0; index < Math.max(a.length, b.length); index++) {
    const left = a[index] ?? NO_SUFFIX;
    const right = b[index] ?? NO_SUFFIX;
    const order = sign(left.weight - right.weight) || compareDigits(left.number, right.number);
    if (order !== 0) return order;
  }
  return 0;
}
