/**
 * SPDX 3.0.1 JSON-LD, as far as the neutral model goes: SpdxDocument, Sbom, packages and files, relationships (contains, dependsOn,
 * hasDeclaredLicense), annotations. Not read: other profiles (security, build, AI, dataset), external maps, snippets.
 */
import { arrayOf, findDigest, isRecord, object, optional, record, recordsOf, string } from '../../../core/index.ts';
import { findPurl } from '../../ecosystem/index.ts';
import { repositoryAddress } from '../address.ts';
import { contentUuid, shortHash } from '../identity.ts';
import {
  arrangeTexts,
  customLicences,
  declaredLicence,
  indexTexts,
  isPlainLicence,
  readCustomLicence,
} from '../licences.ts';
import type { LicenceTexts } from '../licences.ts';
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
import { purlWithSource } from '../source-words.ts';
import { arrangeSbom, findRoots } from '../sbom.ts';
import type { Component, Dependency, LicenceText, Sbom, SbomAuthor, SbomSubject } from '../sbom.ts';
import type { SbomReader } from './format.ts';

export const spdx3: SbomReader = {
  recognizes: (document) => isRecord(document) && /spdx\.org\/rdf\/3\./.test(String(document['@context'])),
  read,
};

const CONTEXT = 'https://spdx.org/rdf/3.0.1/spdx-context.jsonld';
const CREATION = '_:creationinfo';
const PURPOSES: Readonly<Record<SbomSubject['kind'], string>> = {
  image: 'container',
  container: 'container',
  folder: 'source',
  file: 'file',
  cluster: 'platform',
  unknown: 'other',
};
const SBOM_TYPES: Readonly<Partial<Record<SbomSubject['kind'], string>>> = { folder: 'source', container: 'runtime' };
const SUBJECT = '/Package/subject';
/** Names of facts that only this format has to carry as annotations. */
const ID = 'plimsoll:id';
const LICENCE = 'plimsoll:licence';
/** Where the one that is written says more. */
const PURL = 'plimsoll:purl';

type Element = Readonly<Record<string, unknown>>;
type Named = Element & { readonly spdxId: string };

export function toSpdx3(sbom: Sbom): Readonly<Record<string, unknown>> {
  const base = `https://spdx.org/spdxdocs/plimsoll-${contentUuid(sbom)}`;
  const element = (type: string, name: string, rest: Element): Named => ({
    type,
    spdxId: `${base}/${name}`,
    creationInfo: CREATION,
    ...rest,
  });
  const writer = new Writer(element, indexTexts(sbom.licenceTexts));
  const tool = element('SoftwareAgent', 'Agent/tool', { name: `${sbom.tool.name}-${sbom.tool.version}` });
  const author = sbom.author === undefined ? [] : [writeAuthor(sbom.author, element)];
  const subject = writer.add('software_Package', SUBJECT.slice(1), writeSubject(sbom.subject));
  for (const pair of documentPairs(sbom)) writer.annotate(subject, pair);
  const ids = new Map(sbom.components.map((component) => [component.id, writer.addComponent(component)]));
  const idsOf = (wanted: readonly string[]) => wanted.flatMap((id) => ids.get(id) ?? []);
  if (ids.size > 0) writer.relate(subject, 'contains', [...ids.values()]);
  const roots = idsOf(findRoots(sbom));
  if (roots.length > 0) writer.relate(subject, 'dependsOn', roots);
  for (const { from, to } of sbom.dependencies) writer.relate(ids.get(from) ?? subject, 'dependsOn', idsOf(to));
  const inner = writer.elements.map(({ spdxId }) => spdxId);
  const bom = element('software_Sbom', 'Sbom', {
    rootElement: [subject],
    element: inner,
    software_sbomType: [SBOM_TYPES[sbom.subject.kind] ?? 'analyzed'],
  });
  const document = element('SpdxDocument', 'Document', {
    name: sbom.subject.name,
    rootElement: [bom.spdxId],
    element: [bom.spdxId, tool.spdxId, ...author.map(({ spdxId }) => spdxId), ...inner],
    profileConformance: ['core', 'software', 'simpleLicensing'],
  });
  const creation = {
    type: 'CreationInfo',
    '@id': CREATION,
    specVersion: '3.0.1',
    created: sbom.created,
    createdBy: [tool.spdxId, ...author.map(({ spdxId }) => spdxId)],
  };
  return { '@context': CONTEXT, '@graph': [creation, tool, ...author, document, bom, ...writer.elements] };
}

