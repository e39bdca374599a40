/**
 * SPDX 2.2 and 2.3 documents in the shape of their JSON, of which tag-value, YAML and XML are other spellings; as far as the neutral model
 * goes. Not read: files, snippets, reviews, external document references.
 */
import { arrayOf, findDigest, isRecord, object, optional, string } from '../../../core/index.ts';
import { findPurl } from '../../ecosystem/index.ts';
import type { Distro } from '../../ecosystem/index.ts';
import { repositoryAddress } from '../address.ts';
import { formatSpdxAuthor, readSpdxAuthor } from '../author.ts';
import { contentUuid, shortHash } from '../identity.ts';
import {
  arrangeTexts,
  customLicences,
  declaredLicence,
  indexTexts,
  isPlainLicence,
  readCustomLicence,
} from '../licences.ts';
import {
  componentPairs,
  documentPairs,
  formatPair,
  readComponentPairs,
  readDocumentPairs,
  readPairTexts,
} from '../properties.ts';
import type { Pair, ToldSubject } from '../properties.ts';
import {
  asserted,
  guessDistro,
  MAX_COMPONENTS,
  readHash,
  readKind,
  sourceOfPurl,
  uniqueId,
  withDistro,
} from '../read.ts';
import type { TakenIds } from '../read.ts';
import { formatSourceInfo, isOfSystem, purlWithSource, readSourceInfo } from '../source-words.ts';
import { arrangeSbom } from '../sbom.ts';
import type { Component, Dependency, Hash, Sbom, SbomSubject } from '../sbom.ts';
import type { ReadOptions, SbomReader } from './format.ts';

export const SPDX2_VERSIONS = ['2.3', '2.2'] as const;
export type Spdx2Version = (typeof SPDX2_VERSIONS)[number];

export const spdx2: SbomReader = {
  recognizes: (document) =>
    isRecord(document) && typeof document.spdxVersion === 'string' && /^SPDX-2\.[23]/.test(document.spdxVersion),
  read,
};

const ROOT = 'SPDXRef-Subject';
const DOCUMENT = 'SPDXRef-DOCUMENT';
const NONE = 'NOASSERTION';
/** What Trivy's ids of the package that stands for the distribution begin with: by them alone it knows those that this one contains. */
const SYSTEM = 'SPDXRef-OperatingSystem';
const PURPOSES: Readonly<Record<SbomSubject['kind'], string>> = {
  image: 'CONTAINER',
  container: 'CONTAINER',
  folder: 'SOURCE',
  file: 'FILE',
  cluster: 'OTHER',
  unknown: 'OTHER',
};
/** Names of facts that only this format has to carry as annotations. */
const ID = 'plimsoll:id';
const LICENCE = 'plimsoll:licence';
const KIND = 'plimsoll:kind';
const HOMEPAGE = 'plimsoll:homepage';
/** Where the one that is written says more. */
const PURL = 'plimsoll:purl';

export function toSpdx2(sbom: Sbom, version: Spdx2Version): Readonly<Record<string, unknown>> {
  const annotate = (pairs: readonly Pair[]) => writeAnnotations(pairs, sbom);
  const extracted = extractedLicences(sbom);
  return {
    spdxVersion: `SPDX-${version}`,
    dataLicense: 'CC0-1.0',
    SPDXID: DOCUMENT,
    name: sbom.subject.name,
    documentNamespace: `https://spdx.org/spdxdocs/plimsoll-${contentUuid(sbom)}`,
    creationInfo: { created: sbom.created, creators: listCreators(sbom) },
    annotations: annotate(documentPairs(sbom)),
    packages: [
      writeSubject(sbom.subject, version),
      ...(sbom.distro === undefined ? [] : [writeSystem(sbom.distro, version)]),
      ...sbom.components.map((component) => writePackage(component, version, annotate)),
    ],
    ...(extracted.length === 0 ? {} : { hasExtractedLicensingInfos: extracted }),
    relationships: writeRelationships(sbom),
  };
}

function listCreators({ tool, author }: Sbom): readonly string[] {
  return [`Tool: ${tool.name}-${tool.version}`, ...(author === undefined ? [] : [formatSpdxAuthor(author)])];
}

