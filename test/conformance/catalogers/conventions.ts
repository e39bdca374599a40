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

const NAMES: Readonly<Record<string, (name: string) => string>> = {
  // Syft shows the title that the document has beside the package URL.
  bitnami: (name) => name.replaceAll('_', '-'),
  // OSV-Scalibr leaves the category out.
  portage: (name) => name.slice(name.lastIndexOf('/') + 1),
  // OSV-Scalibr leaves Maven's group out, and names by its CPE what has no package URL; titles differ in case.
  'embedded-sbom': (name) => (/^cpe:2\.3:\w:[^:]*:([^:]*)/.exec(name)?.[1] ?? name.replace(/^.*:/, '')).toLowerCase(),
  // Go's standard library is `stdlib` as a package URL has it; OSV-Scalibr calls it `go`.
  go: (name) => (name === 'go' ? 'stdlib' : name),
};

const VERSIONS: Readonly<Record<string, (version: string) => string>> = {
  // OSV-Scalibr drops the leading v; a program without a version is `(devel)` to Go and nothing to Trivy.
  go: (version) => (version === '(devel)' ? '' : version.replace(/^v/, '')),
};

/** Trivy keeps epoch and release apart from the version, OSV-Scalibr the epoch. */
export function fullVersion(entry: ExpectedPackage): string {
  const release = entry.release === undefined || entry.release === '' ? '' : `-${entry.release}`;
  const epoch = entry.epoch ?? entry.metadata?.epoch ?? 0;
  const isWhole = epoch === 0 || entry.version.startsWith(`${epoch}:`);
  return `${isWhole ? '' : `${epoch}:`}${entry.version}${release}`;
}

/** The project that a file is about is the subject of the document here; Trivy lists it as a package. */
export function isCounted(entry: ExpectedPackage): boolean {
  return entry.relationship !== 'root';
}

/** Whether a component that is not expected does not count: Trivy leaves out what is only for development, Syft Go's library. */
export function isOptional(component: Component, expectation: Expectation): boolean {
  const isStdlib = expectation.ecosystem === 'go' && component.name === 'stdlib';
  const isProgram = component.kind === 'application' && component.version === '(devel)';
  return isStdlib || isProgram || (expectation.case.startsWith('trivy-') && component.scope === 'development');
}

/** Qualifiers that each tool fills in its own way; the distribution is under `distro`, the source package in a field of its own. */
const OWN_QUALIFIERS: ReadonlySet<string> = new Set(['distro', 'upstream', 'epoch']);

/** A package URL without what is each tool's own. */
export function comparablePurl(text: string): string {
  const purl = findPurl(text);
  if (purl === undefined) return text;
  const qualifiers = [...purl.qualifiers]
    .filter(([name]) => !OWN_QUALIFIERS.has(name))
    .map((pair) => pair.join('='))
    .toSorted();
  return JSON.stringify([purl.type, purl.namespace, purl.name, purl.version, qualifiers, purl.subpath]);
}
