/** The one neutral model of a software bill of materials; formats read and write it, all else knows only this. */
import { pushAll } from '../../core/index.ts';
import type { Digest, SkippedFile } from '../../core/index.ts';
import type { Distro } from '../ecosystem/index.ts';

export interface Sbom {
  readonly subject: SbomSubject;
  readonly distro?: Distro;
  /** Of an image, lowest first. Components point to them by `introducedBy`. */
  readonly layers?: readonly SbomLayer[];
  readonly base?: BaseImage;
  /** Of an image, which of its layers were looked into: all at once as a container sees them, or each. */
  readonly layerScope?: LayerScope;
  /** Of licences that the SPDX list does not have, where a document tells more than their name. Sorted. */
  readonly licenceTexts?: readonly LicenceText[];
  /** Sorted by id; ids are unique. */
  readonly components: readonly Component[];
  /** Sorted; both ends are ids of components. */
  readonly dependencies: readonly Dependency[];
  /** What was not read although it may hold components: the known unknowns. */
  readonly skipped: readonly SkippedFile[];
  readonly tool: SbomTool;
  /** Who vouches for the document, besides the tool. */
  readonly author?: SbomAuthor;
  /** RFC 3339, whole seconds, UTC; empty where a document does not say. */
  readonly created: string;
}

export const LAYER_SCOPES = ['squashed', 'all-layers'] as const;

export type LayerScope = (typeof LAYER_SCOPES)[number];

export interface SbomAuthor {
  readonly kind: 'person' | 'organization';
  readonly name?: string;
  readonly email?: string;
  readonly url?: string;
}

export interface LicenceText {
  /** As components have it, or a `LicenseRef-` id within an expression of theirs. */
  readonly licence: string;
  readonly text: string;
}

export interface SbomTool {
  readonly name: string;
  readonly version: string;
}

/** A container is what runs, an image what it was started from. */
export const SUBJECT_KINDS = ['image', 'container', 'folder', 'file', 'cluster', 'unknown'] as const;

export interface SbomSubject {
  readonly kind: (typeof SUBJECT_KINDS)[number];
  /** Image reference without digest, the process as `proc:PID`, the folder's or file's path as given, or the cluster's name. */
  readonly name: string;
  /** Manifest digest of an image, content digest of a file. */
  readonly digest?: Digest;
  readonly version?: string;
  /** Of an image, as `linux/arm/v7`. */
  readonly platform?: string;
}

export const COMPONENT_KINDS = ['library', 'application', 'file', 'container', 'platform'] as const;

export type ComponentKind = (typeof COMPONENT_KINDS)[number];

export interface Component {
  /** The package URL where there is one. */
  readonly id: string;
  readonly kind: ComponentKind;
  /** As the ecosystem spells it: `@scope/name`, `github.com/x/y`. */
  readonly name: string;
  readonly version: string;
  readonly purl?: string;
  /** Names of the CPE dictionary (2.3) that may be meant, likeliest first. */
  readonly cpes?: readonly string[];
  /** As the package declares them: SPDX expressions where the text is one, else the text found. */
  readonly licences: readonly string[];
  /** As found in its files. */
  readonly detectedLicences?: readonly string[];
  readonly locations: readonly Location[];
  /** The earliest layer since which the component was there without a break. */
  readonly introducedBy?: LayerMark;
  /** The layer that took it away: it is not there any more. Only where all layers were asked for. */
  readonly deletedBy?: LayerMark;
  /** Id of the cataloger. */
  readonly foundBy?: string;
  /** What it was found by, the strongest where there is more than one. */
  readonly evidence?: Evidence;
  readonly supplier?: string;
  /** Who made it, where that is not who supplies it. */
  readonly originator?: string;
  readonly description?: string;
  readonly copyright?: string;
  readonly homepage?: string;
  readonly downloadLocation?: string;
  /** Where its source code is kept, see `repositoryAddress`. */
  readonly sourceRepository?: string;
  readonly hashes: readonly Hash[];
  readonly scope: Scope;
  /** The source package that it was built from, where that differs in name or version. */
  readonly source?: { readonly name: string; readonly version: string };
  /** Id of the package, most often of the OS, whose file list holds this component's files. */
  readonly ownedBy?: string;
  /** Facts without a field of their own, by name. Names sorted. */
  readonly properties: Readonly<Record<string, string>>;
}

/** Strongest first. */
export const EVIDENCE = ['installed-db', 'installed-metadata', 'binary', 'lock', 'manifest', 'name-guess'] as const;

export type Evidence = (typeof EVIDENCE)[number];

/** Why it is there: for running, only for building, or only if it could be had. */
export type Scope = 'runtime' | 'development' | 'optional';

export interface Location {
  readonly path: string;
  /** Diff id of the layer that holds this version of the file. */
  readonly layer?: string;
  /** First and last line that speak of the component, from 1. */
  readonly lines?: readonly [first: number, last: number];
}

export interface LayerMark {
  readonly index: number;
  readonly digest: string;
  readonly diffId: string;
}

export interface SbomLayer extends LayerMark {
  /** Of the Dockerfile, where the image's history tells: `RUN apk add curl`. */
  readonly instruction?: string;
  /** Whether it is of the image that this one was built from. */
  readonly isBase: boolean;
}

/** How it is known which layers are the base's: by an image that was named, by one that this image's annotations or labels name, by guess. */
export const BASE_EVIDENCE = ['given', 'annotations', 'history'] as const;

