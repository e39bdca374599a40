/** The bill of materials of an image, a folder or an archive. */
import { formatPlatform, parsePlatform } from '../artifacts/index.ts';
import { AppError, formatReference, isRecord, parseReference, VERSION } from '../core/index.ts';
import type { FileSelector, Ports, TimeStep } from '../core/index.ts';
import { catalogLayers, catalogSelector, catalogTree, imageCatalogSelector } from '../metadata/catalog/index.ts';
import {
  arrangeSbom,
  diffSboms,
  findPlatform,
  excludeBase,
  findSbomForm,
  formatSbomHtml,
  formatSbomTable,
  formatSbomTree,
  listUnread,
  mergeSboms,
  parseSbom,
  parseSbomAuthor,
  parseSbomDocument,
  readSbom,
  sbomFormats,
  writeSbom,
} from '../metadata/sbom/index.ts';
import type { CatalogerSet } from '../metadata/catalog/index.ts';
import type { Sbom, SbomAuthor, SbomSubject, UnreadField } from '../metadata/sbom/index.ts';
import { describeBase, platformOfImage } from './base-image.ts';
import { rememberCatalog } from './catalog-cache.ts';
import { refuseLayerOptions, requireBase, selectLayers } from './layer-options.ts';
import type { LayerOptions } from './layer-options.ts';
import { openSource } from './open-source.ts';
import type { OpenedSource } from './open-source.ts';
import type { RepositoryAccess } from './registry.ts';

export interface SbomOptions extends LayerOptions {
  /** `os/architecture[/variant]`; linux/amd64 when absent. */
  readonly platform?: string | undefined;
  /** The usual ones when absent. */
  readonly catalogers?: CatalogerSet | undefined;
  /** Who makes the document. */
  readonly author?: SbomAuthor | undefined;
  readonly access?: RepositoryAccess;
  readonly signal?: AbortSignal;
  /** Told what each layer and each cataloger costs. */
  readonly timeStep?: TimeStep | undefined;
}

/** Throws `not-found`, `unauthorized`, `unavailable` for the source, `invalid-input` for what is damaged as a whole. */
export async function createSbom(ports: Ports, source: string, options: SbomOptions = {}): Promise<Sbom> {
  const opened = await openSource(ports, source, {
    selector: options.catalogers?.selector ?? catalogSelector,
    imageSelector: imageSelectorOf(options),
    ...(options.platform === undefined ? {} : { platform: parsePlatform(options.platform) }),
    ...(options.access === undefined ? {} : { access: options.access }),
    signal: options.signal,
    timeStep: options.timeStep,
  });
  return await catalogSource(ports, opened, options);
}

const TOOL = { name: 'plimsoll', version: VERSION } as const;

/** What predicates of attestations call the forms of an SBOM. */
const PREDICATE_FORMS: Readonly<Record<string, string>> = { cyclonedx: 'cyclonedx-json', spdxjson: 'spdx-json' };

/** Of one image of a registry, with the reference by digest that it is about. Throws as `createSbom`, `invalid-input` for another source. */
export async function createImageSbom(
  ports: Ports,
  reference: string,
  { form, ...options }: SbomOptions & { readonly form: string },
): Promise<{ readonly reference: string; readonly document: Uint8Array }> {
  const sbom = await createSbom(ports, `registry:${reference}`, options);
  const { digest } = sbom.subject;
  if (digest === undefined) throw new AppError('invalid-input', `${reference}: expected an image in a registry`);
  return {
    reference: formatReference({ ...parseReference(reference), digest }),
    document: Buffer.from(formatSbom(sbom, PREDICATE_FORMS[form] ?? form)),
  };
}

function imageSelectorOf({ catalogers }: SbomOptions): FileSelector {
  return catalogers?.imageSelector ?? imageCatalogSelector;
}

/** Of a source that was opened with the selector of the catalogers. */
async function catalogSource(ports: Ports, opened: OpenedSource, options: SbomOptions): Promise<Sbom> {
  const { base, access, signal, timeStep, catalogers, excludesBase = false } = options;
  const { image } = opened;
  if (image === undefined) refuseLayerOptions(options, opened.name);
  const layers = image === undefined ? {} : await describeBase(ports, { image, base, access, signal });
  if (excludesBase) requireBase(layers, opened.name, 'invalid-input');
  const declared = image === undefined && opened.kind !== 'process';
  const how = { declared, timeStep, catalogers, ...(signal === undefined ? {} : { signal }) };
  const layerScope = options.scope ?? 'squashed';
  const allLayers = layerScope === 'all-layers';
  const look = async () => {
    const states = allLayers ? await opened.states?.() : undefined;
    return states === undefined ? await catalogTree(await opened.tree(), how) : await catalogLayers(states, how);
  };
  // who asks what the steps cost wants to see them taken
  const isRemembered = image !== undefined && timeStep === undefined;
  const { distro, ...rest } = isRemembered
    ? await rememberCatalog(ports, { image, selector: imageSelectorOf(options).id, allLayers }, look)
    : await look();
  const sbom = arrangeSbom({
    subject: subjectOf(opened),
    ...(distro === undefined ? {} : { distro }),
    ...layers,
    ...(image === undefined ? {} : { layerScope }),
    ...rest,
    tool: TOOL,
    ...(options.author === undefined ? {} : { author: options.author }),
    created: creationTime(ports),
  });
  return excludesBase ? excludeBase(sbom) : sbom;
}

const SUBJECTS = { process: 'container', folder: 'folder', archive: 'file', file: 'file' } as const;

