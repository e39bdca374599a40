/**
 * References to images and artifacts: `[HOST[:PORT]/]NAME[:TAG][@DIGEST]`, after the grammars of the OCI distribution
 * specification 1.1 and of the distribution/reference library, with Docker Hub as the default registry.
 * Not done: short-name aliases, search registries, bare image ids.
 */
import { findDigest, parseDigest, type Digest } from './digest.ts';
import { AppError } from './errors.ts';

/**
 * Names an image or artifact in a registry. Normalised: `nginx` is
 * registry `index.docker.io`, repository `library/nginx`.
 */
export interface Reference {
  /** Host, with port if not the default one. */
  readonly registry: string;
  readonly repository: string;
  readonly tag?: string;
  readonly digest?: Digest;
}

/** What a reference without tag and digest means to registries; never written into a parsed Reference. */
export const DEFAULT_TAG = 'latest';

export const DOCKER_HUB = 'index.docker.io';

/** Longer than host, name (255 each), tag (128) and a sha512 digest (135) together. */
const MAX_REFERENCE_LENGTH = 1024;
/** Of the whole repository path, as the distribution specification advises and Docker enforces. */
const MAX_REPOSITORY_LENGTH = 255;

const PATH_PART = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const TAG = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;
const HOST_LABEL = '[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?';
const HOST = new RegExp(`^(?:${HOST_LABEL}(?:\\.${HOST_LABEL})*|\\[[A-Fa-f0-9:]+\\])(?::[0-9]{1,5})?$`);

export function isTag(text: string): boolean {
  return TAG.test(text);
}

/** Throws `invalid-input`. A name with tag and digest keeps both; the digest is what counts. */
export function parseReference(text: string): Reference {
  if (text.length > MAX_REFERENCE_LENGTH) throw refused(text, `at most ${MAX_REFERENCE_LENGTH} characters`);
  if (findDigest(text) !== undefined) throw refused(text, 'a repository before the digest');
  const at = text.indexOf('@');
  const digest = at < 0 ? undefined : parseDigest(text.slice(at + 1));
  const { name, tag } = splitTag(at < 0 ? text : text.slice(0, at));
  if (tag !== undefined && !isTag(tag)) throw refused(text, 'a tag of 1 to 128 letters, digits, _ . -');
  return {
    ...parseName(name, text),
    ...(tag === undefined ? {} : { tag }),
    ...(digest === undefined ? {} : { digest }),
  };
}

/** A registry's host and port alone, normalised as in references. Throws `invalid-input`. */
export function parseRegistry(text: string): string {
  const host = text.toLowerCase();
  if (host === 'docker.io' || host === DOCKER_HUB || host === 'registry-1.docker.io') return DOCKER_HUB;
  if (host.length > 255 || !HOST.test(host) || !URL.canParse(`http://${host}/`)) {
    throw refused(text, 'a host like registry.example.com:5000');
  }
  return host;
}

/** The one text form that parses back to the same reference. */
export function formatReference(reference: Reference): string {
  const tag = reference.tag === undefined ? '' : `:${reference.tag}`;
  const digest = reference.digest === undefined ? '' : `@${reference.digest}`;
  return `${reference.registry}/${reference.repository}${tag}${digest}`;
}

/** The same repository, by this digest alone. */
export function referenceWithDigest(reference: Reference, digest: Digest): Reference {
  return { registry: reference.registry, repository: reference.repository, digest };
}

/** What to ask a registry for: the digest, else the tag, else the default tag. */
export function targetOf(reference: Reference): string {
  return reference.digest ?? reference.tag ?? DEFAULT_TAG;
}

function splitTag(text: string): { readonly name: string; readonly tag?: string } {
  const colon = text.lastIndexOf(':');
  if (colon < 0 || text.indexOf('/', colon) >= 0) return { name: text };
  // `[::1]` alone: the colon belongs to the address, and the name is refused below
  if (text.indexOf(']', colon) >= 0) return { name: text };
  return { name: text.slice(0, colon), tag: text.slice(colon + 1) };
}

function parseName(name: string, text: string): { readonly registry: string; readonly repository: string } {
  const slash = name.indexOf('/');
  const first = slash < 0 ? '' : name.slice(0, slash);
  const hasHost = first.includes('.') || first.includes(':') || first.toLowerCase() === 'localhost';
  const registry = hasHost ? parseRegistry(first) : DOCKER_HUB;
  const path = hasHost ? name.slice(slash + 1) : name;
  if (!hasHost && /^[0-9a-f]{64}$/.test(path)) throw refused(text, 'a name, not a bare image id');
  const repository = registry === DOCKER_HUB && !path.includes('/') ? `library/${path}` : path;
  if (repository.length > MAX_REPOSITORY_LENGTH) throw refused(text, `a repository of at most 255 characters`);
  for (const part of path.split('/')) {
    if (/[A-Z]/.test(part)) throw refused(text, 'a repository name in lower case');
    if (!PATH_PART.test(part)) throw refused(text, 'a name like [HOST/]NAME[:TAG][@DIGEST]');
  }
  return { registry, repository };
}

function refused(text: string, expected: string): AppError {
  const shown = text.length > 160 ? `${text.slice(0, 160)}...` : text;
  return new AppError('invalid-input', `reference: expected ${expected}, found ${JSON.stringify(shown)}`);
}
