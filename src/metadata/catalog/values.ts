/** Parts of foreign documents, read as what they should be; what is something else counts as absent. */
import { isRecord } from '../../core/index.ts';
import { pageAddress, readHash, repositoryAddress } from '../sbom/index.ts';
import type { Component, Hash } from '../sbom/index.ts';

/** Several hashes are of several files, of which one will be installed: then none speaks for the package. */
export function onlyHash(texts: readonly unknown[]): readonly Hash[] {
  const [text] = texts;
  const match =
    texts.length === 1 ? /^(md5|sha1|sha256|sha384|sha512)[:=]([0-9a-f]{32,128})$/.exec(String(text)) : null;
  return readHash(match?.[1], match?.[2]);
}

/** None where the text is no digest of the algorithm in hex. */
export function hexHashes(algorithm: 'sha1' | 'sha256', text: unknown): readonly Hash[] {
  return readHash(algorithm, typeof text === 'string' ? text : undefined);
}

/** Where a package says that it is at home and its source code is kept; what is no address counts as unsaid. */
export function linksOf(page: unknown, repository?: unknown): Pick<Component, 'homepage' | 'sourceRepository'> {
  const [homepage, sourceRepository] = [pageAddress(page), repositoryAddress(repository)];
  return {
    ...(homepage === undefined ? {} : { homepage }),
    ...(sourceRepository === undefined ? {} : { sourceRepository }),
  };
}

export type Raw = Readonly<Record<string, unknown>>;

export function recordOf(value: unknown): Raw {
  return isRecord(value) ? value : {};
}

export function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((entry) => typeof entry === 'string') : [];
}

export function textOr(value: unknown, other: string): string {
  return typeof value === 'string' ? value : other;
}
