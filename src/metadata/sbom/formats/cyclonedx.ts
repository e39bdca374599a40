/**
 * CycloneDX documents in the shape of their JSON, of which XML is another spelling. Writes 1.4 to 1.7; reads 1.2 to 1.7 as far as the
 * neutral model goes. Not read: services, vulnerabilities, formulation, nested components' place (they are read flat), signatures.
 */
import { arrayOf, findDigest, isRecord, object, optional, record, recordsOf, string } from '../../../core/index.ts';
import { findPurl } from '../../ecosystem/index.ts';
import type { Distro } from '../../ecosystem/index.ts';
import { repositoryAddress } from '../address.ts';
import { contentUuid } from '../identity.ts';
import {
  arrangeTexts,
  customLicences,
  findLicenceId,
  indexTexts,
  isLicenceExpression,
  readCustomLicence,
} from '../licences.ts';
import type { LicenceTexts } from '../licences.ts';
import { componentPairs, documentPairs, readComponentPairs, readDocumentPairs } from '../properties.ts';
import type { Pair, ToldSubject } from '../properties.ts';
import {
  decodeText,
  flattenNested,
  guessDistro,
  MAX_COMPONENTS,
  readHash,
  readKind,
  sourceOfPurl,
  uniqueId,
  withDistro,
} from '../read.ts';
import type { TakenIds } from '../read.ts';
import { sourceProperties } from '../source-words.ts';
import { arrangeSbom, findRoots, isIncomplete } from '../sbom.ts';
import type { Component, Dependency, Hash, LicenceText, Sbom, SbomAuthor, SbomSubject } from '../sbom.ts';
import type { SbomReader } from './format.ts';

export const CYCLONEDX_VERSIONS = ['1.6', '1.4', '1.5', '1.7'] as const;
export type CyclonedxVersion = (typeof CYCLONEDX_VERSIONS)[number];

export const cyclonedx: SbomReader = {
  recognizes: (document) => isRecord(document) && document.bomFormat === 'CycloneDX',
  read,
};

const ROOT = 'subject';
const OS = 'operating-system';
const SUBJECT_TYPES: Readonly<Record<SbomSubject['kind'], string>> = {
  image: 'container',
  container: 'container',
  folder: 'application',
  file: 'file',
  cluster: 'platform',
  unknown: 'application',
};

const PHASES: Readonly<Partial<Record<SbomSubject['kind'], string>>> = { folder: 'pre-build', container: 'operations' };

/** Keys in the order of the schema, which is the one that XML demands. */
export function toCyclonedx(sbom: Sbom, version: CyclonedxVersion): Readonly<Record<string, unknown>> {
  const { subject, tool } = sbom;
  const texts = indexTexts(sbom.licenceTexts);
  const program = { type: 'application', name: tool.name, version: tool.version };
  return {
    $schema: `http://cyclonedx.org/schema/bom-${version}.schema.json`,
    bomFormat: 'CycloneDX',
    specVersion: version,
    serialNumber: `urn:uuid:${contentUuid(sbom)}`,
    version: 1,
    metadata: {
      ...(sbom.created === '' ? {} : { timestamp: sbom.created }),
      ...(version === '1.4'
        ? { tools: [{ name: tool.name, version: tool.version }] }
        : {
            lifecycles: [{ phase: PHASES[subject.kind] ?? 'post-build' }],
            tools: { components: [program] },
          }),
      ...writePerson(sbom.author),
      component: writeSubject(subject, version),
      ...writeOrganization(sbom.author, version),
      properties: writePairs([...documentPairs(sbom), ...textPairs(sbom)]),
    },
    components: [
      ...sbom.components.map((component) => writeComponent(component, version, texts)),
      ...(sbom.distro === undefined ? [] : [writeDistro(sbom.distro)]),
    ],
    dependencies: writeDependencies(sbom),
    compositions: [{ aggregate: isIncomplete(sbom) ? 'incomplete' : 'unknown', assemblies: [ROOT] }],
  };
}

