/** The licence field of a package.json in all the forms that were ever in use: text, object, list of either. */
import { isRecord } from '../../../../core/index.ts';

export function npmLicences(manifest: Readonly<Record<string, unknown>>): readonly string[] {
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

/** npm's own limit. */
export const MAX_NPM_VERSION = 256;

/** Whether the text may be a package's name: no spaces, no leading dot or underscore, at most 214 characters. */
export function isNpmName(text: string): boolean {
  return text.length <= 214 && /^(?:@[^\s/@]+\/)?[^\s/@._][^\s/@]*$/.test(text);
}
