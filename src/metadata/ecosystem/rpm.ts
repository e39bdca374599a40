/**
 * RPM packages of all distributions that use them. Order: rpmvercmp of rpm 4.15 and later over epoch, version and release; a missing epoch
 * is 0. `~` sorts before everything, even the end; `^` after the end and before all else; separators count for nothing.
 */
import type { Distro, Ecosystem, Order } from './ecosystem.ts';
import type { Purl } from './purl.ts';
import { compareDigits, compareText, sign } from './semver.ts';

export const rpm: Ecosystem = {
  purlType: 'rpm',
  osvNames: [
    'Red Hat',
    'AlmaLinux',
    'Rocky Linux',
    'SUSE',
    'openSUSE',
    'Mageia',
    'openEuler',
    'Photon OS',
    'Azure Linux',
  ],
  compare: compareRpmVersions,
  normalizeName: (name) => name,
  packageName: (purl) => purl.name,
  advisoryEcosystems,
  advisoryVersion: (version) => version,
};

/** By the namespace of a package URL; the release as the distribution's records name it. */
const RELEASES: Readonly<Record<string, (version: string, distro?: Distro) => readonly string[]>> = {
  almalinux: (version) => [`AlmaLinux:${majorOf(version)}`, 'AlmaLinux'],
  rocky: (version) => [`Rocky Linux:${majorOf(version)}`, 'Rocky Linux'],
  redhat: (version) => REPOSITORIES.map((name) => `Red Hat:enterprise_linux:${majorOf(version)}::${name}`),
  suse: (_, distro) => (distro?.prettyName === undefined ? [] : [`SUSE:${distro.prettyName.replace(/^SUSE /, '')}`]),
  opensuse: (version) => (/^\d{8}$/.test(version) ? ['openSUSE:Tumbleweed'] : [`openSUSE:Leap ${version}`]),
  mageia: (version) => [`Mageia:${version}`],
  openeuler: (version, distro) => {
    const pack = /\((LTS[^)]*)\)/.exec(distro?.prettyName ?? '')?.[1];
    return [pack === undefined ? `openEuler:${version}` : `openEuler:${version}-${pack}`];
  },
  photon: (version) => [`Photon OS:${version}`],
  azurelinux: (version) => [`Azure Linux:${majorOf(version)}`],
};

/** Of Red Hat Enterprise Linux; which ones a host takes is not known, and a package is in one of them. */
const REPOSITORIES = [
  'baseos',
  'appstream',
  'crb',
  'highavailability',
  'resilientstorage',
  'nfv',
  'realtime',
  'sap',
  'sap_hana',
  'supplementary',
];

const NAMESPACES: ReadonlyMap<string, string> = new Map([
  ['rhel', 'redhat'],
  ['sles', 'suse'],
  ['opensuse-leap', 'opensuse'],
  ['opensuse-tumbleweed', 'opensuse'],
]);

function advisoryEcosystems(purl: Purl, distro?: Distro): readonly string[] {
  const fold = (id: string) => NAMESPACES.get(id) ?? id;
  const namespace = fold(purl.namespace ?? distro?.id ?? '');
  const own = distro !== undefined && fold(distro.id) === namespace ? distro : undefined;
  const qualifier = /^.*-(\d[\w.]*)$/.exec(purl.qualifiers.get('distro') ?? '')?.[1];
  const version = qualifier ?? own?.versionId;
  const releases = Object.hasOwn(RELEASES, namespace) ? RELEASES[namespace] : undefined;
  return version === undefined ? [] : (releases?.(version, own) ?? []);
}

function majorOf(version: string): string {
  return version.split('.', 1)[0] ?? '';
}

function compareRpmVersions(left: string, right: string): Order {
  const [a, b] = [splitEvr(left), splitEvr(right)];
  return (
    compareRpmParts(a.epoch, b.epoch) || compareRpmParts(a.version, b.version) || compareRpmParts(a.release, b.release)
  );
}

interface Evr {
  readonly epoch: string;
  readonly version: string;
  readonly release: string;
}

/** `epoch:version-release`, of which only the version must be there. */
export function splitEvr(text: string): Evr {
  const colon = text.indexOf(':');
  const rest = text.slice(colon + 1);
  const dash = rest.lastIndexOf('-');
  return {
    epoch: colon < 1 ? '0' : text.slice(0, colon),
    version: dash < 0 ? rest : rest.slice(0, dash),
    release: dash < 0 ? '' : rest.slice(dash + 1),
  };
}

/** Segments of digits or letters, `~` and `^`. */
function compareRpmParts(left: string, right: string): Order {
  const [a, b] = [left, right].map((text) => text.match(/\d+|[A-Za-z]+|~|\^/g) ?? []);
  for (let index = 0; ; index++) {
    const [one, other] = [a?.[index], b?.[index]];
    if (one === undefined && other === undefined) return 0;
    const order = sign(rankOf(one) - rankOf(other)) || compareSegment(one ?? '', other ?? '');
    if (order !== 0) return order;
  }
}

function rankOf(segment: string | undefined): number {
  if (segment === '~') return 0;
  if (segment === undefined) return 1;
  if (segment === '^') return 2;
  return /^\d/.test(segment) ? 4 : 3;
}

function compareSegment(one: string, other: string): Order {
  return /^\d/.test(one) ? compareDigits(one, other) : compareText(one, other);
}
