/** Every function that a CEL expression can call; what needs the API server (`authorizer`) is not among them. */
import type { Functions } from '../compile.ts';
import { Failure } from '../values.ts';
import { CORE } from './core.ts';
import { LISTS } from './lists.ts';
import { MATH } from './math.ts';
import { NETWORK } from './network.ts';
import { OPTIONALS } from './optionals.ts';
import type { Overload } from './overload.ts';
import { QUANTITIES } from './quantities.ts';
import { STRINGS } from './strings.ts';
import { regexpOverloads, TEXTS } from './texts.ts';
import { TIME } from './time.ts';

const OVERLOADS: ReadonlyMap<string, readonly Overload[]> = Map.groupBy(
  [...CORE, ...TIME, ...STRINGS, ...LISTS, ...MATH, ...OPTIONALS, ...NETWORK, ...QUANTITIES, ...TEXTS],
  ({ name }) => name,
);
/** Kubernetes, too, refuses texts of these that are written wrongly when it takes a policy. */
const CHECKED: ReadonlySet<string> = new Set(['timestamp', 'duration']);

const PATTERNS: ReadonlySet<string> = new Set(['matches', 'find', 'findAll']);

/** Functions of one program. */
export function createFunctions(): Functions {
  const regexps = Map.groupBy(regexpOverloads(), ({ name }) => name);
  const [matches] = regexps.get('matches') ?? [];
  return {
    find: (name) => OVERLOADS.get(name) ?? regexps.get(name),
    isCheckedAtLoad: (name) => CHECKED.has(name),
    faultOf: (name, pattern) => {
      const result = PATTERNS.has(name) && typeof pattern === 'string' ? matches?.call('', pattern) : undefined;
      return result instanceof Failure ? result : undefined;
    },
  };
}
