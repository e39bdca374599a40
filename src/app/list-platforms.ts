/** For which platforms there is an image. */
import { formatPlatform, listPlatformImages } from '../artifacts/index.ts';
import { AppError, type Ports } from '../core/index.ts';
import { openArtifact } from './open-artifact.ts';
import type { RepositoryAccess } from './registry.ts';

/**
 * Those of an index, as `--platform` takes them; none of a lone image. Throws `invalid-input` for two images of one platform, of which only
 * one could be asked for, and for an image without.
 */
export async function listPlatforms(
  ports: Ports,
  source: string,
  options: { readonly access?: RepositoryAccess; readonly signal: AbortSignal },
): Promise<readonly string[]> {
  const { repository, findTarget } = await openArtifact(ports, source, options.access);
  const root = await repository.fetchManifest(await findTarget(), options.signal);
  const images = await listPlatformImages(repository, root, options.signal);
  const platforms = images.map(({ platform, digest }) => {
    if (platform !== undefined) return formatPlatform(platform);
    throw new AppError('invalid-input', `${source}: expected a platform for image ${digest} of the index, found none`);
  });
  if (new Set(platforms).size < platforms.length)
    throw new AppError(
      'invalid-input',
      `${source}: expected one image for each platform, found ${platforms.join(', ')}`,
    );
  return platforms;
}
