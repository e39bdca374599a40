/**
 * Names of the CPE dictionary (NISTIR 7695, formatted strings of 2.3) under which flaws of a package may be filed. Only the dictionary's
 * makers know which is the one: what is given here are candidates, from names that are known and from habits of each kind of package.
 */
import { KNOWN_GROUPS, KNOWN_PACKAGES, KNOWN_UPSTREAMS } from './cpe-names.ts';
import type { CpeName } from './cpe-names.ts';
import type { Purl } from './purl.ts';

/** What a backslash may quote; all else but letters, digits, `_`, `.` and `-` has no place in a name (6.2.2). */
const QUOTED = /[!-,/:-@[-^`{-~]/g;
const WRITTEN = /^(?:[\w.-]|\\[!-/:-@[-`{-~])+$/;

/** More would be guessing. */
const MAX_CANDIDATES = 4;
/** Of a name, a namespace, a version; the longest of the dictionary has some hundred letters. */
const MAX_PART = 256;

/** Undefined where a part cannot be written. `part`: `a` an application, `o` a system. */
export function formatCpe(vendor: string, product: string, version: string, part: 'a' | 'o' = 'a'): string | undefined {
  const written = [vendor.toLowerCase(), product.toLowerCase(), version].map(quoteCpe);
  return written.includes(undefined) ? undefined : `cpe:2.3:${part}:${written.join(':')}:*:*:*:*:*:*:*`;
}

/** A part as formatted strings have it; undefined where it is empty, or has letters that are not of ASCII. */
export function quoteCpe(text: string): string | undefined {
  const quoted = text.replaceAll(/\s/g, '_').replaceAll(QUOTED, String.raw`\$&`);
  if (!WRITTEN.test(quoted)) return undefined;
  // alone it would mean that there is none
  return quoted === '-' ? String.raw`\-` : quoted;
}

/** Likeliest first, a few at most; none for what has no version, or whose kind is not filed there. `source`: name of the source package. */
export function candidateCpes(purl: Purl, source?: string): readonly string[] {
  const kind = Object.hasOwn(KINDS, purl.type) ? KINDS[purl.type] : undefined;
  const parts = [purl.name, purl.version, purl.namespace, source];
  if (kind === undefined || purl.version === undefined || parts.some((part = '') => part.length > MAX_PART)) return [];
  const version = (kind.version ?? withoutMark)(purl.version);
  // what Go says of a program that was built of no release
  if (version === '(devel)') return [];
  const names = kind.names(purl, source);
  const cpes = names.map(([vendor, product, part]) => formatCpe(vendor, product, version, part));
  return [...new Set(cpes.filter((cpe) => cpe !== undefined))].slice(0, MAX_CANDIDATES);
}

interface Kind {
  readonly names: (purl: Purl, source?: string) => readonly CpeName[];
  /** As its makers gave it, without what packagers added. */
  readonly version?: (version: string) => string;
}

/** The letter that names of tags begin with: `v1.2` is 1.2. */
const withoutMark = (version: string): string => version.replace(/^v(?=\d)/, '');

/** Epoch and revision: `1:2.3.4-5+deb12u1` is 2.3.4. */
const upstreamVersion = (version: string): string => version.replace(/^\d+:/, '').replace(/-[^-]*$/, '');

/** Also what Debian says of sources that it changed: `1.2.13.dfsg` is 1.2.13, `5.1+really4.9` is 4.9. */
const debianVersion = (version: string): string =>
  upstreamVersion(version)
    .replace(/^.*[+~.]really(?=\d)/, '')
    .replace(/[+~.](?:dfsg|ds|repack)[\d.+~]*$/, '');

const KINDS: Readonly<Record<string, Kind>> = {
  deb: { names: ofSystem, version: debianVersion },
  rpm: { names: ofSystem, version: upstreamVersion },
  alpm: { names: ofSystem, version: upstreamVersion },
  apk: { names: ofSystem, version: (version) => version.replace(/-r\d+$/, '') },
  ebuild: { names: ofSystem, version: (version) => version.replace(/-r\d+$/, '') },
  brew: { names: ofSystem, version: (version) => version.replace(/_\d+$/, '') },
  nix: { names: ofSystem },
  generic: { names: ofSystem },
  bitnami: { names: ofSystem, version: (version) => version.replace(/-\d+$/, '') },
  conan: { names: ofSystem },
  conda: { names: ofSystem },
  npm: {
    names: ({ type, namespace, name }) =>
      namespace === undefined ? ofLanguage(type, name) : [[namespace.slice(1), name]],
  },
  pypi: { names: ({ type, name }) => [...ofLanguage(type, name), ['python', name]] },
  gem: { names: ({ type, name }) => ofLanguage(type, name) },
  cargo: { names: ({ type, name }) => ofLanguage(type, name) },
  hex: { names: ({ type, name }) => ofLanguage(type, name) },
  cpan: { names: ({ type, name }) => ofLanguage(type, name) },
  composer: {
    names: ({ namespace = '', name }) => [
      [namespace, name],
      [`${name}_project`, name],
    ],
  },
  nuget: {
    names: ({ name }) => [
      [name.split('.', 1)[0] ?? name, name],
      [name, name],
    ],
  },
  golang: { names: ofGo, version: (version) => version.replace(/^(?:v|go)(?=\d)/, '').replace(/\+incompatible$/, '') },
  maven: { names: ofMaven },
  github: {
    names: ({ namespace, name }) => [[namespace ?? name, name]],
  },
  swift: { names: ({ namespace = '', name }) => [[namespace.split('/').at(-1) ?? name, name]] },
};

/** Of a distribution: its sources are named as their makers name them, or nearly. */
function ofSystem({ name }: Purl, source = name): readonly CpeName[] {
  const [module] = [source, name].flatMap((one) => /^(?:python3?|py3)-(.+)$/.exec(one)?.[1] ?? []);
  if (module !== undefined) return [...ofLanguage('pypi', module), ['python', module]];
  // gcc-12, openssl3, python3.11
  const stem = source.replace(/[-.\d]+$/, '');
  const known = KNOWN_UPSTREAMS.get(source) ?? KNOWN_UPSTREAMS.get(stem) ?? KNOWN_UPSTREAMS.get(name);
  return [...(known === undefined ? [] : [known]), [source, source], [name, name]];
}

/** What nobody stands for is filed as a project. */
function ofLanguage(type: string, name: string): readonly CpeName[] {
  const known = KNOWN_PACKAGES[type]?.get(name.toLowerCase());
  return [...(known === undefined ? [] : [known]), [name, name], [`${name}_project`, name]];
}

/** `github.com/owner/product/v2`, `golang.org/x/net`. */
function ofGo({ namespace = '', name }: Purl): readonly CpeName[] {
  if (namespace === '') return name === 'stdlib' ? [['golang', 'go']] : [[name, name]];
  const [host = '', ...path] = [...namespace.split('/'), name].filter((part) => !/^v\d+$/.test(part));
  const [first, second] = path;
  const isForge = /^(?:github|gitlab|bitbucket|codeberg)\./.test(host);
  if (isForge && first !== undefined) return [[first, second ?? first]];
  const owner = host.split('.').at(-2) ?? host;
  return [[owner, (path.at(-1) ?? owner).replace(/\.v\d+$/, '')]];
}

/** `org.apache.logging.log4j:log4j-core` is of Apache, and a part of log4j. */
function ofMaven({ namespace = '', name }: Purl): readonly CpeName[] {
  const known = KNOWN_PACKAGES.maven?.get(`${namespace}:${name}`);
  const labels = namespace.split('.');
  const group = labels.map((_, index) => labels.slice(0, labels.length - index).join('.'));
  const product = group.map((prefix) => KNOWN_GROUPS.get(prefix)).find((found) => found !== undefined);
  const isHosted = /^(?:com|io)\.(?:github|gitlab)$/.test(labels.slice(0, 2).join('.'));
  const vendor = labels[isHosted ? 2 : 1] ?? namespace;
  const last = labels.at(-1) ?? '';
  return [
    ...(known === undefined ? [] : [known]),
    ...(product === undefined ? [] : [product]),
    ...(namespace === '' ? [[name, name] as const] : [[vendor, name] as const]),
    ...(labels.length > 2 && name.startsWith(`${last}-`) ? [[vendor, last] as const] : []),
  ];
}
