/** Configurations of an image, as policies look at them: by platform. */
import {
  formatPlatform,
  isIndexType,
  parseImageIndex,
  parseImageManifest,
  type Manifest,
  type Repository,
} from '../artifacts/index.ts';
import { AppError, object, optional, parseJson, string } from '../core/index.ts';
import type { Descriptor, Digest, Platform } from '../core/index.ts';
import { entriesFor } from './node-platforms.ts';
import type { NodePlatform } from './node-platforms.ts';

/** Of one configuration; those of the field have some kilobytes. */
const MAX_CONFIG_BYTES = 1024 * 1024;
/** Images in an index; the most that is published has about twenty. */
const MAX_PLATFORMS = 64;

export interface Selection {
  readonly signal: AbortSignal;
  /** Of the images in an index, those that nodes may run; all when absent. */
  readonly platforms?: readonly NodePlatform[] | undefined;
}

/** One for each platform of an index that nodes may run, or the image's own. Throws `invalid-input` for an index inside an index. */
export async function fetchConfigs(
  repository: Pick<Repository, 'fetchManifest' | 'fetchBlob'>,
  digest: Digest,
  { signal, platforms }: Selection,
): Promise<Readonly<Record<string, unknown>>> {
  const manifest = await repository.fetchManifest(digest, signal);
  const chosen = chooseImages(manifest, platforms);
  const images =
    chosen === undefined
      ? [{ manifest }]
      : await Promise.all(
          chosen.map(async ({ digest: image, platform }) => ({
            manifest: await repository.fetchManifest(image, signal),
            ...(platform === undefined ? {} : { platform }),
          })),
        );
  const entries = images.map(async (image): Promise<readonly [string, unknown]> => {
    const { config } = parseImageManifest(image.manifest);
    const bytes = await repository.fetchBlob(config, MAX_CONFIG_BYTES, signal);
    const value = parseJson(bytes, { what: `configuration ${config.digest}`, maxBytes: MAX_CONFIG_BYTES });
    const platform = image.platform ?? readPlatform(value, `configuration ${config.digest}`);
    return [formatPlatform(platform), value];
  });
  const found = new Map<string, unknown>();
  for (const [platform, value] of await Promise.all(entries)) {
    // a node takes the first, rules would see the last
    if (found.has(platform))
      throw new AppError('invalid-input', `${digest}: expected one image for ${platform}, found several`);
    found.set(platform, value);
  }
  return Object.fromEntries(found);
}

/** Images of an index that nodes may run; undefined for what is no index. Throws `invalid-input` for one with none, or with too many. */
export function chooseImages(
  manifest: Manifest,
  platforms: readonly NodePlatform[] | undefined,
): readonly Descriptor[] | undefined {
  const { mediaType, digest } = manifest.descriptor;
  if (!isIndexType(mediaType)) return undefined;
  // builders put attestations into indexes, for a platform that nobody has
  const images = parseImageIndex(manifest).manifests.filter(({ platform }) => platform?.os !== 'unknown');
  const chosen = entriesFor(images, platforms);
  if (chosen.length > MAX_PLATFORMS)
    throw new AppError('invalid-input', `${digest}: expected at most ${MAX_PLATFORMS} images, found ${chosen.length}`);
  if (chosen.length > 0) return chosen;
  // of no image whatever is demanded of each is true
  const wanted = platforms?.map(({ os, architecture }) => `${os}/${architecture}`).join(', ') ?? 'a platform';
  const found = images.map(({ platform }) => (platform === undefined ? 'unnamed' : formatPlatform(platform)));
  throw new AppError(
    'invalid-input',
    `${digest}: expected an image for ${wanted}, found ${found.join(', ') || 'none'}`,
  );
}

/** A configuration that says not for whom it is would be under a name that no policy looks at. */
const decodePlatform = object({
  os: string,
  architecture: string,
  variant: optional(string),
  'os.version': optional(string),
});

function readPlatform(value: unknown, where: string): Platform {
  const { os, architecture, variant, 'os.version': osVersion } = decodePlatform(value, where);
  return {
    os,
    architecture,
    ...(variant === undefined ? {} : { variant }),
    ...(osVersion === undefined ? {} : { osVersion }),
  };
}