/** Letters, digits, `.` and `-` only (SPDX 2.3, 7.2): a readable part and a digest that tells ids apart. */
function spdxId(component: { readonly id: string; readonly name: string }): string {
  return `SPDXRef-${component.name.replaceAll(/[^A-Za-z0-9.-]+/g, '-').slice(0, 60)}-${shortHash(component.id)}`;
}

function writeSubject(subject: SbomSubject, version: Spdx2Version): unknown {
  const [algorithm = '', value] = subject.digest?.split(':') ?? [];
  return {
    SPDXID: ROOT,
    name: subject.name,
    ...(subject.version === undefined ? {} : { versionInfo: subject.version }),
    downloadLocation: NONE,
    filesAnalyzed: false,
    ...(version === '2.2' ? {} : { primaryPackagePurpose: PURPOSES[subject.kind] }),
    ...(value === undefined ? {} : { checksums: [{ algorithm: algorithm.toUpperCase(), checksumValue: value }] }),
    supplier: NONE,
    licenseConcluded: NONE,
    licenseDeclared: NONE,
    copyrightText: NONE,
  };
}

function writeSystem({ id, versionId, prettyName }: Distro, version: Spdx2Version): unknown {
  return {
    SPDXID: SYSTEM,
    name: id,
    ...(versionId === undefined ? {} : { versionInfo: versionId }),
    downloadLocation: NONE,
    filesAnalyzed: false,
    ...(version === '2.2' ? {} : { primaryPackagePurpose: 'OPERATING_SYSTEM' }),
    supplier: NONE,
    licenseConcluded: NONE,
    licenseDeclared: NONE,
    copyrightText: NONE,
    ...(prettyName === undefined ? {} : { description: prettyName }),
  };
}

function isSystem({ SPDXID, primaryPackagePurpose }: RawPackage): boolean {
  return /^OPERATING[-_]SYSTEM$/.test(primaryPackagePurpose ?? '') || SPDXID.startsWith(SYSTEM);
}

function writePackage(
  component: Component,
  version: Spdx2Version,
  annotate: (pairs: readonly Pair[]) => unknown,
): unknown {
  const pairs = [...ownPairs(component, version), ...componentPairs(component)];
  const { homepage, description, originator } = component;
  const sourceInfo = formatSourceInfo(component);
  return {
    SPDXID: spdxId(component),
    name: component.name,
    versionInfo: component.version,
    supplier: component.supplier === undefined ? NONE : `Organization: ${component.supplier}`,
    ...(originator === undefined ? {} : { originator: `Person: ${originator}` }),
    downloadLocation: component.downloadLocation ?? NONE,
    filesAnalyzed: false,
    ...(version === '2.2'
      ? {}
      : { primaryPackagePurpose: component.kind === 'platform' ? 'OTHER' : component.kind.toUpperCase() }),
    ...(component.hashes.length === 0 ? {} : { checksums: component.hashes.map(writeHash) }),
    ...(homepage === undefined || !isUri(homepage) ? {} : { homepage }),
    ...(sourceInfo === undefined ? {} : { sourceInfo }),
    licenseConcluded: NONE,
    licenseDeclared: declaredLicence(component.licences),
    copyrightText: component.copyright ?? NONE,
    ...(description === undefined ? {} : { description }),
    ...writeReferences(component, version),
    ...(pairs.length === 0 ? {} : { annotations: annotate(pairs) }),
  };
}