function writeSubject(subject: SbomSubject, version: CyclonedxVersion): unknown {
  return {
    'bom-ref': ROOT,
    type: version === '1.4' && subject.kind === 'cluster' ? 'device' : SUBJECT_TYPES[subject.kind],
    name: subject.name,
    ...(subject.version === undefined ? {} : { version: subject.version }),
    ...(subject.digest === undefined ? {} : { hashes: [writeDigest(subject.digest)] }),
  };
}

function writePerson(author: SbomAuthor | undefined): object {
  if (author?.kind !== 'person') return {};
  const { name, email } = author;
  return { authors: [{ ...(name === undefined ? {} : { name }), ...(email === undefined ? {} : { email }) }] };
}

/** 1.6 has another word for it. */
function writeOrganization(author: SbomAuthor | undefined, version: CyclonedxVersion): object {
  if (author?.kind !== 'organization') return {};
  const { name, email, url } = author;
  const organization = {
    ...(name === undefined ? {} : { name }),
    ...(url === undefined ? {} : { url: [url] }),
    ...(email === undefined ? {} : { contact: [{ email }] }),
  };
  return { [version === '1.4' || version === '1.5' ? 'manufacture' : 'manufacturer']: organization };
}

function readAuthor({ authors, manufacturer, manufacture }: Parties): SbomAuthor | undefined {
  const [person] = authors ?? [];
  const organization = manufacturer ?? manufacture;
  const { name, email = organization?.contact?.[0]?.email } = person ?? organization ?? {};
  const url = organization?.url?.[0];
  if (name === undefined && email === undefined && url === undefined) return undefined;
  return {
    kind: person === undefined ? 'organization' : 'person',
    ...(name === undefined ? {} : { name }),
    ...(email === undefined ? {} : { email }),
    ...(url === undefined || person !== undefined ? {} : { url }),
  };
}

function writeDigest(digest: string): unknown {
  const [algorithm = '', content] = digest.split(':');
  return { alg: algorithm.toUpperCase().replace('SHA', 'SHA-'), content };
}

function writeDistro(distro: Distro): unknown {
  return {
    'bom-ref': OS,
    type: 'operating-system',
    name: distro.id,
    ...(distro.versionId === undefined ? {} : { version: distro.versionId }),
    ...(distro.prettyName === undefined ? {} : { description: distro.prettyName }),
  };
}

function writeComponent(component: Component, version: CyclonedxVersion, texts: LicenceTexts): unknown {
  const known = sourceProperties(component).filter(([name]) => component.properties[name] === undefined);
  const pairs = [...componentPairs(component), ...known];
  const { originator, description, copyright } = component;
  const references = writeReferences(component);
  return {
    'bom-ref': component.id,
    type: version === '1.4' && component.kind === 'platform' ? 'device' : component.kind,
    ...(component.supplier === undefined ? {} : { supplier: { name: component.supplier } }),
    ...(originator === undefined ? {} : writeAuthor(originator, version)),
    name: component.name,
    version: component.version,
    ...(description === undefined ? {} : { description }),
    ...(component.scope === 'runtime' ? {} : { scope: component.scope === 'optional' ? 'optional' : 'excluded' }),
    ...(component.hashes.length === 0 ? {} : { hashes: component.hashes.map(writeHash) }),
    ...(component.licences.length === 0 ? {} : { licenses: writeLicences(component.licences, texts) }),
    ...(copyright === undefined ? {} : { copyright }),
    ...(component.cpes?.[0] === undefined ? {} : { cpe: component.cpes[0] }),
    ...(component.purl === undefined ? {} : { purl: component.purl }),
    ...(references.length === 0 ? {} : { externalReferences: references }),
    ...(pairs.length === 0 ? {} : { properties: writePairs(pairs) }),
    ...(component.locations.length === 0 || version === '1.4' ? {} : { evidence: writeEvidence(component) }),
  };
}

/** 1.6 has a list in the place of one line. */
function writeAuthor(name: string, version: CyclonedxVersion): object {
  return version === '1.4' || version === '1.5' ? { author: name } : { authors: [{ name }] };
}

