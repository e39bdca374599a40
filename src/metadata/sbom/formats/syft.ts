/** The JSON of Syft (schema 1 to 16), read as far as the neutral model goes. Not read: files, and facts of each kind of package. */
import { arrayOf, findDigest, isRecord, object, optional, record, string } from '../../../core/index.ts';
import { findPurl } from '../../ecosystem/index.ts';
import {
  decodeDistro,
  findPlatform,
  guessDistro,
  MAX_COMPONENTS,
  sourceOfPurl,
  uniqueId,
  withDistro,
} from '../read.ts';
import type { TakenIds } from '../read.ts';
import { arrangeSbom } from '../sbom.ts';
import type { Component, Dependency, SbomSubject } from '../sbom.ts';
import type { SbomReader } from './format.ts';

export const syft: SbomReader = {
  recognizes: (document) =>
    isRecord(document) && Array.isArray(document.artifacts) && isRecord(document.schema) && isRecord(document.source),
  read: (document) => {
    const raw = decodeDocument(document, 'Syft');
    const ids = new Map<string, string>();
    const taken: TakenIds = new Map();
    const components = raw.artifacts.map((entry) => {
      const component = readArtifact(entry, taken);
      ids.set(entry.id, component.id);
      return component;
    });
    return arrangeSbom(
      withDistro({
        subject: readSource(raw.source),
        distro: readDistro(raw.distro) ?? guessDistro(components),
        components,
        dependencies: (raw.artifactRelationships ?? []).flatMap(({ parent, child, type }): readonly Dependency[] => {
          // the parent is what the child needs
          const [to, from] = [ids.get(parent), ids.get(child)];
          return type === 'dependency-of' && to !== undefined && from !== undefined ? [{ from, to: [to] }] : [];
        }),
        skipped: [],
        tool: { name: raw.descriptor?.name ?? 'syft', version: raw.descriptor?.version ?? '' },
        created: raw.descriptor?.timestamp ?? '',
      }),
    );
  },
};

const decodeLicence = (value: unknown, path: string) =>
  typeof value === 'string'
    ? { value, spdxExpression: undefined }
    : object({ value: optional(string), spdxExpression: optional(string) })(value, path);
const decodeCpe = (value: unknown, path: string) =>
  typeof value === 'string' ? value : object({ cpe: string })(value, path).cpe;
const decodeArtifact = object({
  id: string,
  name: string,
  version: optional(string),
  type: optional(string),
  foundBy: optional(string),
  locations: optional(arrayOf(object({ path: string, layerID: optional(string) }))),
  licenses: optional(arrayOf(decodeLicence)),
  cpes: optional(arrayOf(decodeCpe)),
  purl: optional(string),
});
const decodeDocument = object({
  artifacts: arrayOf(decodeArtifact, MAX_COMPONENTS),
  artifactRelationships: optional(arrayOf(object({ parent: string, child: string, type: string }), 8 * MAX_COMPONENTS)),
  source: object({
    name: optional(string),
    version: optional(string),
    type: optional(string),
    metadata: optional((value: unknown, path: string) => (isRecord(value) ? record(value, path) : {})),
    target: optional((value: unknown) => value),
  }),
  distro: optional(record),
  descriptor: optional(object({ name: optional(string), version: optional(string), timestamp: optional(string) })),
});

function readArtifact(raw: ReturnType<typeof decodeArtifact>, taken: TakenIds): Component {
  const version = raw.version ?? '';
  const purl = raw.purl === '' ? undefined : raw.purl;
  const source = sourceOfPurl(findPurl(purl ?? ''), version);
  const cpes = raw.cpes ?? [];
  return {
    id: uniqueId(purl ?? raw.id, taken),
    kind: raw.type === 'binary' ? 'application' : 'library',
    name: raw.name,
    version,
    ...(purl === undefined ? {} : { purl }),
    licences: (raw.licenses ?? []).flatMap(({ value, spdxExpression }) => {
      const text = spdxExpression === undefined || spdxExpression === '' ? value : spdxExpression;
      return text === undefined || text === '' ? [] : [text];
    }),
    ...(cpes.length === 0 ? {} : { cpes }),
    locations: (raw.locations ?? []).map(({ path, layerID }) => ({
      path: path.replace(/^\//, ''),
      ...(layerID === undefined ? {} : { layer: layerID }),
    })),
    ...(raw.foundBy === undefined ? {} : { foundBy: raw.foundBy }),
    hashes: [],
    scope: 'runtime',
    ...(source === undefined ? {} : { source }),
    properties: {},
  };
}

const KINDS: ReadonlyMap<string, SbomSubject['kind']> = new Map([
  ['image', 'image'],
  ['directory', 'folder'],
  ['file', 'file'],
]);

function readSource(raw: ReturnType<typeof decodeDocument>['source']): SbomSubject {
  // up to schema 7 what is metadata now was the target, which for folders is a path alone
  const facts = raw.metadata ?? (isRecord(raw.target) ? raw.target : {});
  const text = (key: string) => (typeof facts[key] === 'string' ? facts[key] : undefined);
  const name =
    raw.name ?? text('userInput') ?? text('path') ?? (typeof raw.target === 'string' ? raw.target : undefined);
  const digest = findDigest(text('manifestDigest') ?? '');
  const [os = '', ...machine] = ['os', 'architecture', 'architectureVariant'].map(text);
  const platform = findPlatform([os, ...machine.filter(Boolean)].join('/'));
  return {
    kind: KINDS.get(raw.type ?? '') ?? 'unknown',
    name: name ?? 'unknown',
    ...(digest === undefined ? {} : { digest }),
    ...(raw.version === undefined || raw.version === '' ? {} : { version: raw.version }),
    ...(platform === undefined ? {} : { platform }),
  };
}

function readDistro(raw: Readonly<Record<string, unknown>> | undefined): ReturnType<typeof decodeDistro> {
  if (raw === undefined || raw.id === '') return undefined;
  return decodeDistro({ ...raw, versionId: raw.versionID, codename: raw.versionCodename });
}
