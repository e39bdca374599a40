/** WWW-Authenticate challenges (RFC 9110 11.6.1), in all forms that registries send. */

export interface Challenge {
  /** In lower case. */
  readonly scheme: string;
  /** Names in lower case. */
  readonly parameters: ReadonlyMap<string, string>;
}

/** Longer is an attack on the parser or a broken proxy. */
const MAX_HEADER = 16 * 1024;

const TOKEN = /[A-Za-z0-9!#$%&'*+.^_`|~-]+/y;
const TOKEN68 = /[A-Za-z0-9._~+/-]+=*(?=\s*(?:,|$))/y;

/** All challenges of all header lines; what cannot be read ends its line. */
export function parseChallenges(values: readonly string[]): readonly Challenge[] {
  return values.filter((value) => value.length <= MAX_HEADER).flatMap(parseLine);
}

function parseLine(text: string): readonly Challenge[] {
  const challenges: { scheme: string; parameters: Map<string, string> }[] = [];
  let at = 0;
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0];
    if (found !== undefined) at += found.length;
    return found;
  };
  for (;;) {
    take(/[\s,]*/y);
    const word = take(TOKEN);
    if (word === undefined) return challenges;
    if (take(/\s*=\s*/y) === undefined) {
      challenges.push({ scheme: word.toLowerCase(), parameters: new Map() });
      take(/ +/y);
      // `Negotiate dG9rZW4=`: a value without a name, of no use here
      if (!/^[\w-]+\s*=\s*["\w]/.test(text.slice(at))) take(TOKEN68);
      continue;
    }
    const quoted = take(/"(?:[^"\\]|\\.)*"/y);
    const value = quoted === undefined ? take(/[^\s,"]+/y) : quoted.slice(1, -1).replaceAll(/\\(.)/g, '$1');
    if (value === undefined) return challenges;
    challenges.at(-1)?.parameters.set(word.toLowerCase(), value);
  }
}