/** Of the element of a component, behind the document's namespace. */
export function packageName(id: string): string {
  return `Package/${shortHash(id)}`;
}

type MakeElement = (type: string, name: string, rest: Element) => Named;

function writeAuthor({ kind, name, email, url }: SbomAuthor, element: MakeElement): Named {
  const identifier = (externalIdentifierType: string, text: string | undefined) =>
    text === undefined ? [] : [{ type: 'ExternalIdentifier', externalIdentifierType, identifier: text }];
  const known = [...identifier('email', email), ...identifier('urlScheme', url)];
  return element(kind === 'person' ? 'Person' : 'Organization', 'Agent/author', {
    ...(name === undefined ? {} : { name }),
    ...(known.length === 0 ? {} : { externalIdentifier: known }),
  });
}

function readAuthor(agent: Element | undefined): SbomAuthor | undefined {
  const [name, list] = [asText(agent?.name), recordsOf(agent?.externalIdentifier)];
  const find = (type: string) =>
    asText(list.find(({ externalIdentifierType }) => externalIdentifierType === type)?.identifier);
  const [email, url] = [find('email'), find('urlScheme')];
  if (name === undefined && email === undefined && url === undefined) return undefined;
  return {
    kind: agent?.type === 'Person' ? 'person' : 'organization',
    ...(name === undefined ? {} : { name }),
    ...(email === undefined ? {} : { email }),
    ...(url === undefined ? {} : { url }),
  };
}

function writeSubject(subject: SbomSubject): Element {
  const [algorithm = '', hashValue] = subject.digest?.split(':') ?? [];
  return {
    name: subject.name,
    ...(hashValue === undefined ? {} : { verifiedUsing: [{ type: 'Hash', algorithm, hashValue }] }),
    software_primaryPurpose: PURPOSES[subject.kind],
    ...(subject.version === undefined ? {} : { software_packageVersion: subject.version }),
  };
}

/** Elements in the order in which they were added; agents and licences once each. */
class Writer {
  readonly elements: Named[] = [];
  readonly #element: MakeElement;
  readonly #licenceTexts: LicenceTexts;
  readonly #shared = new Map<string, string>();

  constructor(element: MakeElement, licenceTexts: LicenceTexts) {
    this.#element = element;
    this.#licenceTexts = licenceTexts;
  }

  add(type: string, name: string, rest: Element): string {
    const added = this.#element(type, name, rest);
    this.elements.push(added);
    return added.spdxId;
  }

  annotate(subject: string, pair: Pair): void {
    const statement = formatPair(pair);
    this.add('Annotation', `Annotation/${shortHash(`${subject}\n${statement}`)}-${this.elements.length}`, {
      annotationType: 'other',
      subject,
      statement,
    });
  }

  relate(from: string, relationshipType: string, to: readonly string[]): void {
    const name = `Relationship/${relationshipType}-${shortHash(`${from}\n${to.join('\n')}`)}`;
    this.add('Relationship', name, { from, relationshipType, to });
  }

