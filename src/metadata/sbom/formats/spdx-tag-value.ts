/** SPDX tag-value (SPDX 2.3, chapters 6 to 12) as another spelling of the JSON of SPDX 2. Reviews are passed over. */
import { AppError, isRecord, recordsOf } from '../../../core/index.ts';

type Document = Readonly<Record<string, unknown>>;

/** Tags of one line each, with the key of JSON, in the order in which they are written. */
const DOCUMENT_TAGS = {
  SPDXVersion: 'spdxVersion',
  DataLicense: 'dataLicense',
  SPDXID: 'SPDXID',
  DocumentName: 'name',
  DocumentNamespace: 'documentNamespace',
  DocumentComment: 'comment',
} as const;
const PACKAGE_TAGS = {
  PackageName: 'name',
  SPDXID: 'SPDXID',
  PackageVersion: 'versionInfo',
  PackageFileName: 'packageFileName',
  PackageSupplier: 'supplier',
  PackageOriginator: 'originator',
  PackageDownloadLocation: 'downloadLocation',
  FilesAnalyzed: 'filesAnalyzed',
  PackageHomePage: 'homepage',
  PackageSourceInfo: 'sourceInfo',
  PackageLicenseConcluded: 'licenseConcluded',
  PackageLicenseDeclared: 'licenseDeclared',
  PackageCopyrightText: 'copyrightText',
  PackageSummary: 'summary',
  PackageDescription: 'description',
  PackageComment: 'comment',
  PrimaryPackagePurpose: 'primaryPackagePurpose',
} as const;
const FILE_TAGS = {
  FileName: 'fileName',
  SPDXID: 'SPDXID',
  LicenseConcluded: 'licenseConcluded',
  LicenseComments: 'licenseComments',
  FileCopyrightText: 'copyrightText',
  FileComment: 'comment',
  FileNotice: 'noticeText',
} as const;
const FILE_LISTS: ReadonlyMap<string, string> = new Map([
  ['FileType', 'fileTypes'],
  ['LicenseInfoInFile', 'licenseInfoInFiles'],
  ['FileContributor', 'fileContributors'],
]);
const SNIPPET_TAGS = {
  SnippetSPDXID: 'SPDXID',
  SnippetFromFileSPDXID: 'snippetFromFile',
  SnippetLicenseConcluded: 'licenseConcluded',
  SnippetCopyrightText: 'copyrightText',
  SnippetComment: 'comment',
  SnippetName: 'name',
} as const;
const RANGE_UNITS: ReadonlyMap<string, string> = new Map([
  ['SnippetByteRange', 'offset'],
  ['SnippetLineRange', 'lineNumber'],
]);
const LICENCE_TAGS = { LicenseID: 'licenseId', ExtractedText: 'extractedText', LicenseName: 'name' } as const;
const ANNOTATION_TAGS = {
  Annotator: 'annotator',
  AnnotationDate: 'annotationDate',
  AnnotationType: 'annotationType',
} as const;
/** Tags whose value may have several lines, between `<text>` and `</text>`. */
const LONG = /^(?:PackageCopyrightText|Package(?:Summary|Description|Comment)|ExtractedText|.*Comment)$/;

export function writeTagValue(document: Document): string {
  const info = isRecord(document.creationInfo) ? document.creationInfo : {};
  const lines = [
    ...formatTags(DOCUMENT_TAGS, document),
    ...strings(info.creators).map((creator) => `Creator: ${creator}`),
    `Created: ${String(info.created)}`,
    ...recordsOf(document.annotations).flatMap((annotation) => formatAnnotation(annotation, document.SPDXID)),
  ];
  for (const entry of recordsOf(document.packages)) lines.push('', ...formatPackage(entry));
  for (const licence of recordsOf(document.hasExtractedLicensingInfos))
    lines.push('', ...formatTags(LICENCE_TAGS, licence));
  lines.push('');
  for (const { spdxElementId, relationshipType, relatedSpdxElement } of recordsOf(document.relationships)) {
    lines.push(`Relationship: ${String(spdxElementId)} ${String(relationshipType)} ${String(relatedSpdxElement)}`);
  }
  return `${lines.join('\n')}\n`;
}

