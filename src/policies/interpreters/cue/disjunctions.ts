/**
 * Disjunctions and their defaults. All combinations of the alternatives are tried on copies of the vertex, one disjunction after another, and those
 * that fail are dropped. Which of the rest are defaults follows the rules of the CUE specification ("Default values").
 */
import { areEqualVertices } from './equality.ts';
import { findError } from './machine.ts';
import type { Machine } from './machine.ts';
import { remapped, remapper, replay, schedule } from './schedule.ts';
import { isIncomplete } from './values.ts';
import type { Bottom } from './values.ts';
import { DEFAULT_MODE, Vertex } from './vertex.ts';
import type { DefaultMode, PendingChoice, PendingDisjunction } from './vertex.ts';

/** Ceiling of combinations that are left after a disjunction: each is compared with all others. */
const MAX_DISJUNCTS = 300;

/** What became of the vertex with the alternatives that were chosen so far. */
interface Combination {
  readonly mode: DefaultMode;
  readonly vertex: Vertex;
}

interface Tried extends Combination {
  /** Whether the alternative chosen last is marked. */
  readonly ownMode: DefaultMode;
}

export function resolveDisjunctions(machine: Machine, vertex: Vertex): void {
  const pending = vertex.disjunctions;
  let combinations: Combination[] = [{ mode: DEFAULT_MODE.maybe, vertex }];
  for (const [index, disjunction] of pending.entries()) {
    const isLast = index === pending.length - 1;
    const errors = new Map<PendingChoice, Bottom>();
    combinations = combine(machine, vertex, { combinations, disjunction, isLast, errors });
    if (combinations.length > MAX_DISJUNCTS) throw machine.refuse(`expected at most ${MAX_DISJUNCTS} alternatives`);
    if (combinations.length > 0) continue;
    failAll(machine, vertex, [...errors.values()]);
    return;
  }
  conclude(vertex, combinations);
}

