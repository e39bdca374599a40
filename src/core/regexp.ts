/**
 * Regular expressions in the syntax of RE2, matched in linear time by re2js, with the results of Go's package `regexp`
 * (leftmost-first; no empty match right behind a match). Offsets are UTF-16 units, as in any JavaScript string.
 */
import { RE2JS, RE2JSException } from 're2js';
import { AppError } from './errors.ts';

/** Ceiling of a pattern's text: far above any that a person writes, and its compilation stays quick. */
const MAX_PATTERN_CHARS = 32 * 1024;

export interface RegexpMatch {
  readonly start: number;
  readonly end: number;
  /** The whole match, then each group; undefined for a group that took no part. */
  readonly groups: readonly (string | undefined)[];
}

export interface Regexp {
  /** Numbers of the named groups. */
  readonly groupNumbers: ReadonlyMap<string, number>;
  /** True where the pattern matches anywhere in the text. */
  readonly isMatch: (text: string) => boolean;
  /** Matches from left to right that do not overlap, at most `limit` of them. */
  readonly findAll: (text: string, limit?: number) => readonly RegexpMatch[];
  /** Go's `ReplaceAllString`: `$1`, `${name}` and `$$` in the template are expanded. */
  readonly replaceAll: (text: string, template: string) => string;
  /** Go's `Split(text, -1)`. */
  readonly split: (text: string) => readonly string[];
}

/** Throws `invalid-input` for a pattern out of RE2's syntax, in the words of Go: "error parsing regexp: ...". */
export function compileRegexp(pattern: string, where: string): Regexp {
  if (pattern.length > MAX_PATTERN_CHARS)
    throw new AppError(
      'invalid-input',
      `${where}: expected at most ${MAX_PATTERN_CHARS} characters of regular expression, found ${pattern.length}`,
    );
  const compiled = compile(pattern, where);
  const groupNumbers = new Map(Object.entries(compiled.namedGroups()));
  const findAll = (text: string, limit = Infinity) => allMatches(compiled, text, limit);
  return {
    groupNumbers,
    isMatch: (text) => compiled.test(text),
    findAll,
    replaceAll: (text, template) => replace(text, findAll(text), (match) => expand(template, match, groupNumbers)),
    split: (text) => split(pattern, text, findAll(text)),
  };
}

/** The text as a pattern that matches just that text: Go's `QuoteMeta`. */
export function quoteRegexp(text: string): string {
  return text.replace(/[\\.+*?()|[\]{}^$]/g, (special) => `\\${special}`);
}

function compile(pattern: string, where: string): RE2JS {
  try {
    return RE2JS.compile(pattern);
  } catch (cause) {
    if (!(cause instanceof RE2JSException)) throw cause;
    throw new AppError('invalid-input', `${where}: expected a regular expression of RE2, ${cause.message}`, { cause });
  }
}

function allMatches(compiled: RE2JS, text: string, limit: number): RegexpMatch[] {
  const matcher = compiled.matcher(text);
  const matches: RegexpMatch[] = [];
  let lastEnd = -1;
  for (let at = 0; at <= text.length && matches.length < limit && matcher.find(at);) {
    const [start, end] = [matcher.start(), matcher.end()];
    if (start < end || start !== lastEnd) {
      const groups = Array.from({ length: matcher.groupCount() + 1 }, (_, i) => matcher.group(i) ?? undefined);
      matches.push({ start, end, groups });
    }
    at = end > at ? end : at + ((text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1);
    lastEnd = end;
  }
  return matches;
}

function replace(text: string, matches: readonly RegexpMatch[], write: (match: RegexpMatch) => string): string {
  let out = '';
  let at = 0;
  for (const match of matches) {
    out += text.slice(at, match.start) + write(match);
    at = match.end;
  }
  return out + text.slice(at);
}

/** Go's `Expand`: a name is the longest run of letters, digits and `_`; an unknown one is empty; a lone `$` stays. */
function expand(template: string, match: RegexpMatch, numbers: ReadonlyMap<string, number>): string {
  return template.replace(/\$(?:\$|\{([\p{L}\p{Nd}_]+)\}|([\p{L}\p{Nd}_]+))/gu, (_, braced?: string, bare?: string) => {
    const name = braced ?? bare;
    if (name === undefined) return '$';
    const number = /^\d+$/.test(name) ? Number(name) : numbers.get(name);
    return number === undefined ? '' : (match.groups[number] ?? '');
  });
}

function split(pattern: string, text: string, matches: readonly RegexpMatch[]): string[] {
  if (pattern !== '' && text === '') return [''];
  const pieces: string[] = [];
  let begin = 0;
  let end = 0;
  for (const match of matches) {
    end = match.start;
    if (match.end !== 0) pieces.push(text.slice(begin, end));
    begin = match.end;
  }
  if (end !== text.length) pieces.push(text.slice(begin));
  return pieces;
}
