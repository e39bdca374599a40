/** Packages of Hex, and what is taken from a repository in their place. */
import type { Given } from '../../components.ts';
import { vcsUrl } from '../../file-cataloger.ts';
import { hexHashes } from '../../values.ts';

export function hexPackage(name: string, version: string, sha256?: string): Given {
  return { name, version, purl: { type: 'hex', name, version }, hashes: hexHashes('sha256', sha256) };
}

/** The commit is the version. */
export function gitPackage(name: string, address: string, commit: string): Given {
  const qualifiers = { vcs_url: vcsUrl(address, commit) };
  return { name, version: commit, purl: { type: 'hex', name, version: commit, qualifiers } };
}
