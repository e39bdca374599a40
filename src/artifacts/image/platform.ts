/** Choice of one image from an index by platform. */
import { AppError, type Descriptor, type Platform } from '../../core/index.ts';
import { parseImageIndex } from '../manifest.ts';
import { isIndexType } from '../media-types.ts';
import type { Image } from './image.ts';
import type { Manifest, ReadableRepository } from '../repository.ts';

export const DEFAULT_PLATFORM: Platform = { os: 'linux', architecture: 'amd64' };

/** Indexes inside indexes are legal; deeper ones lead in circles. */
const MAX_INDEX_DEPTH = 4;

/** What an ARM of a variant also runs, best first. */
const ARM_VARIANTS = ['v8', 'v7', 'v6', 'v5'];

/** Reads `os/architecture[/variant][:osversion]`. Throws `usage`. */
export function parsePlatform(text: string): Platform {
  const match = /^([a-z0-9]+)\/([a-z0-9_]+)(?:\/([a-z0-9.]+))?(?::([A-Za-z0-9._-]+))?$/.exec(text);
  if (match?.[1] === undefined || match[2] === undefined) {
    throw new AppError('usage', `expected a platform like linux/arm64 or linux/arm/v7, found ${JSON.stringify(text)}`);
  }
  return {
    os: match[1],
    architecture: match[2],
    ...(match[3] === undefined ? {} : { variant: match[3] }),
    ...(match[4] === undefined ? {} : { osVersion: match[4] }),
  };
}

/** Reads `os[/architecture[/variant]][:osversion]`, for which more than one platform may do. Throws `usage`. */
export function parsePartialPlatform(text: string): Partial<Platform> {
  return /^[a-z0-9]+$/.test(text) ? { os: text } : parsePlatform(text);
}

/** Whether an entry of an index is for one of the wanted platforms; what is not said does not matter. */
export function fitsPlatform(found: Platform | undefined, wanted: Partial<Platform>): boolean {
  if (found === undefined) return false;
  const { os = found.os, architecture = found.architecture, ...rest } = wanted;
  return rankOf(found, { ...rest, os, architecture }) === 0;
}

/** `linux/arm/v7`, with `:` and the version of the operating system where one is said. */
export function formatPlatform(platform: Platform): string {
  const variant = platform.variant === undefined ? '' : `/${platform.variant}`;
  const version = platform.osVersion === undefined ? '' : `:${platform.osVersion}`;
  return `${platform.os}/${platform.architecture}${variant}${version}`;
}

/** The image manifest for a platform, through indexes. Throws `not-found`, naming the platforms there are. */
export async function selectManifest(
  repository: ReadableRepository,
  manifest: Manifest,
  platform: Platform,
  signal?: AbortSignal,
): Promise<Manifest> {
  let current = manifest;
  for (let depth = 0; isIndexType(current.descriptor.mediaType); depth += 1) {
    if (depth >= MAX_INDEX_DEPTH) throw tooDeep(repository);
    const { manifests } = parseImageIndex(current);
    const chosen = choosePlatform(manifests, platform);
    if (chosen === undefined) throw notFound(repository, manifests.filter(isImage), platform);
    current = await repository.fetchManifest(chosen.digest, signal);
  }
  return current;
}

/** Real indexes have some twenty. */
const MAX_IMAGES = 200;

/** All images of an index and of indexes in it, in their order; none of a lone manifest. Throws `invalid-input` for more than a ceiling. */
export async function listPlatformImages(
  repository: ReadableRepository,
  manifest: Manifest,
  signal?: AbortSignal,
  depth = 0,
): Promise<readonly Descriptor[]> {
  if (!isIndexType(manifest.descriptor.mediaType)) return [];
  if (depth >= MAX_INDEX_DEPTH) throw tooDeep(repository);
  const found: Descriptor[] = [];
  for (const entry of parseImageIndex(manifest).manifests) {
    if (isAttestationManifest(entry)) continue;
    if (!isIndexType(entry.mediaType)) found.push(entry);
    else {
      const inner = await repository.fetchManifest(entry.digest, signal);
      found.push(...(await listPlatformImages(repository, inner, signal, depth + 1)));
    }
    if (found.length > MAX_IMAGES)
      throw new AppError('invalid-input', `${repository.name}: expected at most ${MAX_IMAGES} images, found more`);
  }
  return found;
}

