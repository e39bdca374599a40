/**
 * SPDX 2 as RDF/XML in the form that the SPDX tools write: packages, wherever they are nested. Not read: relationships, licence
 * expressions, which are nodes of their own.
 */
import type { XmlElement } from '../../../core/index.ts';
import { flattenNested } from '../read.ts';

const RDF = '{http://www.w3.org/1999/02/22-rdf-syntax-ns#}';

/** In the shape of the JSON. */
export function readSpdxRdf(root: XmlElement): unknown {
  const packages = flattenNested([root], ({ children }) => children).filter(({ name }) => name === 'Package');
  return { spdxVersion: 'SPDX-2.3', creationInfo: { created: '' }, packages: packages.map(readPackage) };
}

function readPackage(element: XmlElement): unknown {
  const texts = ['name', 'versionInfo', 'supplier'].flatMap((name) => {
    const text = find(element, name)?.text.trim();
    return text === undefined ? [] : [[name, text] as const];
  });
  const references = element.children.filter(({ name }) => name === 'externalRef').flatMap(({ children }) => children);
  return {
    SPDXID: lastPart(element.foreign[`${RDF}about`], '#'),
    name: '',
    ...Object.fromEntries(texts),
    licenseDeclared: readLicence(find(element, 'licenseDeclared')),
    licenseConcluded: readLicence(find(element, 'licenseConcluded')),
    externalRefs: references.map((reference) => ({
      referenceType: lastPart(find(reference, 'referenceType')?.foreign[`${RDF}resource`], '/'),
      referenceLocator: find(reference, 'referenceLocator')?.text.trim() ?? '',
    })),
  };
}

function find(element: XmlElement, name: string): XmlElement | undefined {
  return element.children.find((child) => child.name === name);
}

function readLicence(element: XmlElement | undefined): string {
  const resource = element?.foreign[`${RDF}resource`] ?? '';
  return resource.startsWith('http://spdx.org/licenses/') ? lastPart(resource, '/') : 'NOASSERTION';
}

function lastPart(text: string | undefined, separator: string): string {
  return text === undefined ? '' : text.slice(text.lastIndexOf(separator) + 1);
}
