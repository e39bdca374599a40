/** Whether two simple patterns (characters, `.`, `[...]`, each with `*` or `+` behind) have a text in common, as gintersect asks. */
import { builtinError } from '../evaluate/vm.ts';
import type { Vm } from '../evaluate/vm.ts';

interface Part {
  /** Undefined for any character. */
  readonly chars: ReadonlySet<string> | undefined;
  readonly canRepeat: boolean;
  readonly canMiss: boolean;
}

export function globsMatch(a: string, b: string, vm: Vm): boolean {
  const [left, right] = [parse(a), parse(b)];
  vm.step(left.length * right.length + 1);
  const seen = new Set<number>();
  const width = right.length + 1;
  const queue = [0];
  for (let state = queue.pop(); state !== undefined; state = queue.pop()) {
    if (seen.has(state)) continue;
    seen.add(state);
    const [i, j] = [Math.floor(state / width), state % width];
    const [x, y] = [left[i], right[j]];
    if (x === undefined && y === undefined) return true;
    if (x?.canMiss === true) queue.push((i + 1) * width + j);
    if (y?.canMiss === true) queue.push(i * width + j + 1);
    if (x === undefined || y === undefined || !meet(x, y)) continue;
    for (const nextI of x.canRepeat ? [i, i + 1] : [i + 1])
      for (const nextJ of y.canRepeat ? [j, j + 1] : [j + 1]) queue.push(nextI * width + nextJ);
  }
  return false;
}

function meet({ chars: a }: Part, { chars: b }: Part): boolean {
  return a === undefined || b === undefined || !a.isDisjointFrom(b);
}

/** `x+` is `x` and `x*`: a part that repeats and one that may also be missing. */
function parse(pattern: string): Part[] {
  const parts: Part[] = [];
  for (let i = 0; i < pattern.length;) {
    const end = endOfPart(pattern, i);
    const chars = charsOf(pattern.slice(i, end));
    const flag = pattern[end];
    if (flag === '*') parts.push({ chars, canRepeat: true, canMiss: true });
    else parts.push({ chars, canRepeat: flag === '+', canMiss: false });
    i = flag === '*' || flag === '+' ? end + 1 : end;
  }
  return parts;
}

function endOfPart(pattern: string, at: number): number {
  const char = pattern[at] ?? '';
  if (char === '\\' && at + 1 < pattern.length) return at + 2;
  if ('*+\\]'.includes(char)) throw builtinError(`input:${pattern}, pos:${at}, bad input`);
  if (char !== '[') return at + ((pattern.codePointAt(at) ?? 0) > 0xffff ? 2 : 1);
  const end = pattern.indexOf(']', at + 1);
  if (end < 0) throw builtinError(`input:${pattern}, pos:${at}, bad input`);
  return end + 1;
}

function charsOf(text: string): Set<string> | undefined {
  if (text === '.') return undefined;
  if (!text.startsWith('[')) return new Set([text.replace(/^\\/, '')]);
  const found = new Set<string>();
  for (const [, escaped, low = '', high] of text.slice(1, -1).matchAll(/\\(.)|(.)(?:-(.))?/gsu)) {
    if (escaped !== undefined) found.add(escaped);
    else
      for (let code = low.codePointAt(0) ?? 0; code <= ((high ?? low).codePointAt(0) ?? 0); code += 1)
        found.add(String.fromCodePoint(code));
  }
  return found;
}