function formatPackage(entry: Document): readonly string[] {
  const { primaryPackagePurpose: purpose } = entry;
  const spelled = typeof purpose === 'string' ? { primaryPackagePurpose: purpose.replace('_', '-') } : {};
  return [
    ...formatTags(PACKAGE_TAGS, { ...entry, ...spelled }),
    ...recordsOf(entry.checksums).map(
      ({ algorithm, checksumValue }) => `PackageChecksum: ${String(algorithm)}: ${String(checksumValue)}`,
    ),
    ...recordsOf(entry.externalRefs).map(
      ({ referenceCategory, referenceType, referenceLocator }) =>
        `ExternalRef: ${String(referenceCategory).replace('_', '-')} ${String(referenceType)} ${String(referenceLocator)}`,
    ),
    ...recordsOf(entry.annotations).flatMap((annotation) => formatAnnotation(annotation, entry.SPDXID)),
  ];
}

function formatAnnotation(annotation: Document, of: unknown): readonly string[] {
  const comment = `AnnotationComment: ${formatLong(String(annotation.comment))}`;
  return [...formatTags(ANNOTATION_TAGS, annotation), `SPDXREF: ${String(of)}`, comment];
}

function formatTags(tags: Readonly<Record<string, string>>, values: Document): readonly string[] {
  return Object.entries(tags).flatMap(([tag, key]) => {
    const value = values[key];
    if (typeof value !== 'string' && typeof value !== 'boolean') return [];
    const text = String(value);
    return [`${tag}: ${LONG.test(tag) && text !== 'NOASSERTION' ? formatLong(text) : joinLines(text)}`];
  });
}

/** One pattern for spaces around a line's end would look at each run of them from each of its places. */
function joinLines(text: string): string {
  return text.replaceAll(/\s+/g, (spaces) => (spaces.includes('\n') ? ' ' : spaces));
}

function formatLong(text: string): string {
  return `<text>${text.replaceAll('</text>', '< /text>')}</text>`;
}

interface Tag {
  readonly name: string;
  readonly value: string;
  readonly line: number;
}

/** In the shape of the JSON. Throws `invalid-input` with the line. */
export function readTagValue(text: string, what: string): Document {
  const reader = new TagReader(what);
  for (const tag of readTags(text, what)) reader.add(tag);
  return reader.document;
}

