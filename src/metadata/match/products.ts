/** Whether an identifier in a VEX statement names a package or the image that was scanned. */
import { findDigest } from '../../core/index.ts';
import { findPurl } from '../ecosystem/index.ts';
import type { Purl } from '../ecosystem/index.ts';
import type { SbomSubject } from '../sbom/index.ts';

/**
 * What the identifier says must hold for the package; what it leaves out may be anything: no version names all versions,
 * qualifiers of the package that are not named do not matter. Subpaths are ignored.
 */
export function matchesPurl(identifier: string, purlText: string): boolean {
  const wanted = findPurl(identifier);
  const found = findPurl(purlText);
  if (wanted === undefined || found === undefined) return identifier === purlText;
  const isSame = wanted.type === found.type && wanted.namespace === found.namespace && wanted.name === found.name;
  if (!isSame || (wanted.version !== undefined && wanted.version !== found.version)) return false;
  return [...wanted.qualifiers].every(([key, value]) => found.qualifiers.get(key) === value);
}

/** Reference with tag, reference with digest, `pkg:oci`, or a bare digest. A folder or file is named by its path. */
export function matchesSubject(identifier: string, subject: SbomSubject): boolean {
  const hex = subject.digest?.split(':')[1];
  if (hex !== undefined && (identifier === hex || identifier === subject.digest)) return true;
  const purl = findPurl(identifier);
  if (purl !== undefined) return purl.type === 'oci' && matchesImagePurl(purl, subject);
  if (subject.kind !== 'image') return identifier === subject.name;
  return matchesReference(splitReference(identifier), subject);
}

interface ImageName {
  readonly repository: string;
  readonly tag?: string | undefined;
  readonly digest?: string | undefined;
}

/** A name without tag and digest means every version of the image. */
function matchesReference(wanted: ImageName, subject: SbomSubject): boolean {
  const own = splitReference(subject.name);
  if (wanted.repository !== own.repository) return false;
  if (wanted.digest !== undefined) return wanted.digest === (subject.digest ?? own.digest);
  return wanted.tag === undefined || wanted.tag === own.tag;
}

function matchesImagePurl(purl: Purl, subject: SbomSubject): boolean {
  const own = splitReference(subject.name);
  if (purl.name !== own.repository.split('/').at(-1)?.toLowerCase()) return false;
  const digest = purl.version;
  if (digest !== undefined && digest !== subject.digest) return false;
  const tag = purl.qualifiers.get('tag');
  if (tag !== undefined && tag !== own.tag) return false;
  const url = purl.qualifiers.get('repository_url');
  if (url === undefined) return true;
  // Some tools write the repository with the image's name, some without it.
  const repository = splitReference(url.replace(/^\w+:\/\//, '')).repository;
  return repository === own.repository || `${foldHost(url)}/${purl.name}` === own.repository;
}

/** Docker Hub's names are one: `nginx`, `docker.io/library/nginx`, `index.docker.io/library/nginx`. */
function splitReference(text: string): ImageName {
  const [name = '', digest] = text.split('@', 2);
  const colon = name.lastIndexOf(':');
  const hasTag = colon > name.lastIndexOf('/');
  const path = hasTag ? name.slice(0, colon) : name;
  return {
    repository: foldHost(path),
    tag: hasTag ? name.slice(colon + 1) : undefined,
    digest: digest === undefined ? undefined : findDigest(digest),
  };
}

function foldHost(path: string): string {
  const clean = path.replace(/^\w+:\/\//, '').replace(/\/+$/, '');
  const [host = '', ...rest] = clean.split('/');
  const hasHost = rest.length > 0 && (host.includes('.') || host.includes(':') || host === 'localhost');
  const registry = hasHost ? host : 'docker.io';
  const repository = hasHost ? rest.join('/') : clean;
  const isHub = ['docker.io', 'index.docker.io', 'registry-1.docker.io'].includes(registry);
  return isHub
    ? `docker.io/${repository.includes('/') || repository === 'library' ? repository : `library/${repository}`}`
    : `${registry}/${repository}`;
}
