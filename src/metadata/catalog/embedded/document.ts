/** An SBOM that lies among the files: of whichever format and serialisation, the components that it lists become ours. */
import { isRecord, parseJson } from '../../../core/index.ts';
import { findEcosystem, findPurl } from '../../ecosystem/index.ts';
import type { Purl } from '../../ecosystem/index.ts';
import { parseSbomDocument, readSbom, tellablePlace } from '../../sbom/index.ts';
import type { Component } from '../../sbom/index.ts';
import type { Given } from '../components.ts';
import { MAX_FILE_BYTES } from '../file-cataloger.ts';
import { recordOf } from '../values.ts';
import type { Reading } from '../file-cataloger.ts';

/** Adds those components of the document that `isWanted` picks, with the dependencies among them. Throws `invalid-input`. */
export function addDocument(
  { content, file, finds }: Pick<Reading, 'content' | 'file' | 'finds'>,
  isWanted: (component: Component) => boolean = () => true,
): void {
  const document = openEnvelope(parseSbomDocument(content, file.path), file.path);
  const sbom = readSbom(document, file.path, { isPart: true });
  const copies = listCopies(document);
  const root = findRoot(document);
  const ids = new Map<string, Component | undefined>();
  for (const component of sbom.components) {
    if (isGrouping(component) || copies.has(component.id) || !isWanted(component)) continue;
    const described = component.id === root ? { describedBy: file.path } : {};
    ids.set(component.id, finds.add(file, { ...toGiven(component), ...described }));
  }
  for (const { from, to } of sbom.dependencies) {
    finds.depend(
      ids.get(from),
      to.map((id) => ids.get(id)),
    );
  }
}

/** Files, and what Trivy puts above the packages of one ecosystem. */
function isGrouping({ id, kind, version, purl }: Component): boolean {
  const isProgram = kind === 'application' || id.startsWith('SPDXRef-Application-');
  return kind === 'file' || (isProgram && version === '' && purl === undefined);
}

/** DSSE; whoever signed it is nobody's concern here, as with any file found. */
function openEnvelope(document: unknown, what: string): unknown {
  if (!isRecord(document) || typeof document.payload !== 'string' || typeof document.payloadType !== 'string') {
    return document;
  }
  return parseJson(Buffer.from(document.payload, 'base64'), { what, maxBytes: MAX_FILE_BYTES });
}

/** Ids of packages that are only the place where another package of the document was put (SPDX 2.3, 11.1). */
function listCopies(document: unknown): ReadonlySet<string> {
  const relationships = isRecord(document) && Array.isArray(document.relationships) ? document.relationships : [];
  return new Set(
    relationships.flatMap((edge: unknown) => {
      if (!isRecord(edge)) return [];
      if (edge.relationshipType === 'DESCENDANT_OF') return [String(edge.spdxElementId)];
      return edge.relationshipType === 'ANCESTOR_OF' ? [String(edge.relatedSpdxElement)] : [];
    }),
  );
}

/** Id of what a document of CycloneDX is about, which it may list too. */
function findRoot(document: unknown): unknown {
  return recordOf(recordOf(recordOf(document).metadata).component)['bom-ref'];
}

/** The package URL tells the name as its ecosystem spells it; documents have titles there. */
function toGiven(component: Component): Given {
  const { id: _id, purl: text, foundBy: _foundBy, evidence: _evidence, ownedBy: _ownedBy, ...rest } = component;
  const { locations: _locations, introducedBy: _introducedBy, homepage, downloadLocation, ...own } = rest;
  const [page, download] = [homepage, downloadLocation].map((address) => tellablePlace(address ?? ''));
  const facts = {
    ...own,
    ...(page === undefined || page === '' ? {} : { homepage: page }),
    ...(download === undefined || download === '' ? {} : { downloadLocation: download }),
  };
  const purl = findPurl(text ?? '');
  if (purl === undefined) return facts;
  return {
    ...facts,
    name: findEcosystem(purl.type)?.packageName(purl) ?? nameOf(purl),
    purl: { ...purl, qualifiers: Object.fromEntries(purl.qualifiers) },
  };
}

function nameOf({ type, namespace, name }: Purl): string {
  if (namespace === undefined) return name;
  if (type === 'maven') return `${namespace}:${name}`;
  return ['composer', 'githubactions', 'swift', 'hex'].includes(type) ? `${namespace}/${name}` : name;
}
