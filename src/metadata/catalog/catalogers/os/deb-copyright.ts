/**
 * Licence names from a Debian copyright file: the machine-readable form (DEP-5) by its License fields, the free form by the
 * common-licenses files it points to. Licence texts themselves are not classified.
 */

import { spdxLicenceName } from '../../../sbom/index.ts';

/** Sorted, without repetition. */
export function parseCopyright(text: string): readonly string[] {
  const found = new Set<string>();
  for (const match of text.matchAll(/^licen[cs]e:[ \t]*(\S[^\n]*)$/gim)) {
    for (const part of splitNames((match[1] ?? '').slice(0, MAX_LINE))) found.add(part);
  }
  for (const match of text.matchAll(/\/usr\/share\/common-licenses\/([A-Za-z][A-Za-z0-9.+-]*)/g)) {
    const name = (match[1] ?? '').replace(/[.+-]+$/, '');
    if (name !== '' && found.size < MAX_NAMES) found.add(spdxLicenceName(name));
  }
  return [...found].sort();
}

/** Longer lines are no list of names; splitting them could take quadratic time. */
const MAX_LINE = 1000;
/** A file that names more is not a list of licences any more. */
const MAX_NAMES = 200;

function splitNames(line: string): readonly string[] {
  return line
    .split(/\s+or\s+|\s+and\s+|,|\|/i)
    .map((part) => part.trim().replace(/[;.]+$/, ''))
    .filter((part) => part !== '' && part.length <= 60)
    .map(spdxLicenceName);
}
