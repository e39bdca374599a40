/** Licence texts as found against SPDX licence expressions (SPDX 2.3 annex D). */
import { createRequire } from 'node:module';
import { isRecord } from '../../core/index.ts';
import { shortHash } from './identity.ts';
import type { LicenceText } from './sbom.ts';

const require = createRequire(import.meta.url);

/** Ids that the SPDX licence list holds, by their lower-case form. */
const KNOWN: ReadonlyMap<string, string> = new Map(readIds('').map((id) => [id.toLowerCase(), id]));
/** Ids that it held and gave up. */
const DEPRECATED: ReadonlySet<string> = new Set(readIds('/deprecated'));

function readIds(list: '' | '/deprecated'): readonly string[] {
  const listed: unknown = list === '' ? require('spdx-license-ids') : require('spdx-license-ids/deprecated');
  return Array.isArray(listed) ? listed.filter((id) => typeof id === 'string') : [];
}

/** The listed id in its own spelling. */
export function findLicenceId(text: string): string | undefined {
  return KNOWN.get(text.toLowerCase());
}

/** Short names of distributions whose SPDX id is spelt otherwise. */
const SPDX_NAMES: ReadonlyMap<string, string> = new Map([
  ['expat', 'MIT'],
  ['apache-2', 'Apache-2.0'],
  ['zlib/libpng', 'Zlib'],
  ['bsd-3', 'BSD-3-Clause'],
  ['bsd-2', 'BSD-2-Clause'],
]);

/** `GPL-2+` and `GPL2+` are GPL-2.0-or-later, `LGPL-2.1` is LGPL-2.1-only; other names as the SPDX list spells them, if it does. */
export function spdxLicenceName(name: string): string {
  const gnu = /^(A?GPL|LGPL|GFDL)-?(\d)(?:\.(\d))?(\+)?$/.exec(name);
  if (gnu !== null) {
    const id = `${gnu[1]}-${gnu[2]}.${gnu[3] ?? '0'}-${gnu[4] === undefined ? 'only' : 'or-later'}`;
    return findLicenceId(id) ?? name;
  }
  return SPDX_NAMES.get(name.toLowerCase()) ?? findLicenceId(name) ?? name;
}

/** Real expressions have some hundred characters; the parser is not made for hostile ones. */
const MAX_EXPRESSION = 2000;