function subjectOf(opened: OpenedSource): SbomSubject {
  if (opened.kind !== 'image') return { kind: SUBJECTS[opened.kind], name: opened.name };
  const { image, name } = opened;
  const known = image === undefined ? undefined : platformOfImage(image.config);
  const platform = known === undefined ? undefined : findPlatform(formatPlatform(known));
  return {
    kind: 'image',
    name,
    ...(image === undefined ? {} : { digest: image.digest }),
    ...(platform === undefined ? {} : { platform }),
  };
}

/** SOURCE_DATE_EPOCH (reproducible-builds.org) in seconds, else now; whole seconds. Throws `usage` for another value. */
export function creationTime(ports: Pick<Ports, 'environment' | 'clock'>): string {
  const epoch = ports.environment.SOURCE_DATE_EPOCH;
  if (epoch !== undefined && epoch !== '' && !/^\d{1,11}$/.test(epoch)) {
    throw new AppError('usage', `SOURCE_DATE_EPOCH: expected seconds since 1970, found "${epoch}"`);
  }
  const at = epoch === undefined || epoch === '' ? ports.clock() : new Date(Number(epoch) * 1000);
  return `${at.toISOString().slice(0, 19)}Z`;
}

/** Ceiling of an SBOM read from a file. */
const MAX_SBOM_BYTES = 256 * 1024 * 1024;

/** Reads a document of any known format, bare, as a statement or in a DSSE envelope (whose signature is not checked here). */
export async function loadSbom(ports: Pick<Ports, 'files'>, path: string): Promise<Sbom> {
  return readSbom(await loadDocument(ports, path), path);
}

/** With what of the document is lost when it is written anew; without a time of its own it has that of the writing. Throws as `selectLayers`. */
export async function loadForWriting(
  ports: Ports,
  path: string,
  options: SbomOptions = {},
): Promise<{ readonly sbom: Sbom; readonly unread: readonly UnreadField[] }> {
  const document = await loadDocument(ports, path);
  const stored = await selectLayers(ports, readSbom(document, path), { path, ...options });
  const sbom = stored.created === '' ? { ...stored, created: creationTime(ports) } : stored;
  return { sbom, unread: listUnread(document) };
}

/** In the shape of its JSON, out of its DSSE envelope. */
export async function loadDocument(ports: Pick<Ports, 'files'>, path: string): Promise<unknown> {
  const document = parseSbomDocument(await ports.files.read(path, MAX_SBOM_BYTES), path);
  const isEnvelope =
    isRecord(document) && typeof document.payloadType === 'string' && typeof document.payload === 'string';
  return isEnvelope ? parseSbomDocument(Buffer.from(String(document.payload), 'base64'), path) : document;
}

/** What documents begin with, whatever they are spelled in. */
const DOCUMENT =
  /"(?:bomFormat|spdxVersion|SPDXID|predicateType|payloadType)"|spdx\.org\/rdf\/3|cyclonedx\.org\/schema|^SPDXVersion\s*:|^spdxVersion\s*:|^<Document>|"artifacts"\s*:\s*\[/m;

/** The path of an SBOM, if the source is one: `sbom:FILE`, or a file that begins as one. */
export async function findSbomFile(ports: Pick<Ports, 'files'>, source: string): Promise<string | undefined> {
  if (source.startsWith('sbom:')) return source.slice('sbom:'.length);
  if ((await ports.files.stat(source))?.kind !== 'file') return undefined;
  for await (const chunk of ports.files.stream(source, { end: 64 * 1024 })) {
    const text = Buffer.from(chunk).toString('utf8');
    return /^\ufeff?\s*[{<\w#"]/.test(text) && DOCUMENT.test(text) ? source : undefined;
  }
  return undefined;
}

/** Throws `usage` where catalogers are asked for: what has no files for them to look into. */
export function refuseCatalogers({ catalogers }: SbomOptions, name: string): void {
  if (catalogers !== undefined)
    throw new AppError('usage', `${name}: expected an image or files to find programs in, found none`);
}

/** An SBOM of a file that is one, else of the source as `createSbom` makes it. Throws `usage` for options that a document has no answer to. */
export async function openSbom(ports: Ports, source: string, options: SbomOptions = {}): Promise<Sbom> {
  const file = await findSbomFile(ports, source);
  if (file === undefined) return await createSbom(ports, source, options);
  refuseCatalogers(options, file);
  return await selectLayers(ports, await loadSbom(ports, file), { path: file, ...options });
}

/** One bill of several, named as given. Throws as `openSbom`. */
export async function joinSboms(
  ports: Ports,
  sources: readonly string[],
  { name, ...options }: SbomOptions & { readonly name: string },
): Promise<Sbom> {
  const sboms: Sbom[] = [];
  for (const source of sources) sboms.push(await openSbom(ports, source, options));
  return mergeSboms({ subject: { kind: 'unknown', name }, tool: TOOL, created: creationTime(ports) }, sboms);
}

/** Forms for people, which nothing reads back. */
const VIEWS: Readonly<Record<string, (sbom: Sbom) => string>> = {
  table: formatSbomTable,
  tree: formatSbomTree,
  html: formatSbomHtml,
};

export const SBOM_OUTPUTS: readonly string[] = [...sbomFormats.map(({ id }) => id), ...Object.keys(VIEWS)];

/** Throws `usage` for a form that is not had. */
export function checkSbomForm(form: string): void {
  if (!Object.hasOwn(VIEWS, form)) findSbomForm(form, Object.keys(VIEWS));
}

/** Throws `usage` for an unknown form. */
export function formatSbom(sbom: Sbom, form: string): string {
  return Object.hasOwn(VIEWS, form) ? (VIEWS[form]?.(sbom) ?? '') : writeSbom(sbom, form);
}

export { diffSboms, parseSbom, parseSbomAuthor };
export type { ComponentChange, SbomDiff } from '../metadata/sbom/index.ts';
export type { Sbom };
