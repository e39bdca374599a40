/**
 * Package URLs: parsing, building and the canonical form, by the package-url specification (ECMA-427) and its type definitions.
 * Not implemented: checks that need a network (does the package exist) and `vers` ranges.
 */
import { AppError } from '../../core/index.ts';
import { PURL_TYPES } from './purl-types.ts';

export interface Purl {
  readonly type: string;
  /** Segments joined by `/`, decoded. */
  readonly namespace?: string;
  readonly name: string;
  readonly version?: string;
  /** Sorted by key; no empty values. */
  readonly qualifiers: ReadonlyMap<string, string>;
  readonly subpath?: string;
}

/** What `createPurl` takes: the same, with qualifiers as an object whose empty or absent values are dropped. */
export interface PurlParts {
  readonly type: string;
  readonly namespace?: string | undefined;
  readonly name: string;
  readonly version?: string | undefined;
  readonly qualifiers?: Readonly<Record<string, string | undefined>> | undefined;
  readonly subpath?: string | undefined;
}

/** Longest text read as a package URL, and longest part of one: foreign documents hold them, and no real one comes near. */
const MAX_LENGTH = 4096;

/** Throws `invalid-input` naming the part that is wrong. */
export function parsePurl(text: string): Purl {
  if (text.length > MAX_LENGTH) throw refuse(text, `at most ${MAX_LENGTH} characters`);
  const colon = text.indexOf(':');
  if (colon < 0 || text.slice(0, colon).toLowerCase() !== 'pkg') throw refuse(text, 'the scheme pkg:');
  let rest = text.slice(colon + 1).replace(/^\/+/, '');
  const [beforeSubpath, subpath] = cutLast(rest, '#');
  const [beforeQualifiers, qualifiers] = cutLast(beforeSubpath, '?');
  rest = beforeQualifiers.replace(/\/+$/, '');
  const slash = rest.indexOf('/');
  if (slash < 0) throw refuse(text, 'a type and a name');
  const type = rest.slice(0, slash);
  const [path, version] = cutVersion(rest.slice(slash + 1));
  const segments = path.split('/');
  const name = type.toLowerCase() === 'git' ? segments.splice(1).join('/') : (segments.pop() ?? '');
  return createPurl({
    type,
    namespace: decodeSegments(segments, text).join('/'),
    name: decode(name, text),
    version: version === undefined ? undefined : decode(version, text),
    qualifiers: parseQualifiers(qualifiers, text),
    subpath: subpath === undefined ? undefined : decodeSubpath(subpath, text),
  });
}

/** The package URL that the text is, or undefined; for foreign documents where a bad one is only a lost identifier. */
export function findPurl(text: string): Purl | undefined {
  try {
    return parsePurl(text);
  } catch (thrown) {
    if (thrown instanceof AppError && thrown.kind === 'invalid-input') return undefined;
    throw thrown;
  }
}

/** Normalises by the type's rules. Throws `invalid-input` for parts the specification or the type refuses. */
export function createPurl(parts: PurlParts): Purl {
  const type = parts.type.toLowerCase();
  if (!/^[a-z][a-z0-9.-]*$/.test(type)) throw refuse(parts.type, 'a type of letters, digits, . and -');
  for (const part of [
    parts.namespace,
    parts.name,
    parts.version,
    parts.subpath,
    ...Object.values(parts.qualifiers ?? {}),
  ]) {
    if ((part?.length ?? 0) > MAX_LENGTH) throw refuse(part ?? '', `parts of at most ${MAX_LENGTH} characters`);
    // half of a pair of UTF-16 has no bytes to be written as
    if (part?.isWellFormed() === false) throw refuse(part.toWellFormed(), 'whole characters');
  }
  const namespace = (parts.namespace ?? '').split('/').filter((segment) => segment !== '');
  const purl = normalize({
    type,
    namespace: namespace.join('/'),
    name: parts.name.replaceAll(/^\/+|\/+$/g, ''),
    version: parts.version ?? '',
    qualifiers: normalizeQualifiers(parts.qualifiers ?? {}),
    subpath: subpathSegments(parts.subpath ?? '').join('/'),
  });
  if (purl.name === '') throw refuse(parts.name, 'a name');
  checkType(purl);
  return {
    type: purl.type,
    name: purl.name,
    qualifiers: purl.qualifiers,
    ...(purl.namespace === '' ? {} : { namespace: purl.namespace }),
    ...(purl.version === '' ? {} : { version: purl.version }),
    ...(purl.subpath === '' ? {} : { subpath: purl.subpath }),
  };
}