function tooDeep(repository: ReadableRepository): AppError {
  return new AppError(
    'invalid-input',
    `${repository.name}: expected at most ${MAX_INDEX_DEPTH} indexes inside each other`,
  );
}

/** The best entry of an index; an entry without platform is taken when it is the only image. */
function choosePlatform(manifests: readonly Descriptor[], wanted: Platform): Descriptor | undefined {
  const images = manifests.filter(isImage);
  const ranked = images
    .map((entry) => ({ entry, rank: rankOf(entry.platform, wanted) }))
    .filter(({ rank }) => rank >= 0)
    .sort((a, b) => a.rank - b.rank);
  const [only] = images;
  return ranked[0]?.entry ?? (images.length === 1 && only?.platform === undefined ? only : undefined);
}

function isImage(entry: Descriptor): boolean {
  return !isAttestationManifest(entry);
}

/** BuildKit stores attestations as manifests for no platform. */
function isAttestationManifest(entry: Descriptor): boolean {
  const isMarked = entry.annotations?.['vnd.docker.reference.type'] === 'attestation-manifest';
  return isMarked || (entry.platform?.os === 'unknown' && entry.platform.architecture === 'unknown');
}

/** 0 fits exactly; more is further off; -1 does not fit. */
function rankOf(found: Platform | undefined, wanted: Platform): number {
  if (found === undefined || found.os !== wanted.os || found.architecture !== wanted.architecture) return -1;
  if (wanted.osVersion !== undefined && !`${found.osVersion ?? ''}.`.startsWith(`${wanted.osVersion}.`)) return -1;
  if (!(wanted.osFeatures ?? []).every((feature) => found.osFeatures?.includes(feature))) return -1;
  return variantRank(found, wanted);
}

function variantRank(found: Platform, wanted: Platform): number {
  if (wanted.architecture === 'arm64') {
    return (found.variant ?? 'v8') === (wanted.variant ?? 'v8') ? 0 : -1;
  }
  if (wanted.architecture !== 'arm') {
    return wanted.variant === undefined || found.variant === wanted.variant ? 0 : -1;
  }
  const best = ARM_VARIANTS.indexOf(wanted.variant ?? 'v7');
  return ARM_VARIANTS.slice(Math.max(best, 0)).indexOf(found.variant ?? 'v7');
}

/** Of an image, chosen from an index or not. What its configuration does not tell is believed. Throws `not-found`. */
export function checkPlatform({ repository, config }: Pick<Image, 'repository' | 'config'>, wanted: Platform): void {
  const { os, architecture, variant } = config;
  if (os === undefined || architecture === undefined) return;
  const found = { os, architecture, ...(variant === undefined ? {} : { variant }) };
  const { osVersion: _version, osFeatures: _features, ...told } = wanted;
  if (rankOf(found, told) >= 0) return;
  throw notFound(repository, [{ platform: found }], wanted);
}

function notFound(
  repository: ReadableRepository,
  images: readonly Pick<Descriptor, 'platform'>[],
  wanted: Platform,
): AppError {
  const offered = images.map((entry) => (entry.platform === undefined ? 'unnamed' : formatPlatform(entry.platform)));
  const list = offered.slice(0, 20).join(', ') || 'none';
  return new AppError(
    'not-found',
    `${repository.name}: expected an image for ${formatPlatform(wanted)}, found ${list}`,
    {
      hint: 'choose one with --platform',
    },
  );
}