function writeReferences({ homepage, downloadLocation, sourceRepository }: Component): readonly unknown[] {
  return [
    ...(homepage === undefined ? [] : [{ type: 'website', url: homepage }]),
    ...(downloadLocation === undefined ? [] : [{ type: 'distribution', url: downloadLocation }]),
    ...(sourceRepository === undefined ? [] : [{ type: 'vcs', url: sourceRepository }]),
  ];
}

function writeHash({ algorithm, value }: Hash): unknown {
  return { alg: algorithm.toUpperCase().replace('SHA', 'SHA-'), content: value };
}

function writeEvidence(component: Component): unknown {
  return {
    occurrences: [...new Set(component.locations.map((location) => location.path))].map((location) => ({ location })),
  };
}

const TEXT = 'plimsoll:licenceText';

/** Expressions have no place for the texts of what they name. */
function textPairs({ components, licenceTexts = [] }: Sbom): readonly Pair[] {
  const own = new Set(components.flatMap(({ licences }) => licences));
  return licenceTexts.filter(({ licence }) => !own.has(licence)).map((one) => [TEXT, JSON.stringify(one)] as const);
}

/** Either one expression or a list of licences, never both (bom-1.6 `licenseChoice`). */
function writeLicences(licences: readonly string[], texts: LicenceTexts): unknown {
  const [first] = licences;
  if (licences.length === 1 && first !== undefined && isLicenceExpression(first)) return [{ expression: first }];
  return licences.map((licence) => {
    if (findLicenceId(licence) === licence) return { license: { id: licence } };
    const [custom] = customLicences([licence], texts);
    if (custom === undefined || custom.text === custom.name || isLicenceExpression(licence))
      return { license: { name: licence } };
    return { license: { name: custom.name, text: { content: custom.text } } };
  });
}

function writePairs(pairs: readonly Pair[]): unknown {
  return pairs.map(([name, value]) => ({ name, value }));
}

function writeDependencies(sbom: Sbom): unknown {
  const edges = sbom.dependencies.map(({ from, to }) => ({ ref: from, dependsOn: to }));
  return [{ ref: ROOT, dependsOn: findRoots(sbom) }, ...edges];
}

const decodeLicence = object({
  license: optional(
    object({
      id: optional(string),
      name: optional(string),
      text: optional(object({ content: optional(string), encoding: optional(string) })),
      acknowledgement: optional(string),
    }),
  ),
  expression: optional(string),
  acknowledgement: optional(string),
});
const decodeProperty = object({ name: optional(string), value: optional(string) });
const decodeHash = object({ alg: string, content: string });
const componentFields = {
  'bom-ref': optional(string),
  type: optional(string),
  group: optional(string),
  name: string,
  version: optional(string),
  description: optional(string),
  copyright: optional(string),
  cpe: optional(string),
  purl: optional(string),
  author: optional(string),
  authors: optional(arrayOf(object({ name: optional(string) }))),
  publisher: optional(string),
  externalReferences: optional(arrayOf(object({ type: optional(string), url: optional(string) }))),
  supplier: optional(object({ name: optional(string) })),
  scope: optional(string),
  hashes: optional(arrayOf(decodeHash)),
  licenses: optional(arrayOf(decodeLicence)),
  properties: optional(arrayOf(decodeProperty)),
  evidence: optional(object({ occurrences: optional(arrayOf(object({ location: optional(string) }))) })),
  components: optional(arrayOf(record)),
};
const decodeComponent = object(componentFields);
type RawComponent = ReturnType<typeof decodeComponent>;
const decodeContact = object({ name: optional(string), email: optional(string) });
const decodeOrganization = object({
  name: optional(string),
  email: optional(string),
  url: optional(arrayOf(string)),
  contact: optional(arrayOf(decodeContact)),
});
const partyFields = {
  authors: optional(arrayOf(decodeContact)),
  manufacturer: optional(decodeOrganization),
  manufacture: optional(decodeOrganization),
};
const decodeParties = object(partyFields);
type Parties = ReturnType<typeof decodeParties>;
const decodeDocument = object({
  metadata: optional(
    object({
      timestamp: optional(string),
      component: optional(decodeComponent),
      tools: optional((value, path) => findTool(value, path)),
      properties: optional(arrayOf(decodeProperty)),
      ...partyFields,
    }),
  ),
  components: optional(arrayOf(record, MAX_COMPONENTS)),
  dependencies: optional(
    arrayOf(object({ ref: string, dependsOn: optional(arrayOf(string, MAX_COMPONENTS)) }), MAX_COMPONENTS),
  ),
});

