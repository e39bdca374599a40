/** What a package of the npm registry is called, licensed under and checked by, in all the forms that were ever in use. */
import { isRecord } from '../../../../core/index.ts';
import { readHash } from '../../../sbom/index.ts';
import type { Hash } from '../../../sbom/index.ts';
import type { PurlParts } from '../../../ecosystem/index.ts';
import type { Locked } from '../../locked.ts';
import { linksOf } from '../../values.ts';
import type { Raw } from '../../values.ts';

/** The licence fields of a package.json: text, object, list of either. */
export function npmLicences(manifest: Raw): readonly string[] {
  const found = [manifest.license, manifest.licence, manifest.licenses].flatMap(textsOf);
  return [...new Set(found)];
}

function textsOf(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap((entry: unknown) => (Array.isArray(entry) ? [] : textsOf(entry)));
  if (typeof value === 'string') return value.trim() === '' ? [] : [value.trim()];
  if (!isRecord(value)) return [];
  const text = value.type ?? value.name;
  return typeof text === 'string' && text.trim() !== '' ? [text.trim()] : [];
}

/** What a manifest says of its home page and repository, of which npm knows short forms: `user/name`, `gitlab:user/name`. */
export function npmLinks({ homepage, repository }: Raw): ReturnType<typeof linksOf> {
  return linksOf(homepage, repositoryOf(isRecord(repository) ? repository.url : repository));
}

/** The address that npm's short forms stand for; all else as it is. */
export function repositoryOf(text: unknown): unknown {
  const [, host = 'github', path] = /^(?:(github|gitlab|bitbucket):)?([\w.-]+\/[\w.-]+)$/.exec(String(text)) ?? [];
  return path === undefined ? text : `https://${host}.${host === 'bitbucket' ? 'org' : 'com'}/${path}`;
}

/** npm's own limit. */
const MAX_NPM_VERSION = 256;

/** Whether the text may be a package's name: no spaces, no leading dot or underscore, at most 214 characters. */
function isNpmName(text: string): boolean {
  return text.length <= 214 && /^(?:@[^\s/@]+\/)?[^\s/@._][^\s/@]*$/.test(text);
}

/** Undefined for what is no name. What other registries than npm's call theirs, is theirs to say. */
export function npmPurl({
  name,
  version,
  qualifiers,
}: Pick<Locked, 'name' | 'version' | 'qualifiers'>): PurlParts | undefined {
  if ((qualifiers?.repository_url === undefined && !isNpmName(name)) || version.length > MAX_NPM_VERSION)
    return undefined;
  const slash = name.startsWith('@') ? name.indexOf('/') : -1;
  return {
    type: 'npm',
    namespace: slash < 0 ? undefined : name.slice(0, slash),
    name: name.slice(slash + 1),
    version,
  };
}

/** `name@range`, the name perhaps with a scope; undefined for what has none. */
export function splitAt(text: string): { readonly name: string; readonly range: string } | undefined {
  const at = text.indexOf('@', 1);
  return at < 0 ? undefined : { name: text.slice(0, at), range: text.slice(at + 1) };
}

/** Subresource integrity: `sha512-<base64>`, several separated by spaces. */
export function integrityHashes(integrity: unknown): readonly Hash[] {
  const words = typeof integrity === 'string' ? integrity.split(/\s+/) : [];
  return words.flatMap((word): readonly Hash[] => {
    const match = /^(sha1|sha256|sha384|sha512)-([A-Za-z0-9+/=]+)/.exec(word);
    return readHash(match?.[1], Buffer.from(match?.[2] ?? '', 'base64').toString('hex'));
  });
}