  addComponent(component: Component): string {
    const { id, purl, licences } = component;
    const added = this.add('software_Package', packageName(id), this.#facts(component));
    const pairs: readonly Pair[] = [
      ...(id === purl ? [] : [[ID, id] as const]),
      ...(purl === undefined || purl === purlWithSource(component) ? [] : [[PURL, purl] as const]),
      ...(isPlainLicence(licences) ? [] : licences.map((text): Pair => [LICENCE, text])),
      ...componentPairs(component),
    ];
    for (const pair of pairs) this.annotate(added, pair);
    if (licences.length > 0) this.relate(added, 'hasDeclaredLicense', [this.#licence(licences)]);
    return added;
  }

  #facts(component: Component): Element {
    const { originator, supplier, hashes, cpes = [], sourceRepository } = component;
    const optionally = (key: string, value: unknown) => (value === undefined ? {} : { [key]: value });
    const agent = (name: string) => this.#once('Organization', 'Agent', { name });
    return {
      name: component.name,
      ...optionally('description', component.description),
      ...(cpes.length === 0
        ? {}
        : {
            externalIdentifier: cpes.map((identifier) => ({
              type: 'ExternalIdentifier',
              externalIdentifierType: 'cpe23',
              identifier,
            })),
          }),
      ...(sourceRepository === undefined
        ? {}
        : { externalRef: [{ type: 'ExternalRef', externalRefType: 'vcs', locator: [sourceRepository] }] }),
      ...(hashes.length === 0
        ? {}
        : { verifiedUsing: hashes.map(({ algorithm, value }) => ({ type: 'Hash', algorithm, hashValue: value })) }),
      ...(originator === undefined ? {} : { originatedBy: [agent(originator)] }),
      ...(supplier === undefined ? {} : { suppliedBy: agent(supplier) }),
      software_primaryPurpose: component.kind,
      ...optionally('software_copyrightText', component.copyright),
      ...optionally('software_downloadLocation', component.downloadLocation),
      ...optionally('software_homePage', component.homepage),
      ...optionally('software_packageUrl', purlWithSource(component)),
      software_packageVersion: component.version,
    };
  }

  #licence(licences: readonly string[]): string {
    const custom = customLicences(licences, this.#licenceTexts).map(({ id, name, text }) => ({
      type: 'DictionaryEntry',
      key: id,
      value: this.#once('simplelicensing_SimpleLicensingText', 'Licence', { name, simplelicensing_licenseText: text }),
    }));
    return this.#once('simplelicensing_LicenseExpression', 'Licence', {
      simplelicensing_licenseExpression: declaredLicence(licences),
      ...(custom.length === 0 ? {} : { simplelicensing_customIdToUri: custom }),
    });
  }

  #once(type: string, folder: string, rest: Element): string {
    const key = shortHash(`${type}\n${JSON.stringify(rest)}`);
    const known = this.#shared.get(key) ?? this.add(type, `${folder}/${key}`, rest);
    this.#shared.set(key, known);
    return known;
  }
}

const decodeGraph = object({ '@graph': arrayOf(record, 20 * MAX_COMPONENTS) });
const decodePackage = object({
  spdxId: string,
  name: optional(string),
  description: optional(string),
  externalIdentifier: optional(arrayOf(object({ externalIdentifierType: string, identifier: string }))),
  externalRef: optional(arrayOf(object({ externalRefType: optional(string), locator: optional(arrayOf(string)) }))),
  verifiedUsing: optional(arrayOf(object({ algorithm: optional(string), hashValue: optional(string) }))),
  originatedBy: optional(arrayOf(string)),
  suppliedBy: optional(string),
  software_primaryPurpose: optional(string),
  software_copyrightText: optional(string),
  software_downloadLocation: optional(string),
  software_homePage: optional(string),
  software_packageUrl: optional(string),
  software_packageVersion: optional(string),
});
type RawPackage = ReturnType<typeof decodePackage>;
const decodeRelationship = object({ from: string, relationshipType: string, to: arrayOf(string, MAX_COMPONENTS) });

