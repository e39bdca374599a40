/**
 * Image globs of ClusterImagePolicy: `*` is any run without a slash, `**` anything, all else literal, the whole name anchored.
 * `*` alone means Docker Hub's official images and `*` + `/*` its users' images.
 */
import { AppError, compileRegexp, DEFAULT_TAG, DOCKER_HUB } from '../core/index.ts';
import type { Reference } from '../core/index.ts';

const ALLOWED = /^[a-zA-Z0-9\-_:/*.@]+$/;

/** Ceiling of a glob: no name is longer. */
const MAX_GLOB_CHARS = 1024;

export type ImageGlob = (reference: Reference, asWritten: string) => boolean;

/** Throws `invalid-input` for a character outside the glob's alphabet. */
export function compileGlob(glob: string, where: string): ImageGlob {
  if (!ALLOWED.test(glob) || glob.length > MAX_GLOB_CHARS) {
    throw new AppError(
      'invalid-input',
      `${where}: expected a glob of letters, digits and -_:/*.@, found "${glob.slice(0, 120)}"`,
    );
  }
  const pattern = toPattern(expand(glob), where);
  return (reference, asWritten) => namesOf(reference, asWritten).some(pattern);
}

function expand(glob: string): string {
  if (glob === '*') return 'index.docker.io/library/*';
  if (glob === '*/*') return 'index.docker.io/*/*';
  return glob;
}

/** In linear time: whoever writes pods chooses the name. */
function toPattern(glob: string, where: string): (name: string) => boolean {
  const source = glob.split(/(\*+)/).map((part) => {
    if (part.startsWith('**')) return '.*';
    if (part === '*') return '[^/]*';
    return part.replaceAll('.', String.raw`\.`);
  });
  return compileRegexp(`^(?s:${source.join('')})$`, where).isMatch;
}

/**
 * Every spelling of one image: a glob that fits any of them applies, so a policy is not evaded by writing the name another way,
 * nor by the digest that the mutating webhook adds.
 */
function namesOf(reference: Reference, asWritten: string): string[] {
  const { repository, tag = DEFAULT_TAG, digest } = reference;
  const ends = [`:${tag}`, ...(digest === undefined ? [] : [`@${digest}`, `:${tag}@${digest}`])];
  const registries = registryNames(reference.registry);
  const qualified = registries.flatMap((registry) => ends.map((end) => `${registry}/${repository}${end}`));
  return [asWritten, asWritten.split('@', 1)[0] ?? '', ...qualified];
}

/** Docker Hub has two names in use, and the port of HTTPS goes without saying. */
function registryNames(registry: string): readonly string[] {
  const host = registry.replace(/:0*443$/, '');
  return [...new Set([registry, host, ...(host === DOCKER_HUB ? ['docker.io'] : [])])];
}
