/**
 * Facts of a component that neither SPDX 2.3 nor CycloneDX 1.6 has a field for, as name and value pairs:
 * CycloneDX writes them as properties, SPDX as annotations.
 */
import { AppError } from '../../core/index.ts';
import { decodeBase, decodeDistro, decodeLayer, decodeSkipped, findPlatform, tryJson } from './read.ts';
import { EVIDENCE, LAYER_SCOPES, SUBJECT_KINDS } from './sbom.ts';
import type { Component, Location, Scope, Sbom, SbomSubject } from './sbom.ts';

export type Pair = readonly [name: string, value: string];

const PREFIX = 'plimsoll:';
const PLATFORM = `${PREFIX}platform`;
const LAYER_SCOPE = `${PREFIX}layerScope`;
const SCOPES: readonly Scope[] = ['runtime', 'development', 'optional'];

export function componentPairs(component: Component): readonly Pair[] {
  const pairs: Pair[] = component.locations.map((location) => [`${PREFIX}location`, formatLocation(location)]);
  for (const name of ['introducedBy', 'deletedBy'] as const) {
    const layer = component[name];
    if (layer !== undefined) pairs.push([`${PREFIX}${name}`, `${layer.index} ${layer.digest} ${layer.diffId}`]);
  }
  if (component.foundBy !== undefined) pairs.push([`${PREFIX}foundBy`, component.foundBy]);
  if (component.evidence !== undefined) pairs.push([`${PREFIX}evidence`, component.evidence]);
  for (const cpe of component.cpes ?? []) pairs.push([`${PREFIX}cpe`, cpe]);
  for (const licence of component.detectedLicences ?? []) pairs.push([`${PREFIX}detectedLicence`, licence]);
  // a word that not all formats have
  if (component.kind === 'platform') pairs.push([`${PREFIX}kind`, component.kind]);
  if (component.scope !== 'runtime') pairs.push([`${PREFIX}scope`, component.scope]);
  if (component.source !== undefined) {
    pairs.push([`${PREFIX}sourceName`, component.source.name], [`${PREFIX}sourceVersion`, component.source.version]);
  }
  if (component.ownedBy !== undefined) pairs.push([`${PREFIX}ownedBy`, component.ownedBy]);
  for (const [name, value] of Object.entries(component.properties)) pairs.push([name, value]);
  return pairs;
}

type PairFields = Pick<Component, 'locations' | 'scope' | 'properties'> &
  Partial<
    Pick<
      Component,
      | 'kind'
      | 'introducedBy'
      | 'deletedBy'
      | 'foundBy'
      | 'evidence'
      | 'cpes'
      | 'detectedLicences'
      | 'source'
      | 'ownedBy'
    >
  >;

export function readComponentPairs(pairs: readonly Pair[]): PairFields {
  const first = new Map<string, string>();
  const properties = new Map<string, string>();
  for (const [name, value] of pairs) {
    if (!first.has(name)) first.set(name, value);
    if (!name.startsWith(PREFIX)) properties.set(name, value);
  }
  const scope = SCOPES.find((known) => known === first.get(`${PREFIX}scope`)) ?? 'runtime';
  const foundBy = first.get(`${PREFIX}foundBy`) ?? first.get('syft:package:foundBy');
  const ownedBy = first.get(`${PREFIX}ownedBy`);
  const evidence = EVIDENCE.find((known) => known === first.get(`${PREFIX}evidence`));
  const all = (name: string) => pairs.filter(([key]) => key === `${PREFIX}${name}`).map(([, value]) => value);
  const cpes = all('cpe');
  const detectedLicences = all('detectedLicence');
  const introducedBy = readLayer(first.get(`${PREFIX}introducedBy`));
  const deletedBy = readLayer(first.get(`${PREFIX}deletedBy`));
  const source = readSource(first);
  return {
    locations: all('location').map(parseLocation),
    scope,
    properties: Object.fromEntries([...properties].sort(([a], [b]) => (a < b ? -1 : 1))),
    ...(introducedBy === undefined ? {} : { introducedBy }),
    ...(deletedBy === undefined ? {} : { deletedBy }),
    ...(foundBy === undefined ? {} : { foundBy }),
    ...(first.get(`${PREFIX}kind`) === 'platform' ? { kind: 'platform' as const } : {}),
    ...(evidence === undefined ? {} : { evidence }),
    ...(cpes.length === 0 ? {} : { cpes }),
    ...(detectedLicences.length === 0 ? {} : { detectedLicences }),
    ...(source === undefined ? {} : { source }),
    ...(ownedBy === undefined ? {} : { ownedBy }),
  };
}

function readLayer(text: string | undefined): Component['introducedBy'] {
  const [index, digest, diffId] = (text ?? '').split(' ');
  return digest === undefined || diffId === undefined ? undefined : { index: Number(index), digest, diffId };
}

