/**
 * Facts of SPDX 3.0. Files count where they are the distribution artifact of a package: they tell its file name and properties. Names of
 * properties are taken with the prefix of their profile or without it, as documents in the field have them.
 */
import { recordsOf } from '../../../../core/index.ts';
import { checksum, fact, isUri, isUrl, texts, toolOf } from './facts.ts';
import type { ComponentFacts, Licence, Party, SbomFacts } from './facts.ts';

type Raw = Readonly<Record<string, unknown>>;

export function readSpdx3Facts(document: Raw): SbomFacts {
  const graph = new Graph(recordsOf(document['@graph']));
  const [creation = {}] = graph.of('CreationInfo');
  const [root = {}] = graph.of('SpdxDocument');
  const boms = graph.of('software_Sbom', 'Bom');
  const packages = graph.of('software_Package');
  const about = new Set([...boms, root].flatMap((one) => texts(one.rootElement)));
  for (const edge of graph.edges)
    if (edge.relationshipType === 'describes') for (const id of texts(edge.to)) about.add(id);
  const primary = packages.find((entry) => about.has(idOf(entry)));
  const agents = graph.all(creation.createdBy);
  const uses = [...graph.all(creation.createdUsing), ...agents];
  return {
    family: 'SPDX',
    version: texts(creation.specVersion)[0] ?? '',
    ...fact('uri', uriOf(root)),
    ...fact('timestamp', creation.created),
    authors: agents.filter(({ type }) => !isTool(type)).map(partyOf),
    suppliers: [],
    tools: uses.filter(({ type }) => isTool(type)).flatMap(({ name }) => texts(name).map(toolOf)),
    lifecycles: boms.flatMap((one) => texts(value(one, 'sbomType'))),
    ...fact('dataLicence', texts(root.dataLicense).map((id) => graph.licence(id))[0]),
    tellsCompleteness: graph.edges.some(({ completeness }) => texts(completeness).length > 0),
    hasVulnerabilities: graph.elements.some(({ type }) => String(type).startsWith('security_')),
    components: [...(primary === undefined ? [] : [primary]), ...packages.filter((entry) => entry !== primary)].map(
      (entry) => ({ ...readPackage(entry, graph), isPrimary: entry === primary }),
    ),
  };
}

const isTool = (type: unknown): boolean => type === 'Tool' || type === 'SoftwareAgent';

/** The same element has an id of either kind. */
const idOf = (raw: Raw): string => String(raw.spdxId ?? raw['@id']);

/** Of the software profile or the licensing one, with or without the prefix. */
function value(raw: Raw, name: string): unknown {
  return raw[`software_${name}`] ?? raw[`simplelicensing_${name}`] ?? raw[name];
}

/** An id without a scheme is one within the default namespace, where the document has that. */
function uriOf(root: Raw): string | undefined {
  const [id = ''] = texts(root.spdxId);
  if (isUri(id) && !id.startsWith('_:')) return id;
  const base = recordsOf(root.namespaceMap).find(({ prefix }) => prefix === '')?.namespace;
  return typeof base === 'string' && id !== '' ? `${base}${id}` : undefined;
}

class Graph {
  readonly elements: readonly Raw[];
  readonly edges: readonly Raw[];
  readonly #byId: ReadonlyMap<string, Raw>;
  readonly #from = new Map<string, Raw[]>();
  readonly #to = new Map<string, Raw[]>();