/** A list of tools (up to 1.4) or an object with components (from 1.5): the first one. */
function findTool(value: unknown, path: string): { readonly name: string; readonly version: string } | undefined {
  const list: unknown = Array.isArray(value) ? value : record(value, path).components;
  const first: unknown = Array.isArray(list) ? list[0] : undefined;
  if (!isRecord(first) || typeof first.name !== 'string') return undefined;
  return { name: first.name, version: typeof first.version === 'string' ? first.version : '' };
}

function read(document: unknown): Sbom {
  const bom = decodeDocument(document, 'CycloneDX');
  const all = flattenNested(bom.components ?? [], (one) => recordsOf(one.components));
  const raw = all.map((one, index) => decodeComponent(one, `components[${index}]`));
  const pairs = readPairs(bom.metadata?.properties);
  const { told, ...known } = readDocumentPairs(pairs);
  const licenceTexts = readTexts(raw, pairs);
  const author = bom.metadata === undefined ? undefined : readAuthor(bom.metadata);
  const ids = new Map<string, string>();
  const taken: TakenIds = new Map();
  const components = raw.flatMap((entry) => {
    if (entry.type === 'operating-system') return [];
    const reference = entry['bom-ref'];
    const id = uniqueId(reference ?? entry.purl ?? `${entry.name}@${entry.version ?? ''}`, taken);
    if (reference !== undefined) ids.set(reference, id);
    return [readComponent(entry, id)];
  });
  return arrangeSbom(
    withDistro({
      ...known,
      subject: readSubject(bom.metadata?.component, told),
      distro: known.distro ?? readDistro(raw) ?? guessDistro(components),
      components,
      dependencies: readDependencies(bom.dependencies ?? [], ids),
      tool: bom.metadata?.tools ?? { name: 'unknown', version: '' },
      ...(author === undefined ? {} : { author }),
      ...(licenceTexts.length === 0 ? {} : { licenceTexts }),
      created: bom.metadata?.timestamp ?? '',
    }),
  );
}

function readComponent(raw: RawComponent, id: string): Component {
  const purl = findPurl(raw.purl ?? '');
  const version = raw.version ?? purl?.version ?? '';
  const facts = readComponentPairs(readPairs(raw.properties));
  const source = facts.source ?? sourceOfPurl(purl, version);
  const supplier = raw.supplier?.name ?? raw.publisher;
  const originator = raw.authors?.[0]?.name ?? raw.author;
  // a file: address is that of the file within what is described
  const link = (type: string) =>
    raw.externalReferences?.find((one) => one.type === type && one.url?.startsWith('file:') !== true)?.url;
  const [homepage, downloadLocation] = [link('website'), link('distribution')];
  const sourceRepository = repositoryAddress(link('vcs'));
  const occurrences = (raw.evidence?.occurrences ?? []).flatMap(({ location }) =>
    location === undefined ? [] : [{ path: location }],
  );
  const told = new Map(sourceProperties({ purl: raw.purl, source }));
  const properties = Object.entries(facts.properties).filter(([name, value]) => told.get(name) !== value);
  return {
    ...facts,
    properties: Object.fromEntries(properties),
    id,
    kind: facts.kind ?? readKind(raw.type),
    name: joinName(raw, purl?.type),
    version,
    ...(raw.purl === undefined ? {} : { purl: raw.purl }),
    licences: readLicences(raw.licenses ?? []),
    locations: facts.locations.length > 0 ? facts.locations : occurrences,
    ...(facts.cpes === undefined && raw.cpe !== undefined ? { cpes: [raw.cpe] } : {}),
    ...(supplier === undefined ? {} : { supplier }),
    ...(originator === undefined ? {} : { originator }),
    ...(raw.description === undefined ? {} : { description: raw.description }),
    ...(raw.copyright === undefined ? {} : { copyright: raw.copyright }),
    ...(homepage === undefined ? {} : { homepage }),
    ...(downloadLocation === undefined ? {} : { downloadLocation }),
    ...(sourceRepository === undefined ? {} : { sourceRepository }),
    hashes: (raw.hashes ?? []).flatMap(({ alg, content }) => readHash(alg, content)),
    scope: raw.scope === 'excluded' && facts.scope === 'runtime' ? 'development' : facts.scope,
    ...(source === undefined ? {} : { source }),
  };
}

