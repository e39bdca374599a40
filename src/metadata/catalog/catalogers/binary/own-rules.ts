/**
 * Rules of the user's own for programs that no package manager knows: a document of YAML or JSON as docs/guides/sbom-of-images.md shows
 * it. Globs and patterns are matched in linear time, for the bytes of files are anybody's.
 */
import {
  arrayOf,
  compileRegexp,
  mismatch,
  optional,
  parseYamlDocuments,
  quoteRegexp,
  strictObject,
  string,
} from '../../../../core/index.ts';
import type { Decoder, Regexp } from '../../../../core/index.ts';
import { findPurl } from '../../../ecosystem/index.ts';
import { MAX_REACH } from './rule.ts';
import type { OwnRule, VersionPattern } from './rule.ts';

/** Every file of a tree is asked about every rule; a house has some ten. */
const MAX_RULES = 1000;
/** Of one rule. */
const MAX_ENTRIES = 50;
/** What is longer is a program, and each byte of a file goes through it. */
const MAX_PATTERN_CHARS = 2048;

const oneOrMore: Decoder<readonly string[]> = (value, path) => {
  const list = typeof value === 'string' ? [value] : arrayOf(string, MAX_ENTRIES)(value, path);
  if (list.length === 0) throw mismatch(path, 'at least one', value);
  return list;
};

const decodeRule = strictObject({
  name: string,
  files: oneOrMore,
  patterns: oneOrMore,
  unless: optional(string),
  purl: optional(string),
  cpes: optional(oneOrMore),
});

const decodeRules = strictObject({ rules: arrayOf(decodeRule, MAX_RULES) });

/** Throws `invalid-input` naming the place that is wrong. */
export function parseOwnRules(text: string, where: string): readonly OwnRule[] {
  const [document] = parseYamlDocuments(text, where, 1);
  const rules = decodeRules(document?.value, where).rules.map((rule, index) =>
    createRule(rule, `${where}.rules[${index}]`),
  );
  rules.forEach(({ name }, index) => {
    if (rules.findIndex((rule) => rule.name === name) < index)
      throw mismatch(`${where}.rules[${index}].name`, 'a name of its own', name);
  });
  return rules;
}

function createRule(given: ReturnType<typeof decodeRule>, where: string): OwnRule {
  const { name, files, patterns, unless, purl, cpes = [] } = given;
  if (!/^\S(?:.{0,254}\S)?$/.test(name)) throw mismatch(`${where}.name`, 'a name of 1 to 256 characters', name);
  const globs = files.map((glob, index) => compileGlob(glob, `${where}.files[${index}]`));
  const wanted = patterns.map((pattern, index) => versionPattern(pattern, `${where}.patterns[${index}]`));
  const excluded = unless === undefined ? undefined : compilePattern(unless, `${where}.unless`);
  return {
    name,
    isFor: (path) => globs.some((glob) => glob.isMatch(path)),
    patterns: wanted,
    ...(excluded === undefined ? {} : { unless: { test: excluded.isMatch } }),
    ...(purl === undefined ? {} : { purl: readPurl(purl, `${where}.purl`) }),
    cpes: cpes.map((cpe, index) => checkCpe(cpe, `${where}.cpes[${index}]`)),
  };
}

/** Of the path from the root: `**` is any run, `*` and `?` stop at a slash, `{a,b}` is one of these. Without a slash, of the name alone. */
function compileGlob(glob: string, where: string): Regexp {
  const whole = glob.includes('/') ? glob.replace(/^\//, '') : `**/${glob}`;
  const source = whole.split(/(\*\*\/|\*{1,2}|\?|\{[^{}]*\})/).map((part) => {
    if (/^\{.*\}$/s.test(part)) return `(?:${part.slice(1, -1).split(',').map(quoteRegexp).join('|')})`;
    return GLOB_SIGNS.get(part) ?? quoteRegexp(part);
  });
  return compilePattern(`^(?s:${source.join('')})$`, where);
}

const GLOB_SIGNS: ReadonlyMap<string, string> = new Map([
  ['**/', '(?:.*/)?'],
  ['**', '.*'],
  ['*', '[^/]*'],
  ['?', '[^/]'],
]);

function compilePattern(pattern: string, where: string): Regexp {
  if (pattern === '' || pattern.length > MAX_PATTERN_CHARS)
    throw mismatch(where, `a pattern of 1 to ${MAX_PATTERN_CHARS} characters`, pattern);
  return compileRegexp(pattern, where);
}

/** What it finds is the group `version`. A match that is longer than what every window holds would be found by chance, so it is none. */
function versionPattern(pattern: string, where: string): VersionPattern {
  const compiled = compilePattern(pattern, where);
  const group = compiled.groupNumbers.get('version');
  if (group === undefined) throw mismatch(where, 'a group (?P<version>...)', pattern);
  return {
    exec: (text) => {
      // that there is none, which is usual, is known sooner than where one is
      const found = (compiled.isMatch(text) ? compiled.findAll(text, MAX_MATCHES) : []).find(
        ({ start, end, groups }) => end - start <= MAX_REACH && (groups[group] ?? '') !== '',
      );
      if (found === undefined) return null;
      return { index: found.start, 0: found.groups[0] ?? '', 1: found.groups[group] };
    },
  };
}

/** Of one window, in which the first is taken that has a version. */
const MAX_MATCHES = 100;

/** `pkg:generic/foo`, or as Syft's rules have it `pkg:generic/foo@version`. */
function readPurl(text: string, where: string): NonNullable<OwnRule['purl']> {
  const purl = findPurl(text);
  if (purl === undefined) throw mismatch(where, 'a package URL', text);
  const { version, qualifiers, ...rest } = purl;
  if (version !== undefined && version !== 'version')
    throw mismatch(where, 'a package URL without a version, which is put in', text);
  return { ...rest, qualifiers: Object.fromEntries(qualifiers) };
}

/** A formatted string (CPE naming 2.3, 6.2) whose version is any. */
const CPE = /^cpe:2\.3:[aoh](?::(?:[\w.*?-]|\\[^\w\s])+){2}:\*(?::(?:[\w.*?-]|\\[^\w\s])+){7}$/;

function checkCpe(text: string, where: string): string {
  if (!CPE.test(text))
    throw mismatch(where, 'a CPE 2.3 with * as version, cpe:2.3:a:VENDOR:PRODUCT:*:*:*:*:*:*:*:*', text);
  return text;
}