/** RFC 3986, as the schema demands it. */
function isUri(text: string): boolean {
  return /^[a-z][\w+.-]*:[\w:/?#[\]@!$&'()*+,;=.~%-]+$/i.test(text) && !/%(?![\da-f]{2})/i.test(text);
}

/** What would be lost otherwise: an id that is no package URL, the list behind a joined licence expression, a link that is no URI. */
function ownPairs(component: Component, version: Spdx2Version): readonly Pair[] {
  const { id, purl, kind, homepage, licences } = component;
  return [
    ...(id === purl ? [] : [[ID, id] as const]),
    ...(purl === undefined || purl === purlWithSource(component) ? [] : [[PURL, purl] as const]),
    ...(version === '2.2' && kind !== 'library' ? [[KIND, kind] as const] : []),
    ...(homepage === undefined || isUri(homepage) ? [] : [[HOMEPAGE, homepage] as const]),
    ...(isPlainLicence(licences) ? [] : licences.map((text): Pair => [LICENCE, text])),
  ];
}

function writeReferences(component: Component, version: Spdx2Version): { readonly externalRefs?: readonly unknown[] } {
  const { cpes = [], sourceRepository: vcs } = component;
  const purl = purlWithSource(component);
  const manager = version === '2.2' ? 'PACKAGE_MANAGER' : 'PACKAGE-MANAGER';
  const references = [
    ...(purl === undefined ? [] : [{ referenceCategory: manager, referenceType: 'purl', referenceLocator: purl }]),
    ...cpes.map((cpe) => ({ referenceCategory: 'SECURITY', referenceType: 'cpe23Type', referenceLocator: cpe })),
    // no type of the specification's own; converters from CycloneDX write it so
    ...(vcs === undefined ? [] : [{ referenceCategory: 'OTHER', referenceType: 'vcs', referenceLocator: vcs }]),
  ];
  return references.length === 0 ? {} : { externalRefs: references };
}

function writeHash(hash: Hash): unknown {
  return { algorithm: hash.algorithm.toUpperCase(), checksumValue: hash.value };
}

function extractedLicences({ components, licenceTexts }: Sbom): readonly unknown[] {
  const all = components.flatMap(({ licences }) => licences);
  return customLicences(all, indexTexts(licenceTexts)).map(({ id, name, text }) => ({
    licenseId: id,
    name,
    extractedText: text,
  }));
}

function writeAnnotations(pairs: readonly Pair[], sbom: Sbom): unknown {
  return pairs.map((pair) => ({
    annotationDate: sbom.created,
    annotationType: 'OTHER',
    annotator: `Tool: ${sbom.tool.name}-${sbom.tool.version}`,
    comment: formatPair(pair),
  }));
}

function writeRelationships(sbom: Sbom): readonly unknown[] {
  const ids = new Map(sbom.components.map((component) => [component.id, spdxId(component)]));
  const edge = (from: string, relationshipType: string, to: string | undefined) => ({
    spdxElementId: from,
    relationshipType,
    relatedSpdxElement: to,
  });
  const inSystem = sbom.distro === undefined ? [] : sbom.components.filter(isOfSystem);
  return [
    edge(DOCUMENT, 'DESCRIBES', ROOT),
    ...(sbom.distro === undefined ? [] : [edge(ROOT, 'CONTAINS', SYSTEM)]),
    ...inSystem.map(({ id }) => edge(SYSTEM, 'CONTAINS', ids.get(id))),
    ...[...ids.values()].map((id) => edge(ROOT, 'CONTAINS', id)),
    ...sbom.dependencies.flatMap(({ from, to }) =>
      to.map((target) => edge(ids.get(from) ?? NONE, 'DEPENDS_ON', ids.get(target))),
    ),
  ];
}

const decodeAnnotations = optional(arrayOf(object({ comment: optional(string) })));
const decodePackage = object({
  SPDXID: string,
  name: string,
  versionInfo: optional(string),
  supplier: optional(string),
  originator: optional(string),
  homepage: optional(string),
  sourceInfo: optional(string),
  description: optional(string),
  copyrightText: optional(string),
  downloadLocation: optional(string),
  primaryPackagePurpose: optional(string),
  checksums: optional(arrayOf(object({ algorithm: string, checksumValue: string }))),
  licenseDeclared: optional(string),
  licenseConcluded: optional(string),
  externalRefs: optional(arrayOf(object({ referenceType: string, referenceLocator: string }))),
  annotations: decodeAnnotations,
});
type RawPackage = ReturnType<typeof decodePackage>;
const decodeDocument = object({
  name: optional(string),
  creationInfo: object({ created: string, creators: optional(arrayOf(string)) }),
  annotations: decodeAnnotations,
  packages: optional(arrayOf(decodePackage, MAX_COMPONENTS)),
  hasExtractedLicensingInfos: optional(
    arrayOf(object({ licenseId: string, name: optional(string), extractedText: optional(string) }), MAX_COMPONENTS),
  ),
  relationships: optional(
    arrayOf(
      object({ spdxElementId: string, relationshipType: string, relatedSpdxElement: string }),
      // Every component has an edge from the root and some of its own.
      8 * MAX_COMPONENTS,
    ),
  ),
  documentDescribes: optional(arrayOf(string)),
});
type RawDocument = ReturnType<typeof decodeDocument>;

function read(document: unknown, options?: ReadOptions): Sbom {
  const raw = decodeDocument(document, 'SPDX');
  const packages = raw.packages ?? [];
  const { told, ...known } = readDocumentPairs(readPairs(raw.annotations));
  const root = findRoot(raw, packages, options);
  const creators = raw.creationInfo.creators ?? [];
  const [author] = creators.flatMap((creator) => readSpdxAuthor(creator) ?? []);
  const wholes = new Set(
    packages.flatMap(({ licenseDeclared, licenseConcluded }) => [licenseDeclared, licenseConcluded]),
  );
  const custom = (raw.hasExtractedLicensingInfos ?? []).map(({ licenseId: id, name, extractedText: text }) => ({
    id,
    ...readCustomLicence({ id, name, text, isWhole: wholes.has(id) }),
  }));
  const names = new Map(custom.map(({ id, licence }) => [id, licence]));
  const licenceTexts = arrangeTexts(custom.flatMap(({ texts }) => texts));
  const ids = new Map<string, string>();
  const taken: TakenIds = new Map();
  const components = packages.flatMap((entry) => {
    if (entry === root || isSystem(entry)) return [];
    const component = readPackage(entry, names, taken);
    ids.set(entry.SPDXID, component.id);
    return [component];
  });
  return arrangeSbom(
    withDistro({
      ...known,
      subject: readSubject(root, raw.name ?? 'unknown', told),
      distro: known.distro ?? readSystem(packages) ?? guessDistro(components),
      components,
      dependencies: readDependencies(raw, ids),
      tool: readTool(creators),
      ...(author === undefined ? {} : { author }),
      ...(licenceTexts.length === 0 ? {} : { licenceTexts }),
      created: raw.creationInfo.created,
    }),
  );
}

/** What the document describes, if that is the thing as a whole and not one of the packages found. */
function findRoot(
  raw: RawDocument,
  packages: readonly RawPackage[],
  options: ReadOptions | undefined,
): RawPackage | undefined {
  const described = (raw.relationships ?? []).find(
    (edge) => edge.spdxElementId === DOCUMENT && edge.relationshipType === 'DESCRIBES',
  );
  const id = described?.relatedSpdxElement ?? raw.documentDescribes?.[0];
  const found = packages.find((entry) => entry.SPDXID === id);
  const contains = (raw.relationships ?? []).some(
    (edge) => edge.spdxElementId === id && edge.relationshipType !== 'DESCRIBES',
  );
  const purpose = found?.primaryPackagePurpose;
  const purl = findPurl(findPurlText(found) ?? '');
  if (options?.isPart === true && purl !== undefined && purl.type !== 'oci') return undefined;
  return found !== undefined && (contains || purpose === 'CONTAINER' || found.SPDXID === ROOT) ? found : undefined;
}

function findPurlText(raw: RawPackage | undefined): string | undefined {
  return raw === undefined ? undefined : locators(raw, 'purl')[0];
}

function locators(raw: RawPackage, type: string): readonly string[] {
  const found = (raw.externalRefs ?? []).filter(({ referenceType }) => referenceType === type);
  return found.map(({ referenceLocator }) => referenceLocator);
}

function readPackage(raw: RawPackage, names: ReadonlyMap<string, string>, taken: TakenIds): Component {
  const pairs = readPairs(raw.annotations);
  const own = (wanted: string) => pairs.filter(([name]) => name === wanted).map(([, value]) => value);
  const purlText = own(PURL)[0] ?? findPurlText(raw);
  const version = raw.versionInfo ?? findPurl(purlText ?? '')?.version ?? '';
  const facts = readComponentPairs(pairs.filter(([name]) => ![ID, PURL, LICENCE, KIND, HOMEPAGE].includes(name)));
  const source = facts.source ?? sourceOfPurl(findPurl(purlText ?? ''), version) ?? readSourceInfo(raw.sourceInfo);
  const cpes = locators(raw, 'cpe23Type');
  const sourceRepository = repositoryAddress(locators(raw, 'vcs')[0]);
  const listed = own(LICENCE);
  const supplier = readSupplier(raw.supplier);
  const originator = readSupplier(raw.originator);
  const homepage = own(HOMEPAGE)[0] ?? asserted(raw.homepage);
  const downloadLocation = asserted(raw.downloadLocation);
  const copyright = asserted(raw.copyrightText);
  const purpose = own(KIND)[0] ?? raw.primaryPackagePurpose?.toLowerCase();
  return {
    ...facts,
    id: uniqueId(own(ID)[0] ?? purlText ?? raw.SPDXID, taken),
    kind: facts.kind ?? readKind(purpose),
    name: raw.name,
    version,
    ...(purlText === undefined ? {} : { purl: purlText }),
    licences: listed.length > 0 ? listed : readLicence(raw, names),
    ...(cpes.length === 0 ? {} : { cpes }),
    ...(supplier === undefined ? {} : { supplier }),
    ...(originator === undefined ? {} : { originator }),
    ...(raw.description === undefined ? {} : { description: raw.description }),
    ...(copyright === undefined ? {} : { copyright }),
    ...(homepage === undefined ? {} : { homepage }),
    ...(downloadLocation === undefined ? {} : { downloadLocation }),
    ...(sourceRepository === undefined ? {} : { sourceRepository }),
    hashes: (raw.checksums ?? []).flatMap(({ algorithm, checksumValue }) => readHash(algorithm, checksumValue)),
    ...(source === undefined ? {} : { source }),
  };
}

function readLicence(raw: RawPackage, names: ReadonlyMap<string, string>): readonly string[] {
  const text = asserted(raw.licenseDeclared) ?? asserted(raw.licenseConcluded);
  return text === undefined ? [] : [names.get(text) ?? text];
}

function readSupplier(text: string | undefined): string | undefined {
  return asserted(text)?.replace(/^(?:Organization|Person): /, '');
}

function readPairs(annotations: readonly { readonly comment: string | undefined }[] | undefined): readonly Pair[] {
  return readPairTexts((annotations ?? []).map(({ comment = '' }) => comment));
}

function readSubject(root: RawPackage | undefined, name: string, told: ToldSubject): SbomSubject {
  const checksum = root?.checksums?.find(({ algorithm }) => algorithm === 'SHA256' || algorithm === 'SHA512');
  const digest =
    findDigest(`${checksum?.algorithm.toLowerCase()}:${checksum?.checksumValue}`) ??
    findDigest(root?.versionInfo ?? '');
  return {
    kind: told.kind ?? (root?.primaryPackagePurpose === 'CONTAINER' ? 'image' : 'unknown'),
    name: root?.name ?? name,
    ...(digest === undefined ? {} : { digest }),
    ...(root?.versionInfo === undefined ? {} : { version: root.versionInfo }),
    ...(told.platform === undefined ? {} : { platform: told.platform }),
  };
}

function readSystem(packages: readonly RawPackage[]): Sbom['distro'] {
  const system = packages.find(isSystem);
  if (system === undefined) return undefined;
  return {
    id: system.name.toLowerCase(),
    ...(system.versionInfo === undefined ? {} : { versionId: system.versionInfo }),
  };
}

function readTool(creators: readonly string[]): Sbom['tool'] {
  const text = creators.find((creator) => creator.startsWith('Tool: '))?.slice('Tool: '.length) ?? 'unknown-';
  const dash = text.lastIndexOf('-');
  return dash < 0 ? { name: text, version: '' } : { name: text.slice(0, dash), version: text.slice(dash + 1) };
}

function readDependencies(raw: RawDocument, ids: ReadonlyMap<string, string>): readonly Dependency[] {
  return (raw.relationships ?? []).flatMap((edge) => {
    const isReversed = edge.relationshipType === 'DEPENDENCY_OF';
    if (!isReversed && edge.relationshipType !== 'DEPENDS_ON') return [];
    const [a, b] = [ids.get(edge.spdxElementId), ids.get(edge.relatedSpdxElement)];
    if (a === undefined || b === undefined) return [];
    return [isReversed ? { from: b, to: [a] } : { from: a, to: [b] }];
  });
}