/** No alternative is left; where one may still be mended by more information, so may the whole. */
function failAll(machine: Machine, vertex: Vertex, errors: readonly Bottom[]): void {
  const reasons = [...new Set(errors.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`)))];
  const positions = [...new Set(errors.flatMap((error) => error.positions))];
  const lightest = errors.findLast(isIncomplete);
  const message = `none of the alternatives holds: ${reasons.slice(0, 5).join('; ')}`;
  // Its fields belong to no alternative.
  vertex.arcs.clear();
  machine.fail(vertex, message, positions, lightest === undefined ? 'eval' : 'incomplete');
}

function conclude(vertex: Vertex, combinations: readonly Combination[]): void {
  const [only] = combinations;
  if (combinations.length === 1 && only !== undefined) {
    vertex.standIn = only.vertex;
    if (vertex.mode === DEFAULT_MODE.maybe) vertex.mode = only.mode;
    return;
  }
  for (const { vertex: one, mode } of combinations) one.mode = mode;
  const isDefault = ({ mode }: Combination) => mode === DEFAULT_MODE.is;
  const defaults = combinations.filter(isDefault);
  const values = [...defaults, ...combinations.filter((one) => !isDefault(one))].map((one) => one.vertex);
  vertex.base = { kind: 'any', values, defaults: defaults.length };
  vertex.kinds = values.reduce((kinds, value) => kinds | value.deref().kinds, 0);
}

function combine(
  machine: Machine,
  vertex: Vertex,
  {
    combinations,
    disjunction,
    isLast,
    errors,
  }: {
    combinations: readonly Combination[];
    disjunction: PendingDisjunction;
    isLast: boolean;
    errors: Map<PendingChoice, Bottom>;
  },
): Combination[] {
  const tried: Tried[] = [];
  let leftDropsDefault = true;
  let rightDropsDefault = true;
  for (const left of combinations) {
    for (const right of disjunction.choices) {
      const one = tryChoice(machine, vertex, { left, right, isLast });
      if ('kind' in one) {
        errors.set(right, one);
        continue;
      }
      tried.push(one);
      if (left.mode === DEFAULT_MODE.is) leftDropsDefault = false;
      if (right.mode === DEFAULT_MODE.is) rightDropsDefault = false;
    }
  }
  return withModes(tried, { left: leftDropsDefault, right: rightDropsDefault });
}

function withModes(tried: readonly Tried[], drops: { readonly left: boolean; readonly right: boolean }): Combination[] {
  const result: Combination[] = [];
  let hasDecided = false;
  for (const one of tried) {
    const { base } = one.vertex;
    const left = drops.left ? DEFAULT_MODE.maybe : one.mode;
    if (base?.kind !== 'any') {
      const right = drops.right ? DEFAULT_MODE.maybe : one.ownMode;
      append(result, { ...one, mode: greater(left, right) });
      continue;
    }
    // A disjunction within an alternative.
    for (const inner of base.values) {
      const mode = greater(left, greater(one.ownMode, inner.mode));
      hasDecided ||= mode !== DEFAULT_MODE.maybe;
      append(result, { mode, vertex: inner.deref() });
    }
  }
  if (!hasDecided) return result;
  return result.map((one) => (one.mode === DEFAULT_MODE.maybe ? { ...one, mode: DEFAULT_MODE.not } : one));
}

function greater(a: DefaultMode, b: DefaultMode): DefaultMode {
  return a > b ? a : b;
}

/** Equal alternatives are one, and a default if any of them is. */
function append(result: Combination[], one: Combination): void {
  const same = result.findIndex(({ vertex }) => areEqualVertices(vertex, one.vertex));
  const known = result[same];
  if (known === undefined) result.push(one);
  else if (one.mode === DEFAULT_MODE.is) result[same] = { ...known, mode: one.mode };
}

function tryChoice(
  machine: Machine,
  original: Vertex,
  { left, right, isLast }: { left: Combination; right: PendingChoice; isLast: boolean },
): Tried | Bottom {
  machine.step();
  const copy = copyOf(left.vertex);
  copy.mode = left.mode;
  const savedChecks = machine.checksFields;
  const savedStandIn = original.standIn;
  machine.checksFields = savedChecks && isLast;
  original.standIn = copy;
  try {
    replay(machine, left.vertex, { target: copy });
    schedule(machine, copy, remapped(right.conjunct, remapper(original, copy)));
    copy.phase = 'waiting';
    machine.finish(copy);
  } finally {
    original.standIn = savedStandIn;
    machine.checksFields = savedChecks;
  }
  // What an alternative lacks counts against it, once all alternatives are chosen.
  const error = findError(copy) ?? (isLast ? findGap(copy) : undefined);
  if (error !== undefined) return error;
  return { mode: copy.mode, ownMode: right.mode, vertex: copy.deref() };
}

/** The first thing that is not known of a vertex or of its fields; what is in those does not count. */
function findGap(given: Vertex): Bottom | undefined {
  const vertex = given.deref();
  const [own] = vertex.errors;
  if (own !== undefined || vertex.base?.kind === 'any') return own;
  for (const arc of vertex.arcs.values()) {
    const [gap] = arc.presence === 'optional' ? [] : arc.deref().errors;
    if (gap !== undefined) return gap;
  }
  return undefined;
}

/** A vertex in the place of another one, of which nothing is said yet. */
function copyOf(original: Vertex): Vertex {
  const copy = new Vertex(original.parent, original.label, original.isRooted);
  copy.presence = original.presence;
  copy.phase = 'running';
  copy.standsForItself = true;
  copy.isClosedRecursively = original.isClosedRecursively;
  copy.isClosed = original.isClosed;
  copy.isDefinition = original.isDefinition;
  copy.hasCycle = original.hasCycle;
  copy.hasNonCycle = original.hasNonCycle;
  copy.isStruct = original.isStruct;
  copy.hasTop = original.hasTop;
  copy.mayGainField = original.mayGainField;
  copy.kinds = original.kinds;
  copy.kindsPosition = original.kindsPosition;
  copy.requirements = original.requirements.map((requirement) => ({ ...requirement }));
  copy.evidence.push(...original.evidence.map((evidence) => ({ ...evidence })));
  copy.errors.push(...original.errors.filter((error) => !isIncomplete(error)));
  return copy;
}
