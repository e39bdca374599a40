/** Where lock files say that a package comes from, if that is no registry: repositories, addresses of archives, archives at hand. */
import { repositoryAddress, tellablePlace } from '../../../sbom/index.ts';
import { vcsUrl } from '../../file-cataloger.ts';
import type { Locked } from '../../locked.ts';
import { repositoryOf } from './npm-package.ts';

type Origin = Pick<Locked, 'isUnpublished' | 'properties' | 'qualifiers'>;

/** Registries serve `NAME/-/FILE`, that of GitHub and some mirrors `download/`. */
const OF_REGISTRY = /\/-\/|(?<!\/releases)\/download\//;
const ARCHIVE = /^https?:\/\//i;
/** Of a repository, or its short forms; what is behind `#` is the commit, which Yarn marks. */
const REPOSITORY = /^(?:git(?:\+\w+)?:|ssh:|git@|github:|gitlab:|bitbucket:|https?:.*\.git(?:#|$)|https?:.*#commit=)/i;

/** Of the text in a lock file that says where a package was fetched from. */
export function npmOrigin(resolved: unknown): Origin {
  if (typeof resolved !== 'string' || resolved === '') return {};
  const place = tellablePlace(resolved);
  const properties = place === undefined ? {} : { 'npm:resolved': place };
  if (/^(?:(?:file|link):|\.{0,2}\/)/.test(resolved)) return { properties, isUnpublished: true };
  if (REPOSITORY.test(resolved)) {
    const [address = '', commit = ''] = resolved.split('#', 2);
    // bun puts ssh in front of short forms
    const repository = repositoryAddress(repositoryOf(address.replace(/^git\+ssh:\/\/(?=git(?:hub|lab):)/, '')));
    // what cannot be told is still from no registry
    if (repository === undefined) return { properties, isUnpublished: true };
    return { properties, qualifiers: { vcs_url: vcsUrl(repository, commit.replace(/^commit=|&.*$/g, '')) } };
  }
  if (!ARCHIVE.test(resolved) || OF_REGISTRY.test(resolved)) return { properties };
  return place === undefined
    ? { isUnpublished: true }
    : { properties, qualifiers: { download_url: place.replace(/#.*$/s, '') } };
}

/** Of a range or a place, before Yarn's marks. */
export function isTarball(text: string): boolean {
  return /\.t(?:ar\.)?gz(?=[#:]|$)/i.test(text);
}
