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
import type { Digest, Platform } from '../core/index.ts';

/** Of one configuration; those of the field have some kilobytes. */
const MAX_CONFIG_BYTES = 1024 * 1024;
/** Images in an index; the most that is published has about twenty. */
const MAX_PLATFORMS = 64;

/** One for each platform of an index, or the image's own. Throws `invalid-input` for an index inside an index. */
export async function fetchConfigs(
  repository: Pick<Repository, 'fetchManifest' | 'fetchBlob'>,
  digest: Digest,
  signal: AbortSignal,
): Promise<Readonly<Record<string, unknown>>> {
  const manifest = await repository.fetchManifest(digest, signal);
  const images = await listImages(repository, manifest, signal);
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
  // of no configuration whatever is demanded of each is true
  if (found.size === 0) throw new AppError('invalid-input', `${digest}: expected an image for a platform, found none`);
  return Object.fromEntries(found);
}

async function listImages(
  repository: Pick<Repository, 'fetchManifest'>,
  manifest: Manifest,
  signal: AbortSignal,
): Promise<readonly { readonly manifest: Manifest; readonly platform?: Platform }[]> {
  if (!isIndexType(manifest.descriptor.mediaType)) return [{ manifest }];
  // builders put attestations into indexes, for a platform that nobody has
  const entries = parseImageIndex(manifest).manifests.filter(({ platform }) => platform?.os !== 'unknown');
  if (entries.length > MAX_PLATFORMS) {
    const where = manifest.descriptor.digest;
    throw new AppError('invalid-input', `${where}: expected at most ${MAX_PLATFORMS} images, found ${entries.length}`);
  }
  return await Promise.all(
    entries.map(async ({ digest, platform }) => ({
      manifest: await repository.fetchManifest(digest, signal),
      ...(platform === undefined ? {} : { platform }),
    })),
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