  constructor(elements: readonly Raw[]) {
    this.elements = elements;
    this.#byId = new Map(elements.map((one) => [idOf(one), one]));
    this.edges = this.of('Relationship', 'LifecycleScopedRelationship');
    for (const edge of this.edges) {
      add(this.#from, String(edge.from), edge);
      for (const id of texts(edge.to)) add(this.#to, id, edge);
    }
  }

  of(...types: readonly string[]): readonly Raw[] {
    return this.elements.filter(({ type }) => types.includes(String(type)));
  }

  /** Elements of the ids, those that are there. */
  all(ids: unknown): readonly Raw[] {
    return texts(ids)
      .map((id) => this.#byId.get(id))
      .filter((found) => found !== undefined);
  }

  /** Relationships of the type that begin at the element. */
  out(id: string, type: string): readonly Raw[] {
    return (this.#from.get(id) ?? []).filter(({ relationshipType }) => relationshipType === type);
  }

  /** Elements at the other end. */
  next(id: string, type: string): readonly Raw[] {
    return this.out(id, type).flatMap(({ to }) => this.all(to));
  }

  before(id: string, type: string): readonly Raw[] {
    return (this.#to.get(id) ?? [])
      .filter(({ relationshipType }) => relationshipType === type)
      .flatMap(({ from }) => this.all(from));
  }

  /** The expression of a licence element, or the id itself where it is one of the list of SPDX. */
  licence(id: string): string {
    const found = this.#byId.get(id);
    const text = found === undefined ? undefined : (value(found, 'licenseExpression') ?? found.name);
    return texts(text)[0] ?? id.replace(/^https?:\/\/spdx\.org\/licenses\//, '');
  }
}

function add(map: Map<string, Raw[]>, key: string, edge: Raw): void {
  const known = map.get(key);
  if (known === undefined) map.set(key, [edge]);
  else known.push(edge);
}

function partyOf(raw: Raw): Party {
  const ids = identifiers(raw, /./);
  return {
    ...fact('name', raw.name),
    emails: identifiers(raw, /^email$/),
    urls: ids.filter((text) => text.includes('://')),
  };
}

/** `externalIdentifier` is the name in the specification; the plural is in documents of the field. */
function identifiers(raw: Raw, kind: RegExp): readonly string[] {
  return [...recordsOf(raw.externalIdentifier), ...recordsOf(raw.externalIdentifiers)]
    .filter(({ externalIdentifierType }) => kind.test(String(externalIdentifierType)))
    .flatMap(({ identifier }) => texts(identifier));
}

function locators(raw: Raw, kind: RegExp): readonly string[] {
  return [...recordsOf(raw.externalRef), ...recordsOf(raw.externalRefs)]
    .filter(({ externalRefType }) => kind.test(String(externalRefType)))
    .flatMap(({ locator }) => texts(locator))
    .filter(isUrl);
}

function checksumsOf(raw: Raw): ComponentFacts['checksums'] {
  return recordsOf(raw.verifiedUsing).flatMap(({ algorithm, hashValue }) => checksum(algorithm, hashValue));
}

function readPackage(raw: Raw, graph: Graph): ComponentFacts {
  const id = idOf(raw);
  const files = graph.next(id, 'hasDistributionArtifact');
  const sources = graph.before(id, 'generates');
  const agents = (key: string) => graph.all(raw[key]).map(partyOf);
  const download = texts(value(raw, 'downloadLocation')).filter(isUrl);
  return {
    id,
    isPrimary: false,
    ...fact('name', raw.name),
    ...fact('version', value(raw, 'packageVersion')),
    suppliers: agents('suppliedBy'),
    creators: agents('originatedBy'),
    ...fact('fileName', files[0]?.name),
    checksums: checksumsOf(raw),
    deployableChecksums: files.flatMap(checksumsOf),
    sourceChecksums: sources.flatMap(checksumsOf),
    ...readLicences(id, graph),
    purls: [...texts(value(raw, 'packageUrl')), ...identifiers(raw, /^(?:packageUrl|purl)$/)],
    cpes: identifiers(raw, /^cpe2[23]$/),
    otherIds: identifiers(raw, /^(?:swid|swhid|gitoid)$/),
    deployableUris: [...download, ...[raw, ...files].flatMap((one) => locators(one, /^binaryArtifact$/i))],
    sourceUris: [
      ...texts(value(raw, 'sourceInfo')).filter(isUrl),
      ...[raw, ...sources].flatMap((one) => locators(one, /^(?:sourceArtifact|vcs)$/i)),
    ],
    securityTxts: locators(raw, /^security/i).filter((url) => url.endsWith('security.txt')),
    ...fact('purpose', value(raw, 'primaryPurpose')),
    ...readFileProperties(files),
    ...readEdges(id, graph),
  };
}

function readLicences(id: string, graph: Graph): Pick<ComponentFacts, 'licences' | 'effectiveLicence'> {
  const of = (type: string, acknowledgement: Licence['acknowledgement'] & string) =>
    graph
      .out(id, type)
      .flatMap(({ to }) => texts(to))
      .flatMap((target) => texts(graph.licence(target)))
      .map((text) => ({ text, acknowledgement }));
  const effective = graph.out(id, 'other').find(({ comment }) => comment === 'hasEffectiveLicense');
  return {
    licences: [...of('hasDeclaredLicense', 'declared'), ...of('hasConcludedLicense', 'concluded')],
    ...fact(
      'effectiveLicence',
      texts(effective?.to).map((target) => graph.licence(target)),
    ),
  };
}

/** Purposes of the file; what is not among them is denied by them (BSI TR-03183-2, mapping to SPDX 3). */
function readFileProperties([file]: readonly Raw[]): Pick<ComponentFacts, 'executable' | 'archive' | 'structured'> {
  if (file === undefined) return {};
  const purposes = [...texts(value(file, 'primaryPurpose')), ...texts(value(file, 'additionalPurpose'))];
  if (purposes.length === 0) return {};
  const isArchive = purposes.includes('archive');
  return {
    executable: purposes.includes('executable') ? 'executable' : 'non-executable',
    archive: isArchive ? 'archive' : 'no archive',
    structured: isArchive && !purposes.includes('container') ? 'unstructured' : 'structured',
  };
}

/** Of what is contained too: that is how an image has its packages. */
function readEdges(id: string, graph: Graph): Pick<ComponentFacts, 'dependsOn' | 'completeness'> {
  const edges = [...graph.out(id, 'dependsOn'), ...graph.out(id, 'contains')];
  if (edges.length === 0) return {};
  const targets = edges
    .flatMap(({ to }) => texts(to))
    .filter((target) => !/NoneElement$|NoAssertionElement$/.test(target));
  return {
    dependsOn: targets,
    ...fact(
      'completeness',
      edges.map(({ completeness }) => completeness),
    ),
  };
}
