/** What packages of the Python Package Index are called, and how requirements for them are written (PEP 503, PEP 508, PEP 440). */
import type { PurlParts } from '../../../ecosystem/index.ts';
import { vcsUrl } from '../../file-cataloger.ts';
import type { Locked } from '../../locked.ts';

/** PEP 508; the ceiling is ours. */
const NAME = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,254}[A-Za-z0-9])?$/;
/** PEP 440, and what is older than it; no blanks, no wildcard. */
const VERSION = /^[A-Za-z0-9][A-Za-z0-9.!+_-]{0,255}$/;

/** The name by which two spellings are compared. */
export function foldName(name: string): string {
  return name.toLowerCase().replaceAll(/[-_.]+/g, '-');
}

export function pypiPurl({ name, version }: Pick<Locked, 'name' | 'version'>): PurlParts | undefined {
  return NAME.test(name) && (version === '' || VERSION.test(version)) ? { type: 'pypi', name, version } : undefined;
}

export interface Requirement {
  readonly name: string;
  /** Folded names, of `name[a,b]`. */
  readonly extras: readonly string[];
  /** `==1.0`, `>=2,<3`; empty for any version. */
  readonly specifier: string;
  /** `extra == "test"`. */
  readonly marker: string;
}

/** Undefined for what is none: a path, an address, an option, a template. */
export function parseRequirement(text: string): Requirement | undefined {
  const [head = '', ...markers] = text.split(';');
  const match = /^\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[([^\]]*)\])?(.*)$/.exec(head);
  if (match?.[1] === undefined || !NAME.test(match[1])) return undefined;
  const specifier = (match[3] ?? '').trim().replace(/^\((.*)\)$/, '$1');
  if (specifier !== '' && !/^(?:[=<>!~]=?|===|@)/.test(specifier)) return undefined;
  const extras = (match[2] ?? '').split(',').map((extra) => foldName(extra.trim()));
  return { name: match[1], extras: extras.filter(Boolean), specifier, marker: markers.join(';').trim() };
}

/** What `vcs_url` says of a repository of git at one commit, as after `@` in a requirement (PEP 508); undefined for a branch or a tag. */
export function findRepository(reference: string): string | undefined {
  const [, address, commit] = /^(?:@\s*)?(?:git\+)?([a-z+]+:\/\/\S+)@([0-9a-f]{40})(?:#\S*)?$/.exec(reference) ?? [];
  return address === undefined || commit === undefined ? undefined : vcsUrl(address, commit);
}

/** The one version that a specifier lets through, if it is one. */
export function pinOf(specifier: string): string | undefined {
  const version = /^={2,3}\s*([^\s,*]+)(?:\s*@\s*\S+)?$/.exec(specifier)?.[1];
  return version !== undefined && VERSION.test(version) ? version : undefined;
}