/** The canonical text. */
export function formatPurl(purl: Purl): string {
  const namespace = purl.namespace === undefined ? '' : `${purl.namespace.split('/').map(encode).join('/')}/`;
  const version = purl.version === undefined ? '' : `@${encode(purl.version)}`;
  const qualifiers = [...purl.qualifiers].map(([key, value]) => `${key}=${encode(value)}`).join('&');
  const subpath = purl.subpath === undefined ? '' : `#${purl.subpath.split('/').map(encode).join('/')}`;
  const query = qualifiers === '' ? '' : `?${qualifiers}`;
  const name = purl.type === 'git' ? purl.name.split('/').map(encode).join('/') : encode(purl.name);
  return `pkg:${purl.type}/${namespace}${name}${version}${query}${subpath}`;
}

interface Draft {
  readonly type: string;
  readonly namespace: string;
  readonly name: string;
  readonly version: string;
  readonly qualifiers: ReadonlyMap<string, string>;
  readonly subpath: string;
}

function normalize(draft: Draft): Draft {
  const rules = PURL_TYPES.get(draft.type) ?? {};
  const name = foldName(draft);
  return {
    ...draft,
    namespace: rules.lowerNamespace === true ? draft.namespace.toLowerCase() : draft.namespace,
    name: rules.rewriteName === undefined ? name : rules.rewriteName(name),
    version: rules.lowerVersion === true ? draft.version.toLowerCase() : draft.version,
  };
}

/** MLflow names on Databricks ignore case; on other servers they do not (mlflow type definition). */
function foldName(draft: Draft): string {
  const onDatabricks = draft.type === 'mlflow' && (draft.qualifiers.get('repository_url') ?? '').includes('databricks');
  return PURL_TYPES.get(draft.type)?.lowerName === true || onDatabricks ? draft.name.toLowerCase() : draft.name;
}

function checkType(purl: Draft): void {
  const rules = PURL_TYPES.get(purl.type) ?? {};
  const shown = `${purl.type}/${purl.name}`;
  if (rules.namespace === 'required' && purl.namespace === '') throw refuse(shown, `a namespace for type ${purl.type}`);
  if (rules.namespace === 'prohibited' && purl.namespace !== '') {
    throw refuse(shown, `no namespace for type ${purl.type}`);
  }
  if (rules.name !== undefined && !rules.name.test(purl.name)) throw refuse(shown, `a name like ${rules.name.source}`);
  if (rules.version !== undefined && purl.version !== '' && !rules.version.test(purl.version)) {
    throw refuse(`${shown}@${purl.version}`, `a version like ${rules.version.source}`);
  }
  for (const key of rules.qualifiers ?? []) {
    if (!purl.qualifiers.has(key)) throw refuse(shown, `the qualifier ${key}`);
  }
}

function normalizeQualifiers(given: Readonly<Record<string, string | undefined>>): ReadonlyMap<string, string> {
  const kept = Object.entries(given).filter((entry): entry is [string, string] => (entry[1] ?? '') !== '');
  for (const [key] of kept) {
    if (!/^[a-z][a-z0-9._-]*$/i.test(key) || key[0] !== key[0]?.toLowerCase())
      throw refuse(key, 'a qualifier key of lower-case letters, digits, . - and _');
  }
  // The official suite refuses keys that begin with a capital and folds capitals elsewhere.
  const folded = kept.map(([key, value]): [string, string] => [key.toLowerCase(), value]);
  return new Map(folded.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function parseQualifiers(text: string | undefined, whole: string): Record<string, string> {
  const result: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const pair of (text ?? '').split('&')) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    if (equals < 0) continue;
    result[pair.slice(0, equals)] = decode(pair.slice(equals + 1), whole);
  }
  return result;
}

function decodeSegments(segments: readonly string[], whole: string): readonly string[] {
  return segments.filter((segment) => segment !== '').map((segment) => decode(segment, whole));
}

function decodeSubpath(text: string, whole: string): string {
  return subpathSegments(decodeSegments(text.split('/'), whole).join('/')).join('/');
}

/** `.` and `..` have no meaning in a subpath and are dropped. */
function subpathSegments(text: string): readonly string[] {
  return text.split('/').filter((segment) => segment !== '' && segment !== '.' && segment !== '..');
}

/** The version follows the last `@`, unless that one begins a scope written bare: `@scope/name`. */
function cutVersion(text: string): readonly [string, string | undefined] {
  const at = text.lastIndexOf('@');
  const isScope = (at === 0 || text[at - 1] === '/') && text.includes('/', at);
  return at < 0 || isScope ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

function cutLast(text: string, mark: string): readonly [string, string | undefined] {
  const at = text.lastIndexOf(mark);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

function decode(text: string, whole: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw new AppError('invalid-input', `package URL "${shorten(whole)}": expected percent-encoded UTF-8`, { cause });
  }
}

function encode(text: string): string {
  return encodeURIComponent(text)
    .replaceAll(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%3A', ':');
}

function refuse(found: string, expected: string): AppError {
  return new AppError('invalid-input', `package URL: expected ${expected}, found "${shorten(found)}"`);
}

function shorten(text: string): string {
  return text.length > 120 ? `${text.slice(0, 117)}...` : text;
}