/** Ours, or Trivy's: there the version comes in parts. */
function readSource(first: ReadonlyMap<string, string>): Component['source'] {
  const name = first.get(`${PREFIX}sourceName`);
  if (name !== undefined) return { name, version: first.get(`${PREFIX}sourceVersion`) ?? '' };
  const trivy = (key: string) => first.get(`aquasecurity:trivy:Src${key}`);
  const trivyName = trivy('Name');
  if (trivyName === undefined) return undefined;
  const epoch = trivy('Epoch') ?? '0';
  const release = trivy('Release');
  const version = `${trivy('Version') ?? ''}${release === undefined ? '' : `-${release}`}`;
  return { name: trivyName, version: epoch === '0' ? version : `${epoch}:${version}` };
}

/** The layer's diff id or `-`, the lines after `#` where they are known, then the path. */
function formatLocation({ layer = '-', lines, path }: Location): string {
  return `${layer}${lines === undefined ? '' : `#${lines.join('-')}`} ${path}`;
}

function parseLocation(text: string): Location {
  const space = text.indexOf(' ');
  const [, layer = '', first, last] = /^([^#]*)(?:#(\d+)-(\d+))?$/.exec(text.slice(0, space)) ?? [];
  return {
    path: text.slice(space + 1),
    ...(layer === '-' || layer === '' ? {} : { layer }),
    ...(first === undefined ? {} : { lines: [Number(first), Number(last)] as const }),
  };
}

/** As one line, for formats whose annotations are free text. */
export function formatPair([name, value]: Pair): string {
  return `${name}=${value}`;
}

/** A foreign text without a name before `=` is not a fact. */
export function readPairTexts(texts: readonly string[]): readonly Pair[] {
  return texts.flatMap((text): Pair[] => {
    const equals = text.indexOf('=');
    return equals > 0 && !/\s/.test(text.slice(0, equals)) ? [[text.slice(0, equals), text.slice(equals + 1)]] : [];
  });
}

/** Facts of the whole document: the kind of subject and its platform, the release files, layers, which of them were looked into, and base, what was skipped. */
export function documentPairs(sbom: Sbom): readonly Pair[] {
  const pairs: Pair[] = [[`${PREFIX}subjectKind`, sbom.subject.kind]];
  if (sbom.subject.platform !== undefined) pairs.push([PLATFORM, sbom.subject.platform]);
  if (sbom.distro !== undefined) pairs.push([`${PREFIX}distro`, JSON.stringify(sbom.distro)]);
  if (sbom.layerScope !== undefined) pairs.push([LAYER_SCOPE, sbom.layerScope]);
  if (sbom.base !== undefined) pairs.push([`${PREFIX}base`, JSON.stringify(sbom.base)]);
  for (const layer of sbom.layers ?? []) pairs.push([`${PREFIX}layer`, JSON.stringify(layer)]);
  for (const { path, reason } of sbom.skipped) pairs.push([`${PREFIX}skipped`, JSON.stringify({ path, reason })]);
  return pairs;
}

/** Those that a document has, checked. */
export type DocumentFacts = Partial<Pick<Sbom, 'distro' | 'layers' | 'base' | 'layerScope'>> &
  Pick<Sbom, 'skipped'> & { readonly told: ToldSubject };

/** What documents say of their subject beside the fields of their formats. */
export type ToldSubject = Partial<Pick<SbomSubject, 'kind' | 'platform'>>;

/** Runtimes take some hundred; each component looks for its own among them. */
const MAX_LAYERS = 1000;

/** Throws `invalid-input`. */
export function readDocumentPairs(pairs: readonly Pair[]): DocumentFacts {
  const all = (name: string) => pairs.filter(([key]) => key === `${PREFIX}${name}`).map(([, value]) => tryJson(value));
  const first = (name: string) => pairs.find(([key]) => key === name)?.[1];
  const kind = SUBJECT_KINDS.find((known) => known === first(`${PREFIX}subjectKind`));
  const platform = findPlatform(first(PLATFORM) ?? '');
  const distro = decodeDistro(all('distro')[0]);
  const base = decodeBase(all('base')[0]);
  const layers = all('layer').flatMap(decodeLayer);
  if (layers.length > MAX_LAYERS)
    throw new AppError('invalid-input', `expected at most ${MAX_LAYERS} layers, found ${layers.length}`);
  const layerScope = LAYER_SCOPES.find((known) => known === first(LAYER_SCOPE));
  return {
    told: { ...(kind === undefined ? {} : { kind }), ...(platform === undefined ? {} : { platform }) },
    skipped: decodeSkipped(all('skipped')),
    ...(distro === undefined ? {} : { distro }),
    ...(layers.length === 0 ? {} : { layers }),
    ...(base === undefined ? {} : { base }),
    ...(layerScope === undefined ? {} : { layerScope }),
  };
}