/** Whether the text is a valid expression with more than a single id. */
export function isLicenceExpression(text: string): boolean {
  return /\s(?:AND|OR|WITH)\s|^\(|\+$/.test(text) && parseExpression(text) !== undefined;
}

export type LicenceTree =
  | { readonly id: string; readonly exception?: string }
  | { readonly conjunction: 'and' | 'or'; readonly left: LicenceTree; readonly right: LicenceTree };

/** What an expression says, ids that SPDX gave up as those that took their place; undefined for a text that is none. */
export function parseLicence(text: string): LicenceTree | undefined {
  return parseExpression(findLicenceId(text) ?? text);
}

function parseExpression(text: string): LicenceTree | undefined {
  if (text.length > MAX_EXPRESSION) return undefined;
  try {
    const parse: unknown = require('spdx-expression-parse');
    return typeof parse === 'function' ? readTree(parse(text)) : undefined;
  } catch {
    // The parser's only way to say no; the text is then kept as a name.
    return undefined;
  }
}

/** In the shape of spdx-expression-parse. Depth is bounded by the length of the text. */
function readTree(raw: unknown): LicenceTree | undefined {
  if (!isRecord(raw)) return undefined;
  if (raw.conjunction === 'and' || raw.conjunction === 'or') {
    const [left, right] = [readTree(raw.left), readTree(raw.right)];
    return left === undefined || right === undefined ? undefined : { conjunction: raw.conjunction, left, right };
  }
  if (typeof raw.license !== 'string') return undefined;
  const known = renew(raw.license, raw.plus === true);
  return { ...known, ...(typeof raw.exception === 'string' ? { exception: raw.exception } : {}) };
}

/** Exceptions that were part of an id. */
const EXCEPTIONS: ReadonlyMap<string, string> = new Map([
  ['autoconf', 'Autoconf-exception-2.0'],
  ['bison', 'Bison-exception-2.2'],
  ['classpath', 'Classpath-exception-2.0'],
  ['font', 'Font-exception-2.0'],
  ['gcc', 'GCC-exception-2.0'],
]);

/** GNU licences said nothing of later versions, and said exceptions in the id, until version 3.0 of the list. */
function renew(id: string, plus: boolean): { readonly id: string; readonly exception?: string } {
  const [, base, later, kind] = /^((?:[AL]?GPL|GFDL)-\d\.\d)(\+)?(?:-with-(\w+)-exception)?$/i.exec(id) ?? [];
  if (base === undefined) return { id: plus && !id.endsWith('-or-later') ? `${id.replace(/-only$/, '')}+` : id };
  const exception = EXCEPTIONS.get(kind?.toLowerCase() ?? '')?.replace('2.0', (version) =>
    kind?.toLowerCase() === 'gcc' && base.endsWith('3.0') ? '3.1' : version,
  );
  return {
    id: `${base}-${plus || later !== undefined ? 'or-later' : 'only'}`,
    ...(exception === undefined ? {} : { exception }),
  };
}

/** `LicenseRef-` id for a text that is no expression: what cannot stand in an id is told apart by a digest. */
function licenceRef(text: string): string {
  if (isLicenceReference(text)) return text;
  const readable = text.replaceAll(/[^A-Za-z0-9.-]+/g, '-').slice(0, 80);
  return `LicenseRef-${readable}${readable === text ? '' : `-${shortHash(text).slice(0, 8)}`}`;
}

/** One SPDX expression for all of them: what is no expression goes by the id of `customLicences`. */
export function declaredLicence(licences: readonly string[]): string {
  if (licences.length === 0) return 'NOASSERTION';
  const parts = licences.map((text) => (isLicenceExpression(text) ? text : (findLicenceId(text) ?? licenceRef(text))));
  if (parts.length === 1) return parts[0] ?? 'NOASSERTION';
  return [...new Set(parts)].map((part) => (part.includes(' ') ? `(${part})` : part)).join(' AND ');
}

/** Whether the one expression, with what its ids stand for, says all that the list does. */
export function isPlainLicence(licences: readonly string[]): boolean {
  const [only] = licences;
  return only === undefined || (licences.length === 1 && (isCustom(only) || declaredLicence(licences) === only));
}

function isCustom(text: string): boolean {
  return !isLicenceExpression(text) && findLicenceId(text) === undefined;
}

/** A licence that the SPDX list does not have. */
export interface CustomLicence {
  readonly id: string;
  /** One line. */
  readonly name: string;
  readonly text: string;
}

/** Longer ones are the text of a licence, not its name. */
const MAX_NAME = 100;

/** The text itself where it can be a name, else how it begins. */
function nameOfText(text: string): string {
  if (text.length <= MAX_NAME && !/[\r\n]/.test(text)) return text;
  const line = text.split(/[\r\n]+/).find((one) => one.trim() !== '') ?? '';
  return `${line.trim().slice(0, MAX_NAME - 1)}…`;
}

/** Texts by licence. */
export type LicenceTexts = ReadonlyMap<string, string>;

export function indexTexts(texts: readonly LicenceText[] = []): LicenceTexts {
  return new Map(texts.map(({ licence, text }) => [licence, text]));
}

/** Those that are named by themselves or within expressions, sorted by id. A text that is not known is told by its name. */
export function customLicences(licences: readonly string[], known: LicenceTexts): readonly CustomLicence[] {
  const found = new Map<string, CustomLicence>();
  for (const licence of licences) {
    const custom = isCustom(licence) ? [licence] : idsWithin(licence).filter((id) => id.startsWith('LicenseRef-'));
    for (const one of custom) {
      const id = licenceRef(one);
      found.set(id, { id, name: nameOfText(one), text: known.get(one) ?? one });
    }
  }
  return [...found.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
}

interface ReadLicence {
  readonly id: string;
  readonly name: string | undefined;
  readonly text: string | undefined;
  /** Whether a component has it by itself, not only within an expression. */
  readonly isWhole: boolean;
}

/**
 * What a document calls a licence of its own, and the text where the name is not all there is. Without a name it goes by its id, and so it
 * does within expressions.
 */
export function readCustomLicence({ id, name, text, isWhole }: ReadLicence): {
  readonly licence: string;
  readonly texts: readonly LicenceText[];
} {
  if (text === undefined) return { licence: name ?? id, texts: [] };
  if (name !== undefined && name === nameOfText(text)) return { licence: text, texts: [] };
  const licence = name ?? id;
  const key = isWhole || licenceRef(licence) === id ? licence : id;
  return { licence, texts: key === text ? [] : [{ licence: key, text }] };
}

/** One text for each, sorted. */
export function arrangeTexts(texts: readonly LicenceText[]): readonly LicenceText[] {
  const first = new Map(texts.toReversed().map((one) => [one.licence, one]));
  return [...first.values()].sort((a, b) => (a.licence < b.licence ? -1 : 1));
}

/** `LicenseRef-` as in SPDX 2.3 annex D, and the words of an expression. */
const REFERENCE = /^(?:DocumentRef-[A-Za-z0-9.-]+:)?(?:LicenseRef|AdditionRef)-[A-Za-z0-9.-]+$/;

/** Whether it is an id that only its document, or whoever wrote it, explains. */
export function isLicenceReference(id: string): boolean {
  return REFERENCE.test(id);
}

/** An id of the list, a reference of its own, or an expression of these. */
export function isListedExpression(text: string): boolean {
  return (
    findLicenceId(text) !== undefined || DEPRECATED.has(text) || isLicenceReference(text) || isLicenceExpression(text)
  );
}

/** Ids within an expression. */
function idsWithin(text: string): readonly string[] {
  return text.split(/[\s()]+/).filter((word) => word !== '' && !/^(?:AND|OR|WITH)$/.test(word));
}

export function isDeprecatedLicence(text: string): boolean {
  return idsWithin(text).some((id) => DEPRECATED.has(id));
}

/** Families of licences that bind what is built on them, or forbid some use of it. */
const RESTRICTIVE =
  /^(?:A?GPL|LGPL|GFDL|SSPL|OSL|EUPL|CC-BY-(?:NC|SA|ND)|BUSL|RPL|QPL|Sleepycat|CPAL|EPL|MPL-1|eCos|wxWindows|MS-RL|NPOSL)/i;

/** Whether a licence of it does so; one that is offered beside another too. */
export function isRestrictiveLicence(text: string): boolean {
  return idsWithin(text).some((id) => RESTRICTIVE.test(id));
}
