/**
 * Debian packages and those of its descendants. Order: deb-version(7), `epoch:upstream-revision` with a missing epoch and revision as 0;
 * `~` sorts before everything, even the end of a part.
 */
import type { Distro, Ecosystem, Order } from './ecosystem.ts';
import type { Purl } from './purl.ts';
import { compareDigits, sign } from './semver.ts';

export const deb: Ecosystem = {
  purlType: 'deb',
  osvNames: ['Debian', 'Ubuntu', 'Echo'],
  compare: compareDebianVersions,
  normalizeName: (name) => name.toLowerCase(),
  packageName: (purl) => purl.name,
  advisoryEcosystems,
  advisoryVersion: (version) => version,
};

function advisoryEcosystems(purl: Purl, distro?: Distro): readonly string[] {
  const qualifier = /^([a-z]+)-(\d[^-]*)$/.exec(purl.qualifiers.get('distro') ?? '');
  const id = purl.namespace ?? distro?.id;
  const versionId = qualifier?.[2] ?? (distro?.id === id ? distro?.versionId : undefined);
  if (id === 'echo') return ['Echo'];
  if (versionId === undefined) return [];
  if (id === 'debian') return [`Debian:${versionId.split('.')[0]}`, 'Debian'];
  if (id !== 'ubuntu') return [];
  const extended = distro?.isExtended === true ? [`Ubuntu:Pro:${versionId}:LTS`] : [];
  return [...extended, `Ubuntu:${versionId}:LTS`, `Ubuntu:${versionId}`, 'Ubuntu'];
}

function compareDebianVersions(left: string, right: string): Order {
  const a = split(left);
  const b = split(right);
  return compareDigits(a.epoch, b.epoch) || comparePart(a.upstream, b.upstream) || comparePart(a.revision, b.revision);
}

function split(version: string): { readonly epoch: string; readonly upstream: string; readonly revision: string } {
  const text = version.trim();
  const epoch = /^(\d+):/.exec(text)?.[1];
  const rest = epoch === undefined ? text : text.slice(epoch.length + 1);
  const dash = rest.lastIndexOf('-');
  return dash < 0
    ? { epoch: epoch ?? '0', upstream: rest, revision: '0' }
    : { epoch: epoch ?? '0', upstream: rest.slice(0, dash), revision: rest.slice(dash + 1) };
}

/** Alternating non-digits (by weight) and digits (as numbers), until one differs. */
function comparePart(left: string, right: string): Order {
  let a = left;
  let b = right;
  while (a !== '' || b !== '') {
    const textA = /^\D*/.exec(a)?.[0] ?? '';
    const textB = /^\D*/.exec(b)?.[0] ?? '';
    const order = compareWeighted(textA, textB);
    if (order !== 0) return order;
    const digitsA = /^\d*/.exec(a.slice(textA.length))?.[0] ?? '';
    const digitsB = /^\d*/.exec(b.slice(textB.length))?.[0] ?? '';
    const numeric = compareDigits(digitsA === '' ? '0' : digitsA, digitsB === '' ? '0' : digitsB);
    if (numeric !== 0) return numeric;
    a = a.slice(textA.length + digitsA.length);
    b = b.slice(textB.length + digitsB.length);
  }
  return 0;
}

function compareWeighted(a: string, b: string): Order {
  for (let index = 0; index < Math.max(a.length, b.length); index++) {
    const order = sign(weigh(a, index) - weigh(b, index));
    if (order !== 0) return order;
  }
  return 0;
}

/** `~` below the end, letters below all other characters. */
function weigh(text: string, index: number): number {
  const char = text[index];
  if (char === undefined) return 0;
  if (char === '~') return -1;
  return /[A-Za-z]/.test(char) ? char.charCodeAt(0) : char.charCodeAt(0) + 256;
}
