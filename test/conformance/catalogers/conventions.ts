/**
 * What each published scanner does in its own way, and which therefore does not count. Everything else of name, version and package
 * URL does.
 */
import { findPurl } from '../../../src/metadata/ecosystem/index.ts';
import type { Component } from '../../../src/metadata/sbom/index.ts';
import type { Expectation, ExpectedPackage } from './expectation.ts';

/** `name@version` in the form in which origins agree. */
export function keyOf(
  ecosystem: string,
  { name, version }: { readonly name: string; readonly version: string },
): string {
  return `${(NAMES[ecosystem] ?? same)(name)}@${(VERSIONS[ecosystem] ?? same)(version)}`;
}

const same = (text: string) => text;
/** OSV-Scalibr keeps a commit apart from the version. */
const withoutCommit = (version: string) => (/^[0-9a-f]{7,40}$/.test(version) ? '' : version);

const NAMES: Readonly<Record<string, (name: string) => string>> = {
  // Syft shows the title that the document has beside the package URL.
  bitnami: (name) => name.replaceAll('_', '-'),
  // OSV-Scalibr leaves the category out.
  portage: (name) => name.slice(name.lastIndexOf('/') + 1),
  // OSV-Scalibr leaves Maven's group out, and names by its CPE what has no package URL; titles differ in case.
  'embedded-sbom': (name) => (/^cpe:2\.3:\w:[^:]*:([^:]*)/.exec(name)?.[1] ?? name.replace(/^.*:/, '')).toLowerCase(),
  // Go's standard library is `stdlib` as a package URL has it; OSV-Scalibr calls it `go`.
  go: (name) => (name === 'go' ? 'stdlib' : name),
  // Spellings that PEP 503 calls equal.
  python: foldPypi,
  // Syft has the last part of the name.
  swift: (name) => name.replace(/^github\.com\/[^/]+\//, ''),
};

function foldPypi(name: string): string {
  return name.toLowerCase().replaceAll(/[-_.]+/g, '-');
}

const VERSIONS: Readonly<Record<string, (version: string) => string>> = {
  // OSV-Scalibr drops the leading v; a program without a version is `(devel)` to Go and nothing to Trivy.
  go: (version) => (version === '(devel)' ? '' : version.replace(/^v/, '')),
  dotnet: withoutCommit,
  elixir: withoutCommit,
  // what has no version is `unknown` to Trivy
  julia: (version) => (version === 'unknown' ? '' : version),
};

/** Syft names Maven packages by their artifact alone; the group is in the package URL. */
export function fullName({ name, purl }: ExpectedPackage): string {
  const maven = findPurl(purl ?? '');
  return maven?.type === 'maven' ? `${maven.namespace}:${maven.name}` : name;
}

/** Trivy keeps epoch and release apart from the version, OSV-Scalibr the epoch. */
export function fullVersion(entry: ExpectedPackage): string {
  const release = entry.release === undefined || entry.release === '' ? '' : `-${entry.release}`;
  const epoch = entry.epoch ?? entry.metadata?.epoch ?? 0;
  const isWhole = epoch === 0 || entry.version.startsWith(`${epoch}:`);
  return `${isWhole ? '' : `${epoch}:`}${entry.version}${release}`;
}

/**
 * Trivy lists the project that a file is about as a package. OSV-Scalibr names a Go module that a folder replaces by the folder, and lists Python requirements that name no version, or only the
 * lowest one: what will be installed does not follow from these, so they do not count.
 */
export function isCounted(
  entry: ExpectedPackage,
  { ecosystem, case: name }: Pick<Expectation, 'ecosystem' | 'case'>,
): boolean {
  if (entry.relationship === 'root' || (ecosystem === 'go' && entry.name.startsWith('./'))) return false;
  const isRequirement = ecosystem === 'python' && /^scalibr-python_(?:requirements|pyprojecttoml|setup)/.test(name);
  const comparator = entry.metadata?.versionComparator ?? '==';
  return !isRequirement || (entry.version !== '' && /^={2,3}$/.test(comparator));
}

/**
 * Whether a component that is not expected does not count: Trivy and Syft leave out what is only for development, Syft Go's library,
 * Trivy Go modules that a folder replaces and, in go.mod below Go 1.17, indirect ones. Not all list the project itself and its workspaces. Here these are applications without
 * a package URL, since nothing published is in them.
 */
export function isOptional(component: Component, expectation: Expectation): boolean {
  const isStdlib = expectation.ecosystem === 'go' && component.name === 'stdlib';
  const isProgram = component.kind === 'application' && component.version === '(devel)';
  const origin = expectation.case.split('-', 1)[0];
  const isForeign = LEFT_OUT[`${origin} ${expectation.ecosystem}`]?.(component) === true;
  const isUnlisted = component.scope === 'development' && !expectation.case.startsWith('scalibr-');
  const isFolder = expectation.ecosystem === 'go' && component.version === '';
  const isIndirect =
    expectation.case.startsWith('trivy-golang_mod') && component.properties['go:indirect'] !== undefined;
  return isStdlib || isProgram || isProject(component) || isForeign || isUnlisted || isFolder || isIndirect;
}

/** What each origin leaves out of an ecosystem: what is from elsewhere than its registry, what has no version. */
const LEFT_OUT: Readonly<Record<string, (component: Component) => boolean>> = {
  'scalibr julia': ({ version }) => version === '',
  'scalibr r': ({ purl }) => purl?.startsWith('pkg:cran/') !== true,
  'trivy elixir': ({ purl }) => purl?.includes('vcs_url=') === true,
  'trivy npm': ({ purl }) => purl === undefined,
};

export function isProject(component: Component): boolean {
  return component.kind === 'application' && component.purl === undefined;
}

/** Qualifiers that each tool fills in its own way; the distribution is under `distro`, the source package in a field of its own. */
const OWN_QUALIFIERS: ReadonlySet<string> = new Set(['distro', 'upstream', 'epoch', 'vcs_url']);

/** A package URL without what is each tool's own. */
export function comparablePurl(text: string): string {
  const purl = findPurl(text);
  if (purl === undefined) return text;
  const qualifiers = [...purl.qualifiers]
    .filter(([name]) => !OWN_QUALIFIERS.has(name))
    .map((pair) => pair.join('='))
    .toSorted();
  const folded = purl.type === 'pypi' ? foldPypi(purl.name) : purl.name;
  // Syft writes a subspec of CocoaPods as part of the name; the type's definition has it as subpath.
  const [name, subpath] =
    purl.type === 'cocoapods' ? [[purl.name, purl.subpath ?? []].flat().join('/')] : [folded, purl.subpath];
  return JSON.stringify([purl.type, purl.namespace, name, purl.version, qualifiers, subpath]);
}
