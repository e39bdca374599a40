/**
 * Licence names from a Debian copyright file: the machine-readable form (DEP-5) by its License fields, the free form by the
 * common-licenses files it points to. Licence texts themselves are not classified.
 */

import { findLicenceId } from '../../../sbom/index.ts';

/** Debian's short names whose SPDX id is spelt otherwise; the rest keep their text. */
const SPDX_NAMES: ReadonlyMap<string, string> = new Map([
  ['expat', 'MIT'],
  ['apache-2', 'Apache-2.0'],
  ['zlib/libpng', 'Zlib'],
  ['bsd-3', 'BSD-3-Clause'],
  ['bsd-2', 'BSD-2-Clause'],
]);

/** Sorted, without repetition. */
export function parseCopyright(text: string): readonly string[] {
  const found = new Set<string>();
  for (const match of text.matchAll(/^licen[cs]e:[ \t]*(\S[^\n]*)$/gim)) {
    for (const part of splitNames((match[1] ?? '').slice(0, MAX_LINE))) found.add(part);
  }
  for (const match of text.matchAll(/\/usr\/share\/common-licenses\/([A-Za-z][A-Za-z0-9.+-]*)/g)) {
    const name = (match[1] ?? '').replace(/[.+-]+$/, '');
    if (name !== '' && found.size < MAX_NAMES) found.add(toSpdxName(name));
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
    .map(toSpdxName);
}

/** `GPL-2+` is GPL-2.0-or-later, `LGPL-2.1` is LGPL-2.1-only; other names as the SPDX list spells them, if it does. */
function toSpdxName(name: string): string {
  const gnu = /^(A?GPL|LGPL|GFDL)-?(\d)(?:\.(\d))?(\+)?$/.exec(name);
  if (gnu !== null) {
    const id = `${gnu[1]}-${gnu[2]}.${gnu[3] ?? '0'}-${gnu[4] === undefined ? 'only' : 'or-later'}`;
    return findLicenceId(id) ?? name;
  }
  return SPDX_NAMES.get(name.toLowerCase()) ?? findLicenceId(name) ?? name;
}