function joinName(raw: RawComponent, purlType: string | undefined): string {
  if (raw.group === undefined || raw.group === '') return raw.name;
  if (purlType === 'deb' || purlType === 'apk' || purlType === 'rpm') return raw.name;
  return `${raw.group}${purlType === 'maven' ? ':' : '/'}${raw.name}`;
}

/** As the package declares them, where that is told from what somebody concluded. */
function readLicences(list: readonly ReturnType<typeof decodeLicence>[]): readonly string[] {
  const declared = list.filter((one) => (one.license ?? one).acknowledgement === 'declared');
  return (declared.length > 0 ? declared : list).flatMap(({ expression, license }) => {
    const text = expression ?? license?.id ?? customOf(license)?.licence;
    return text === undefined ? [] : [text];
  });
}

/** The text may be there without a name, and as Base64. */
function customOf(license: ReturnType<typeof decodeLicence>['license']) {
  const { content, encoding } = license?.text ?? {};
  if (license === undefined || (license.name === undefined && content === undefined)) return undefined;
  const text = encoding === 'base64' ? Buffer.from(content ?? '', 'base64').toString('utf8') : content;
  return license.name === undefined && text !== undefined
    ? { licence: text, texts: [] }
    : readCustomLicence({ id: '', name: license.name, text, isWhole: true });
}

function readTexts(raw: readonly RawComponent[], pairs: readonly Pair[]): readonly LicenceText[] {
  const own = raw.flatMap(({ licenses = [] }) => licenses.filter(({ license }) => license?.id === undefined));
  return arrangeTexts([
    ...own.flatMap(({ license }) => customOf(license)?.texts ?? []),
    ...pairs.flatMap(([name, value]) => (name === TEXT ? decodeText(value) : [])),
  ]);
}

function readPairs(list: readonly ReturnType<typeof decodeProperty>[] | undefined): readonly Pair[] {
  return (list ?? []).flatMap(({ name, value }): Pair[] => (name === undefined ? [] : [[name, value ?? '']]));
}

function readSubject(raw: RawComponent | undefined, told: ToldSubject): SbomSubject {
  const hash = raw?.hashes?.find(({ alg }) => alg === 'SHA-256' || alg === 'SHA-512');
  const digest =
    findDigest(`${hash?.alg.toLowerCase().replace('-', '')}:${hash?.content}`) ?? findDigest(raw?.version ?? '');
  return {
    kind: told.kind ?? (raw?.type === 'container' ? 'image' : 'unknown'),
    name: raw?.name ?? 'unknown',
    ...(digest === undefined ? {} : { digest }),
    ...(raw?.version === undefined ? {} : { version: raw.version }),
    ...(told.platform === undefined ? {} : { platform: told.platform }),
  };
}

function readDistro(raw: readonly RawComponent[]): Distro | undefined {
  const system = raw.find((component) => component.type === 'operating-system');
  if (system === undefined) return undefined;
  return { id: system.name.toLowerCase(), ...(system.version === undefined ? {} : { versionId: system.version }) };
}

function readDependencies(
  list: readonly { readonly ref: string; readonly dependsOn: readonly string[] | undefined }[],
  ids: ReadonlyMap<string, string>,
): readonly Dependency[] {
  return list.flatMap(({ ref, dependsOn }) => {
    const from = ids.get(ref);
    const to = (dependsOn ?? []).flatMap((target) => ids.get(target) ?? []);
    return from === undefined || to.length === 0 ? [] : [{ from, to }];
  });
}