function read(document: unknown): Sbom {
  const graph = decodeGraph(document, 'SPDX')['@graph'];
  const of = (...types: readonly string[]) => graph.filter(({ type }) => types.includes(String(type)));
  const relationships = of('Relationship', 'LifecycleScopedRelationship').map((entry, index) =>
    decodeRelationship(entry, `relationships[${index}]`),
  );
  const elements = new Map(graph.map((entry) => [entry.spdxId, entry]));
  const annotations = Map.groupBy(of('Annotation'), ({ subject }) => subject);
  const context: Context = {
    pairs: (id) => readPairTexts((annotations.get(id) ?? []).flatMap(({ statement }) => asText(statement) ?? [])),
    nameOf: (id) => (id === undefined ? undefined : asText(elements.get(id)?.name)),
    ...declaredLicences(elements, relationships),
  };
  // the file as which a package is delivered is no other component
  const artifacts = new Set(
    relationships.flatMap(({ relationshipType, to }) => (relationshipType === 'hasDistributionArtifact' ? to : [])),
  );
  const packages = of('software_Package', 'software_File')
    .filter(({ type, spdxId }) => type === 'software_Package' || !artifacts.has(String(spdxId)))
    .map((entry, index) => decodePackage(entry, `packages[${index}]`));
  const root = findRoot(graph, packages, relationships);
  const ids = new Map<string, string>();
  const taken: TakenIds = new Map();
  const components = packages.flatMap((entry) => {
    if (entry === root || entry.software_primaryPurpose === 'operatingSystem') return [];
    const component = readPackage(entry, context, taken);
    ids.set(entry.spdxId, component.id);
    return [component];
  });
  const { told, ...known } = readDocumentPairs(root === undefined ? [] : context.pairs(root.spdxId));
  const creation = of('CreationInfo')[0] ?? {};
  const makers: readonly unknown[] = Array.isArray(creation.createdBy) ? creation.createdBy : [];
  const author = readAuthor(of('Person', 'Organization').find(({ spdxId }) => makers.includes(spdxId)));
  return arrangeSbom(
    withDistro({
      ...known,
      subject: readSubject(root, told),
      distro: known.distro ?? guessDistro(components),
      components,
      dependencies: readDependencies(relationships, ids),
      tool: readTool(creation, context),
      ...(author === undefined ? {} : { author }),
      ...(context.licenceTexts.length === 0 ? {} : { licenceTexts: context.licenceTexts }),
      created: asText(creation.created) ?? '',
    }),
  );
}

interface Context {
  readonly pairs: (id: string) => readonly Pair[];
  readonly nameOf: (id: string | undefined) => string | undefined;
  /** By the id of what is licensed. */
  readonly licences: ReadonlyMap<string, readonly string[]>;
  readonly licenceTexts: readonly LicenceText[];
}

type Relationship = ReturnType<typeof decodeRelationship>;

function asText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function declaredLicences(
  elements: ReadonlyMap<unknown, Element>,
  edges: readonly Relationship[],
): Pick<Context, 'licences' | 'licenceTexts'> {
  const declared = edges.filter(({ relationshipType }) => relationshipType === 'hasDeclaredLicense');
  const licenceTexts: LicenceText[] = [];
  const expressionOf = (id: string): readonly string[] => {
    const entry = elements.get(id);
    const expression = asText(entry?.simplelicensing_licenseExpression);
    let whole = expression;
    for (const { key, value } of recordsOf(entry?.simplelicensing_customIdToUri)) {
      const custom = elements.get(value);
      const [name, text] = [asText(custom?.name), asText(custom?.simplelicensing_licenseText)];
      const isWhole = key === expression;
      const { licence, texts } = readCustomLicence({ id: String(key), name, text, isWhole });
      licenceTexts.push(...texts);
      if (isWhole) whole = licence;
    }
    return whole === undefined ? [] : [whole];
  };
  // many have the same
  const expressions = new Map([...new Set(declared.flatMap(({ to }) => to))].map((id) => [id, expressionOf(id)]));
  const licences = new Map(
    declared.map(({ from, to }) => [from, to.flatMap((id) => expressions.get(id) ?? [])] as const),
  );
  return { licences, licenceTexts: arrangeTexts(licenceTexts) };
}

/** What the Sbom, else the document is about, if that is the thing as a whole and not one of the packages found. */
function findRoot(
  graph: readonly Element[],
  packages: readonly RawPackage[],
  edges: readonly Relationship[],
): RawPackage | undefined {
  const about = new Set(
    graph
      .filter(({ type }) => type === 'software_Sbom' || type === 'SpdxDocument')
      .flatMap(({ rootElement }): unknown[] => (Array.isArray(rootElement) ? rootElement : [])),
  );
  const found = packages.find(({ spdxId }) => about.has(spdxId));
  if (found === undefined) return undefined;
  const holds = edges.some(({ from }) => from === found.spdxId) || found.software_primaryPurpose === 'container';
  return holds || found.spdxId.endsWith(SUBJECT) ? found : undefined;
}