function* readTags(text: string, what: string): Generator<Tag> {
  const lines = text.split(/\r?\n/);
  for (let index = 0; index < lines.length; index += 1) {
    const line = lines[index] ?? '';
    if (/^\s*(?:#|$)/.test(line)) continue;
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).trim();
    if (colon < 0 || !/^\w+$/.test(name)) {
      throw new AppError('invalid-input', `${what}:${index + 1}: expected "Tag: value", found "${line.slice(0, 80)}"`);
    }
    const first = index + 1;
    let value = line.slice(colon + 1).trim();
    if (value.startsWith('<text>')) {
      const parts = [value];
      while (!(parts.at(-1) ?? '').trimEnd().endsWith('</text>')) {
        index += 1;
        const next = lines[index];
        if (next === undefined)
          throw new AppError('invalid-input', `${what}:${first}: expected </text>, found the end`);
        parts.push(next);
      }
      value = parts.join('\n').trimEnd().slice('<text>'.length, -'</text>'.length);
    }
    yield { name, value, line: first };
  }
}

type Draft = Record<string, unknown>;

/** Tags that begin an element of their own. */
const FIRST_TAGS = {
  PackageName: 'packages',
  LicenseID: 'hasExtractedLicensingInfos',
  FileName: 'files',
  SnippetSPDXID: 'snippets',
} as const;
type Place = (typeof FIRST_TAGS)[keyof typeof FIRST_TAGS];

/** A tag belongs to the element that was begun last. */
class TagReader {
  readonly #what: string;
  readonly #elements: Record<Place, Draft[]> = {
    packages: [],
    hasExtractedLicensingInfos: [],
    files: [],
    snippets: [],
  };
  readonly #relationships: Draft[] = [];
  readonly #annotations: Draft[] = [];
  readonly #creation: { creators: string[]; created?: string } = { creators: [] };
  readonly #head: Draft = {};
  #place: 'document' | Place = 'document';

  constructor(what: string) {
    this.#what = what;
  }

  get document(): Document {
    const { files, snippets, packages, hasExtractedLicensingInfos } = this.#elements;
    const byId = new Map([this.#head, ...packages, ...files, ...snippets].map((element) => [element.SPDXID, element]));
    for (const { of, ...annotation } of this.#annotations) {
      const owner = byId.get(of);
      if (owner !== undefined) push(owner, 'annotations', annotation);
    }
    return {
      ...this.#head,
      creationInfo: this.#creation,
      packages,
      ...(files.length === 0 ? {} : { files }),
      ...(snippets.length === 0 ? {} : { snippets }),
      hasExtractedLicensingInfos,
      relationships: this.#relationships,
    };
  }

  add(tag: Tag): void {
    const { name, value } = tag;
    const first = Object.hasOwn(FIRST_TAGS, name) ? FIRST_TAGS[name as keyof typeof FIRST_TAGS] : undefined;
    if (first !== undefined) {
      this.#place = first;
      this.#elements[first].push({});
    }
    if (name === 'Creator') this.#creation.creators.push(value);
    else if (name === 'Created') this.#creation.created = value;
    else if (name === 'Relationship') this.#addRelationship(tag);
    else if (name === 'Annotator') this.#annotations.push({ annotator: value });
    else if (name.startsWith('Annotation')) this.#annotate(name, value);
    else if (name === 'SPDXREF') this.#annotate('of', value);
    else this.#addToElement(tag);
  }

  #addToElement(tag: Tag): void {
    if (this.#place === 'document') return set(this.#head, DOCUMENT_TAGS, tag);
    const element = this.#elements[this.#place].at(-1);
    if (element === undefined) return;
    if (this.#place === 'packages') this.#addToPackage(element, tag);
    else if (this.#place === 'files') this.#addToFile(element, tag);
    else if (this.#place === 'snippets') this.#addToSnippet(element, tag);
    else set(element, LICENCE_TAGS, tag);
  }

  #annotate(name: string, value: string): void {
    const key =
      { AnnotationComment: 'comment', AnnotationDate: 'annotationDate', AnnotationType: 'annotationType' }[name] ??
      name;
    const last = this.#annotations.at(-1);
    if (last !== undefined) last[key] = value;
  }

  #addToPackage(entry: Draft, tag: Tag): void {
    if (tag.name === 'PackageChecksum') push(entry, 'checksums', readChecksum(tag.value));
    else if (tag.name === 'ExternalRef') {
      const [category = '', referenceType = '', ...rest] = tag.value.split(/\s+/);
      // the JSON of 2.2 alone has an underscore there
      const referenceCategory = this.#head.spdxVersion === 'SPDX-2.2' ? category.replace('-', '_') : category;
      push(entry, 'externalRefs', { referenceCategory, referenceType, referenceLocator: rest.join(' ') });
    } else if (tag.name === 'FilesAnalyzed') entry.filesAnalyzed = tag.value === 'true';
    // where JSON has an underscore
    else if (tag.name === 'PrimaryPackagePurpose') entry.primaryPackagePurpose = tag.value.replace('-', '_');
    else set(entry, PACKAGE_TAGS, tag);
  }

  #addToFile(entry: Draft, tag: Tag): void {
    const list = FILE_LISTS.get(tag.name);
    if (tag.name === 'FileChecksum') push(entry, 'checksums', readChecksum(tag.value));
    else if (list !== undefined) push(entry, list, tag.value);
    else set(entry, FILE_TAGS, tag);
  }

  /** Ranges are `first:last`, of bytes or of lines. */
  #addToSnippet(entry: Draft, tag: Tag): void {
    const unit = RANGE_UNITS.get(tag.name);
    if (tag.name === 'LicenseInfoInSnippet') return push(entry, 'licenseInfoInSnippets', tag.value);
    if (unit === undefined) return set(entry, SNIPPET_TAGS, tag);
    const [first, last] = tag.value
      .split(':')
      .map((text) => ({ [unit]: Number(text), reference: entry.snippetFromFile }));
    push(entry, 'ranges', { startPointer: first, endPointer: last });
  }

  #addRelationship({ value, line }: Tag): void {
    const [spdxElementId, relationshipType, relatedSpdxElement, ...more] = value.split(/\s+/);
    if (relatedSpdxElement === undefined || more.length > 0) {
      const expected = 'expected "Relationship: FROM TYPE TO"';
      throw new AppError('invalid-input', `${this.#what}:${line}: ${expected}, found "${value.slice(0, 80)}"`);
    }
    this.#relationships.push({ spdxElementId, relationshipType, relatedSpdxElement });
  }
}

function readChecksum(value: string): Document {
  const [algorithm = '', checksumValue = ''] = value.split(/:\s*/, 2);
  return { algorithm, checksumValue };
}

function push(target: Draft, key: string, value: unknown): void {
  const known: unknown = target[key];
  if (Array.isArray(known)) known.push(value);
  else target[key] = [value];
}

function set(target: Draft, tags: Readonly<Record<string, string>>, { name, value }: Tag): void {
  const key = Object.hasOwn(tags, name) ? tags[name] : undefined;
  if (key !== undefined) target[key] = value;
}

function strings(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}
