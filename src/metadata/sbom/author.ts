/** Who makes a document: how it is given by hand, and how SPDX 2 spells it. */
import { AppError } from '../../core/index.ts';
import { isEmail, isUrl, splitContact } from './score/facts/facts.ts';
import type { SbomAuthor } from './sbom.ts';

/**
 * `jane@example.com`, `Jane Doe <jane@example.com>`, or the URL of an organization in the place of the address. Throws `usage` for a name
 * alone: nobody could be asked.
 */
export function parseSbomAuthor(text: string): SbomAuthor {
  const [, name, inside] = /^\s*([^<>]+?)\s*<([^<>\s]+)>\s*$/.exec(text) ?? [];
  const address = inside ?? text.trim();
  const named = name === undefined ? {} : { name };
  if (isEmail(address)) return { kind: 'person', ...named, email: address };
  if (isUrl(address)) return { kind: 'organization', ...named, url: address };
  throw new AppError('usage', `--author: expected an e-mail address or URL, or NAME <EMAIL>, found "${text}"`);
}

/** `Person: Jane Doe (jane@example.com)` (SPDX 2.3, 6.8). */
export function formatSpdxAuthor({ kind, name, email, url }: SbomAuthor): string {
  const address = email ?? url;
  const brackets = name === undefined || address === undefined ? '' : ` (${address})`;
  return `${kind === 'person' ? 'Person' : 'Organization'}: ${name ?? address ?? ''}${brackets}`;
}

/** Undefined for a tool, and for nobody. */
export function readSpdxAuthor(creator: string): SbomAuthor | undefined {
  const [, word, rest = ''] = /^(Person|Organization):(.*)$/.exec(creator) ?? [];
  const { name: said, contact: inside } = splitContact(rest);
  if (word === undefined || (said === '' && inside === '')) return undefined;
  const address = isEmail(said) || isUrl(said) ? said : inside;
  return {
    kind: word === 'Person' ? 'person' : 'organization',
    ...(said === address ? {} : { name: said }),
    ...(isEmail(address) ? { email: address } : {}),
    ...(isUrl(address) ? { url: address } : {}),
  };
}
