/** Which tags a mirror takes: globs as registries' replication rules have them. */
import { AppError } from '../core/index.ts';

/** Of one glob; a longer one is no pattern of tags, and each wildcard costs a rule time. */
const MAX_GLOB_CHARS = 256;
const MAX_WILDCARDS = 16;

export interface TagPatterns {
  /** A tag must fit one of these; any does when there are none. */
  readonly include: readonly string[];
  /** A tag that fits one of these is left out. */
  readonly exclude: readonly string[];
}

/** `*` is any run, `?` any character, `{a,b}` one of these, all else literal; the whole tag must fit. Throws `usage`. */
export function compilePatterns({ include, exclude }: TagPatterns): (tag: string) => boolean {
  const wanted = include.map((glob) => compileGlob(glob, '--include'));
  const unwanted = exclude.map((glob) => compileGlob(glob, '--exclude'));
  return (tag) =>
    (wanted.length === 0 || wanted.some((pattern) => pattern.test(tag))) &&
    !unwanted.some((pattern) => pattern.test(tag));
}

function compileGlob(glob: string, where: string): RegExp {
  const wildcards = glob.match(/[*{]/g)?.length ?? 0;
  const isGlob = /^(?:[\w.*?-]|\{[\w.*?,-]*\})+$/.test(glob);
  if (!isGlob || glob.length > MAX_GLOB_CHARS || wildcards > MAX_WILDCARDS) {
    const expected = `a pattern of tag characters, * ? {a,b}, with at most ${MAX_WILDCARDS} wildcards`;
    throw new AppError('usage', `${where}: expected ${expected}, found ${JSON.stringify(glob.slice(0, 80))}`);
  }
  const source = glob.replaceAll(/\*+|[.?{},-]/g, (sign) => SIGNS[sign.charAt(0)] ?? sign);
  return new RegExp(`^${source}$`);
}

const SIGNS: Readonly<Record<string, string>> = {
  '*': '.*',
  '?': '.',
  '.': String.raw`\.`,
  '-': '-',
  '{': '(?:',
  '}': ')',
  ',': '|',
};