/** The image that the subject was built from. */
export interface BaseImage {
  /** As it was given, or as the subject's annotations and labels claim. */
  readonly name?: string;
  readonly digest?: Digest;
  readonly foundBy: (typeof BASE_EVIDENCE)[number];
  /** Whether its components were left out of the document. */
  readonly isExcluded: boolean;
}

export const HASH_ALGORITHMS = ['md5', 'sha1', 'sha256', 'sha384', 'sha512'] as const;

export interface Hash {
  readonly algorithm: (typeof HASH_ALGORITHMS)[number];
  /** Lower-case hex. */
  readonly value: string;
}

/** Letters of hex. */
const HASH_LENGTHS: Readonly<Record<Hash['algorithm'], number>> = {
  md5: 32,
  sha1: 40,
  sha256: 64,
  sha384: 96,
  sha512: 128,
};

/** Documents and lock files have cut ones, which make an SBOM invalid and tell nothing. */
export function isHash({ algorithm, value }: Hash): boolean {
  return value.length === HASH_LENGTHS[algorithm] && /^[0-9a-f]+$/.test(value);
}

export interface Dependency {
  readonly from: string;
  readonly to: readonly string[];
}

/** Sorts what has no order of its own and joins edges of one origin; edges to unknown ids are dropped, times are of one form. */
export function arrangeSbom(sbom: Sbom): Sbom {
  const components = [...sbom.components].sort((a, b) => compareText(a.id, b.id));
  const known = new Set(components.map((component) => component.id));
  return {
    ...sbom,
    created: arrangeTime(sbom.created),
    components,
    dependencies: arrangeDependencies(sbom.dependencies, known),
    skipped: [...sbom.skipped].sort((a, b) => compareText(a.path, b.path) || compareText(a.reason, b.reason)),
  };
}

/** Tools write zones and parts of seconds too, some no zone; empty where it is no time. */
function arrangeTime(text: string): string {
  const [, at, zone = 'Z'] = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d+)?(Z|[+-]\d\d:\d\d)?$/i.exec(text) ?? [];
  const time = new Date(`${at}${zone}`);
  return Number.isNaN(time.getTime()) ? '' : `${time.toISOString().slice(0, -'.000Z'.length)}Z`;
}

function arrangeDependencies(dependencies: readonly Dependency[], known: ReadonlySet<string>): readonly Dependency[] {
  const edges = new Map<string, Set<string>>();
  for (const { from, to } of dependencies) {
    if (!known.has(from)) continue;
    const targets = edges.get(from) ?? new Set();
    for (const target of to) if (known.has(target) && target !== from) targets.add(target);
    if (targets.size > 0) edges.set(from, targets);
  }
  return [...edges]
    .sort(([a], [b]) => compareText(a, b))
    .map(([from, to]) => ({ from, to: [...to].sort(compareText) }));
}

/**
 * The components directly below the subject, so that from it every component is reached: those that nothing depends on, and one at
 * least of each circle that nothing outside depends on. Of an arranged SBOM.
 */
export function findRoots(sbom: Pick<Sbom, 'components' | 'dependencies'>): readonly string[] {
  const edges = new Map(sbom.dependencies.map(({ from, to }) => [from, to]));
  const targets = new Set(sbom.dependencies.flatMap(({ to }) => to));
  const ids = sbom.components.map(({ id }) => id);
  const roots = new Set<string>();
  const reached = new Set<string>();
  for (const id of [...ids.filter((candidate) => !targets.has(candidate)), ...ids]) {
    if (reached.has(id)) continue;
    roots.add(id);
    const waiting = [id];
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      if (reached.has(next)) continue;
      reached.add(next);
      pushAll(waiting, edges.get(next) ?? []);
    }
  }
  return ids.filter((id) => roots.has(id));
}

/** All that is known of the layer that brought the component. */
export function findLayer({ layers = [] }: Pick<Sbom, 'layers'>, { introducedBy }: Component): SbomLayer | undefined {
  return layers.find(({ diffId }) => diffId === introducedBy?.diffId);
}

/** Without what the base image brought. Of an arranged SBOM. */
export function excludeBase(sbom: Sbom): Sbom {
  if (sbom.base === undefined) return sbom;
  const own = (sbom.layers ?? []).filter(({ isBase }) => !isBase);
  return arrangeSbom({
    ...sbom,
    base: { ...sbom.base, isExcluded: true },
    components: sbom.components.flatMap((component) =>
      findLayer(sbom, component)?.isBase === true ? findOwnCopy(component, own) : component,
    ),
  });
}

/** What the base brought and upper layers brought again elsewhere. A package database is of whoever wrote it last, so it tells nothing. */
function findOwnCopy(component: Component, own: readonly SbomLayer[]): Component | [] {
  const locations = component.locations.filter(({ layer }) => own.some(({ diffId }) => diffId === layer));
  const lowest = own.find(({ diffId }) => locations.some(({ layer }) => layer === diffId));
  const isCopied = locations.length < component.locations.length && component.evidence !== 'installed-db';
  if (lowest === undefined || !isCopied) return [];
  const { index, digest, diffId } = lowest;
  return { ...component, locations, introducedBy: { index, digest, diffId } };
}

/** Without what is in lower layers alone. Of an arranged SBOM. */
export function excludeDeleted(sbom: Sbom): Sbom {
  const components = sbom.components.filter(({ deletedBy }) => deletedBy === undefined);
  return arrangeSbom({ ...sbom, ...(sbom.layerScope === undefined ? {} : { layerScope: 'squashed' }), components });
}

/** Whether it is known that there are components which the document does not list. */
export function isIncomplete({ skipped, base }: Sbom): boolean {
  return skipped.length > 0 || base?.isExcluded === true;
}

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
