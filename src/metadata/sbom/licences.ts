/** Licence texts as found against SPDX licence expressions (SPDX 2.3 annex D). */
import { createRequire } from 'node:module';
import { isRecord } from '../../core/index.ts';

const require = createRequire(import.meta.url);

/** Ids that the SPDX licence list holds, by their lower-case form. */
const KNOWN: ReadonlyMap<string, string> = new Map(readIds().map((id) => [id.toLowerCase(), id]));

function readIds(): readonly string[] {
  const listed: unknown = require('spdx-license-ids');
  return Array.isArray(listed) ? listed.filter((id) => typeof id === 'string') : [];
}

/** The listed id in its own spelling. */
export function findLicenceId(text: string): string | undefined {
  return KNOWN.get(text.toLowerCase());
}

/** Real expressions have some hundred characters; the parser is not made for hostile ones. */
const MAX_EXPRESSION = 2000;

/** Whether the text is a valid expression with more than a single id. */
export function isLicenceExpression(text: string): boolean {
  if (text.length > MAX_EXPRESSION || !/\s(?:AND|OR|WITH)\s|^\(|\+$/.test(text)) return false;
  try {
    const parse: unknown = require('spdx-expression-parse');
    return typeof parse === 'function' && isRecord(parse(text));
  } catch {
    // The parser's only way to say no; the text is then kept as a name.
    return false;
  }
}

/** `LicenseRef-` id for a text that is no expression. */
export function licenceRef(text: string): string {
  return `LicenseRef-${text.replaceAll(/[^A-Za-z0-9.-]+/g, '-').slice(0, 80)}`;
}