function readPackage(raw: RawPackage, context: Context, taken: TakenIds): Component {
  const pairs = context.pairs(raw.spdxId);
  const own = (wanted: string) => pairs.filter(([name]) => name === wanted).map(([, value]) => value);
  const facts = readComponentPairs(pairs.filter(([name]) => ![ID, PURL, LICENCE].includes(name)));
  const purl = own(PURL)[0] ?? raw.software_packageUrl ?? identifiers(raw, 'packageUrl')[0];
  const version = raw.software_packageVersion ?? '';
  const source = facts.source ?? sourceOfPurl(findPurl(purl ?? ''), version);
  const kind = raw.software_primaryPurpose;
  const cpes = identifiers(raw, 'cpe23');
  const listed = own(LICENCE);
  const vcs = raw.externalRef?.find(({ externalRefType }) => externalRefType === 'vcs');
  const optionally = <K extends string>(key: K, value: string | undefined) =>
    (asserted(value) === undefined ? {} : { [key]: value }) as { readonly [P in K]?: string };
  return {
    ...facts,
    id: uniqueId(own(ID)[0] ?? purl ?? raw.spdxId, taken),
    kind: facts.kind ?? readKind(kind),
    name: raw.name ?? raw.spdxId,
    version,
    ...optionally('purl', purl),
    licences: listed.length > 0 ? listed : (context.licences.get(raw.spdxId) ?? []),
    ...(cpes.length === 0 ? {} : { cpes }),
    ...optionally('supplier', context.nameOf(raw.suppliedBy)),
    ...optionally('originator', context.nameOf(raw.originatedBy?.[0])),
    ...optionally('description', raw.description),
    ...optionally('copyright', raw.software_copyrightText),
    ...optionally('homepage', raw.software_homePage),
    ...optionally('downloadLocation', raw.software_downloadLocation),
    ...optionally('sourceRepository', repositoryAddress(vcs?.locator?.[0])),
    hashes: (raw.verifiedUsing ?? []).flatMap(({ algorithm, hashValue }) => readHash(algorithm, hashValue)),
    ...(source === undefined ? {} : { source }),
  };
}

function identifiers(raw: RawPackage, type: string): readonly string[] {
  return (raw.externalIdentifier ?? [])
    .filter(({ externalIdentifierType }) => externalIdentifierType === type)
    .map(({ identifier }) => identifier);
}

function readSubject(root: RawPackage | undefined, told: ToldSubject): SbomSubject {
  const hash = root?.verifiedUsing?.find(({ algorithm }) => algorithm === 'sha256' || algorithm === 'sha512');
  const digest = findDigest(`${hash?.algorithm}:${hash?.hashValue}`);
  const version = root?.software_packageVersion;
  return {
    kind: told.kind ?? (root?.software_primaryPurpose === 'container' ? 'image' : 'unknown'),
    name: root?.name ?? 'unknown',
    ...(digest === undefined ? {} : { digest }),
    ...(version === undefined ? {} : { version }),
    ...(told.platform === undefined ? {} : { platform: told.platform }),
  };
}

/** The tool where one is named, else who created the document. */
function readTool({ createdBy, createdUsing }: Element, { nameOf }: Context): Sbom['tool'] {
  const all = [createdUsing, createdBy].flatMap((list): unknown[] => (Array.isArray(list) ? list : []));
  const name = nameOf(asText(all[0])) ?? 'unknown';
  const dash = name.lastIndexOf('-');
  return dash < 0 ? { name, version: '' } : { name: name.slice(0, dash), version: name.slice(dash + 1) };
}

function readDependencies(edges: readonly Relationship[], ids: ReadonlyMap<string, string>): readonly Dependency[] {
  return edges.flatMap(({ from, relationshipType, to }) => {
    const origin = relationshipType === 'dependsOn' ? ids.get(from) : undefined;
    return origin === undefined ? [] : [{ from: origin, to: to.flatMap((id) => ids.get(id) ?? []) }];
  });
}
