/** What the specifications of SBOMs demand in words and no schema checks: ids that are unique, references that lead somewhere. */
import { isRecord, recordsOf } from '../../core/index.ts';
import type { SbomFault } from './validate.ts';

type Document = Readonly<Record<string, unknown>>;

/** Of a document in the shape of its JSON; nothing for one of no known family. */
export function findFaults(document: unknown): readonly SbomFault[] {
  if (!isRecord(document)) return [];
  if (document.bomFormat === 'CycloneDX') return cyclonedxFaults(document);
  if (typeof document.spdxVersion === 'string') return spdx2Faults(document);
  return Array.isArray(document['@graph']) ? spdx3Faults(recordsOf(document['@graph'])) : [];
}

/** Paths of components and services, nested ones too. */
const COMPONENT = /^(?:metadata\.component|(?:components|services)\[\d+\])(?:\.(?:components|services)\[\d+\])*$/;

function cyclonedxFaults(document: Document): readonly SbomFault[] {
  const faults: SbomFault[] = [];
  const ids = new Map<string, string>();
  for (const [where, value] of walk(document, '')) {
    const id = value['bom-ref'];
    const first = typeof id === 'string' ? ids.get(id) : undefined;
    if (typeof id === 'string' && first === undefined) ids.set(id, where);
    // the official examples name other things twice
    if (first !== undefined && COMPONENT.test(where) && COMPONENT.test(first)) {
      faults.push({ where, rule: 'unique-bom-ref', message: `bom-ref "${String(id)}" is taken by ${first}` });
    }
    if (value.versionRange !== undefined && value.isExternal !== true && value.isExternal !== 'true') {
      faults.push({ where, rule: 'version-range', message: 'a range of versions is for external components alone' });
    }
  }
  recordsOf(document.dependencies).forEach(({ ref, dependsOn, provides }, index) => {
    const where = `dependencies[${index}]`;
    for (const target of [ref, ...list(dependsOn), ...list(provides)]) {
      if (typeof target === 'string' && !ids.has(target) && !target.startsWith('urn:cdx:')) {
        faults.push({ where, rule: 'known-reference', message: `nothing has the bom-ref "${target}"` });
      }
    }
  });
  return faults;
}

/** All objects within, with their paths. An explicit stack: documents nest as deep as their text is long. */
function* walk(document: Document, root: string): Generator<readonly [where: string, value: Document]> {
  const waiting: [string, unknown][] = [[root, document]];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const [where, value] = next;
    if (Array.isArray(value)) value.forEach((item, index) => waiting.push([`${where}[${index}]`, item]));
    else if (isRecord(value)) {
      yield [where === '' ? 'document' : where, value];
      for (const [key, child] of Object.entries(value)) {
        if (typeof child === 'object') waiting.push([where === '' ? key : `${where}.${key}`, child]);
      }
    }
  }
}

function spdx2Faults(document: Document): readonly SbomFault[] {
  const faults: SbomFault[] = [];
  const ids = new Map<string, string>();
  for (const [where, { SPDXID: id }] of walk(document, '')) {
    if (typeof id !== 'string') continue;
    const first = ids.get(id);
    if (first !== undefined) faults.push({ where, rule: 'unique-id', message: `SPDXID "${id}" is taken by ${first}` });
    else ids.set(id, where);
  }
  const isKnown = (id: unknown) =>
    typeof id !== 'string' || ids.has(id) || /^DocumentRef-|^(?:NOASSERTION|NONE)$/.test(id);
  const demand = (where: string, id: unknown) => {
    if (!isKnown(id))
      faults.push({ where, rule: 'known-reference', message: `nothing has the SPDXID "${String(id)}"` });
  };
  recordsOf(document.relationships).forEach(({ spdxElementId, relatedSpdxElement }, index) => {
    demand(`relationships[${index}]`, spdxElementId);
    demand(`relationships[${index}]`, relatedSpdxElement);
  });
  for (const id of list(document.documentDescribes)) demand('documentDescribes', id);
  const namespace = document.documentNamespace;
  if (typeof namespace === 'string' && namespace.includes('#')) {
    faults.push({ where: 'documentNamespace', rule: 'namespace', message: 'expected no # in it' });
  }
  return faults;
}

function spdx3Faults(graph: readonly Document[]): readonly SbomFault[] {
  const faults: SbomFault[] = [];
  const ids = new Map<unknown, number>();
  graph.forEach((element, index) => {
    const id = element.spdxId ?? element['@id'];
    if (typeof id !== 'string') return;
    const first = ids.get(id);
    if (first !== undefined) {
      const message = `${id} is taken by @graph[${first}]`;
      faults.push({ where: `@graph[${index}]`, rule: 'unique-id', message });
    } else ids.set(id, index);
  });
  const external = new Set(
    graph.flatMap((element) => recordsOf(element.import).map(({ externalSpdxId }) => externalSpdxId)),
  );
  graph.forEach(({ from, to }, index) => {
    for (const id of [from, ...list(to)]) {
      if (typeof id !== 'string' || ids.has(id) || external.has(id) || /spdx\.org\/(?:rdf|licenses)\//.test(id))
        continue;
      faults.push({ where: `@graph[${index}]`, rule: 'known-reference', message: `nothing has the spdxId "${id}"` });
    }
  });
  return faults;
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : [];
}
