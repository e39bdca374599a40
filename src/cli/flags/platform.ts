import { fixedPlatforms } from '../../app/node-platforms.ts';
import type { PlatformSource } from '../../app/node-platforms.ts';
import { readPlatform } from '../../app/platform.ts';
import { AppError } from '../../core/index.ts';
import type { Platform } from '../../core/index.ts';

export const PLATFORM_FLAG = {
  kind: 'string',
  value: 'OS/ARCH[/VARIANT]',
  description: 'which image of an index, for example linux/arm64',
} as const;

/** Undefined for none and for `all`. Throws `usage`. */
export function platformOf(text: string | undefined): Platform | undefined {
  return text === undefined || text === 'all' ? undefined : readPlatform(text);
}

/** What policies look at of an index. */
export const INDEX_FLAGS = {
  platforms: {
    kind: 'string',
    value: 'nodes|LIST|any',
    default: 'any',
    description:
      'images of an index that policies look at: those that the nodes of the cluster may run, a list like linux/amd64,linux/arm64, or all',
  },
  'accept-platform-proofs': {
    kind: 'boolean',
    description: 'let an index without proofs of its own in by the proofs of each of its images that --platforms names',
  },
} as const;

/** `askNodes` where there is a cluster. Throws `usage`. */
export async function openPlatforms(
  text: string,
  askNodes: (() => PlatformSource | Promise<PlatformSource>) | undefined,
): Promise<PlatformSource> {
  if (text !== 'nodes') return fixedPlatforms(text);
  if (askNodes !== undefined) return await askNodes();
  throw new AppError('usage', '--platforms nodes: expected a cluster whose nodes to ask, found none');
}
