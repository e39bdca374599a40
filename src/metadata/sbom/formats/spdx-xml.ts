/** SPDX XML: the JSON of SPDX 2 with an element for each key, a list's key once for each item. */
import type { XmlElement } from '../../../core/index.ts';

const LISTS: ReadonlySet<string> = new Set([
  'annotations',
  'checksums',
  'creators',
  'documentDescribes',
  'externalDocumentRefs',
  'externalRefs',
  'files',
  'hasExtractedLicensingInfos',
  'hasFiles',
  'packages',
  'relationships',
  'snippets',
]);

/** In the shape of the JSON. */
export function readSpdxXml(element: XmlElement): Readonly<Record<string, unknown>> {
  const result: Record<string, unknown> = {};
  for (const child of element.children) {
    const value = child.children.length > 0 ? readSpdxXml(child) : child.text;
    const known = result[child.name];
    result[child.name] = LISTS.has(child.name) ? [...(Array.isArray(known) ? (known as unknown[]) : []), value] : value;
  }
  return result;
}
