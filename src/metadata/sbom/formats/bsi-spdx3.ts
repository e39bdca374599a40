/**
 * SPDX 3.0.1 as BSI TR-03183-2 v2.1 wants it, beside what is written anyway: addresses of creators, concluded licences, the file that is
 * delivered as distribution artifact, and of each package what it needs and whether that is all.
 */
import { recordsOf } from '../../../core/index.ts';
import { shortHash } from '../identity.ts';
import type { Component, Sbom } from '../sbom.ts';
import { addressOf, BSI_PROPERTY, completenessOf, isAgreed } from './bsi-facts.ts';
import { packageName, toSpdx3 } from './spdx3.ts';

type Raw = Readonly<Record<string, unknown>>;

const TERMS = 'https://spdx.org/rdf/3.0.1/terms/Core';

export function toBsiSpdx3(sbom: Sbom): Raw {
  const document = toSpdx3(sbom);
  const graph = recordsOf(document['@graph']);
  const base = String(graph.find(({ type }) => type === 'SpdxDocument')?.spdxId).replace(/\/[^/]*$/, '');
  const additions = new Additions(graph, base);
  const completeness = completenessOf(sbom);
  const components = new Map(sbom.components.map((component) => [`${base}/${packageName(component.id)}`, component]));
  const changed = graph.map((raw) => {
    const component = components.get(String(raw.spdxId));
    if (component !== undefined) return additions.addTo(raw, component);
    if (!isNeed(raw)) return raw;
    const id = components.get(String(raw.from))?.id;
    return { ...raw, completeness: id === undefined ? 'noAssertion' : completeness(id) };
  });
  const telling = new Set(changed.filter(isNeed).map(({ from }) => from));
  for (const [from, { id }] of components) if (!telling.has(from)) additions.addLeaf(from, completeness(id));
  return { ...document, '@graph': additions.list(changed) };
}

function isNeed({ type, relationshipType }: Raw): boolean {
  return type === 'Relationship' && relationshipType === 'dependsOn';
}

/** Elements beside those that are there, each listed in the document and in the Sbom. */
class Additions {
  readonly #base: string;
  readonly #licences = new Map<unknown, unknown>();
  readonly #added = new Map<string, Raw>();

  constructor(graph: readonly Raw[], base: string) {
    this.#base = base;
    for (const { relationshipType, from, to } of graph)
      if (relationshipType === 'hasDeclaredLicense') this.#licences.set(from, to);
  }

  /** Gives the package as it then is. */
  addTo(raw: Raw, component: Component): Raw {
    const from = String(raw.spdxId);
    const to = this.#licences.get(from);
    if (to !== undefined && isAgreed(component)) this.#relate(from, 'hasConcludedLicense', { to });
    this.#addFile(from, component);
    const creator = this.#addCreator(component);
    if (creator === undefined) return raw;
    // behind whoever is named, for the address alone names nobody
    return {
      ...raw,
      originatedBy: [...(Array.isArray(raw.originatedBy) ? (raw.originatedBy as unknown[]) : []), creator],
    };
  }

  addLeaf(from: string, completeness: string): void {
    const to = [`${TERMS}/${completeness === 'complete' ? 'NoneElement' : 'NoAssertionElement'}`];
    this.#relate(from, 'dependsOn', { to, completeness });
  }

  list(graph: readonly Raw[]): readonly Raw[] {
    const ids = [...this.#added.keys()];
    const listed = graph.map((raw) =>
      raw.type === 'SpdxDocument' || raw.type === 'software_Sbom'
        ? { ...raw, element: [...(Array.isArray(raw.element) ? (raw.element as unknown[]) : []), ...ids] }
        : raw,
    );
    return [...listed, ...this.#added.values()];
  }

  #addCreator(component: Component): string | undefined {
    const { email, url } = addressOf(component);
    const [externalIdentifierType, identifier] = email === undefined ? ['urlScheme', url] : ['email', email];
    if (identifier === undefined) return undefined;
    return this.#add('Organization', `Agent/${shortHash(identifier)}-address`, {
      externalIdentifier: [{ type: 'ExternalIdentifier', externalIdentifierType, identifier }],
    });
  }

  #addFile(from: string, { hashes, properties }: Component): void {
    const name = properties[`${BSI_PROPERTY}filename`];
    const hashValue = hashes.find(({ algorithm }) => algorithm === 'sha512')?.value;
    if (name === undefined || hashValue === undefined) return;
    const is = (kind: string, word = kind) => properties[`${BSI_PROPERTY}${kind}`] === word;
    const purposes = [
      ...(is('archive') ? ['archive'] : []),
      ...(is('executable') ? ['executable'] : []),
      ...(is('archive') && is('structured') ? ['container'] : []),
    ];
    const [primary = 'file', ...others] = purposes;
    const file = this.#add('software_File', `File/${shortHash(`${from}\n${name}`)}`, {
      name,
      verifiedUsing: [{ type: 'Hash', algorithm: 'sha512', hashValue }],
      software_primaryPurpose: primary,
      ...(others.length === 0 ? {} : { software_additionalPurpose: others }),
    });
    this.#relate(from, 'hasDistributionArtifact', { to: [file] });
  }

  #relate(from: string, relationshipType: string, rest: Raw): void {
    const name = `Relationship/${relationshipType}-${shortHash(`${from}\n${JSON.stringify(rest)}`)}`;
    this.#add('Relationship', name, { from, relationshipType, ...rest });
  }

  #add(type: string, name: string, rest: Raw): string {
    const spdxId = `${this.#base}/${name}`;
    this.#added.set(spdxId, { type, spdxId, creationInfo: '_:creationinfo', ...rest });
    return spdxId;
  }
}
