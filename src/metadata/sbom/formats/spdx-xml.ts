/** SPDX XML: the JSON of SPDX 2 with an element for each key, a list's key once for each item. */
import type { XmlElement } from '../../../core/index.ts';

const LISTS: ReadonlySet<string> = new Set(
  (
    'annotations attributionTexts checksums creators crossRefs documentDescribes externalDocumentRefs externalRefs fileContributors ' +
    'fileDependencies fileTypes files hasExtractedLicensingInfos hasFiles licenseInfoFromFiles licenseInfoInFiles licenseInfoInSnippets ' +
    'packageVerificationCodeExcludedFiles packages ranges relationships revieweds seeAlsos snippets'
  ).split(' '),
);
/** Values that JSON does not have as text. */
const FLAGS: ReadonlySet<string> = new Set(['filesAnalyzed', 'isLive', 'isValid', 'isWayBackLink', 'match']);
const NUMBERS: ReadonlySet<string> = new Set(['lineNumber', 'offset', 'order']);

/** In the shape of the JSON. */
export function readSpdxXml(element: XmlElement): Readonly<Record<string, unknown>> {
  const groups = Map.groupBy(element.children, ({ name }) => name);
  return Object.fromEntries(
    [...groups].map(([name, children]) => {
      const values = children.map(readValue);
      return [name, LISTS.has(name) ? values : values.at(-1)];
    }),
  );
}

function readValue(element: XmlElement): unknown {
  const { name, text } = element;
  if (element.children.length > 0) return readSpdxXml(element);
  if (FLAGS.has(name) && /^\s*(?:true|false)\s*$/.test(text)) return text.trim() === 'true';
  return NUMBERS.has(name) && /^\s*\d+\s*$/.test(text) ? Number(text) : text;
}
