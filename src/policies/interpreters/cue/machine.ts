/**
 * Evaluation of a tree of vertices: what is said of each is taken apart, its tasks run until they need nothing more, its disjunctions are
 * decided, then all below it is. It is lazy and has no order but what values need of each other; what needs a value that is still being
 * computed waits, and is forced when nothing else is left to do.
 */
import { AppError } from '../../../core/index.ts';
import { isRegular } from './ast.ts';
import type { Label } from './ast.ts';
import { findForbidden } from './closedness.ts';
import { resolveDisjunctions } from './disjunctions.ts';
import { describeOpen } from './insert.ts';
import { checkValue } from './operators.ts';
import { insertList, schedule } from './schedule.ts';
import type { Source } from './refusal.ts';
import { runTask } from './tasks.ts';
import { formatValue } from './format.ts';
import { isIncomplete, isScalar, KIND, kindsOf } from './values.ts';
import type { Bottom, ErrorCode, Value } from './values.ts';
import { formatLabel, NO_PROVENANCE, pathOf, Vertex } from './vertex.ts';
import type { Base, Conjunct } from './vertex.ts';

/** Ceiling of the conjuncts, values and tries of one evaluation, some seconds of work: a disjunction of disjunctions grows exponentially. */
const MAX_STEPS = 1_000_000;
/** Ceiling of values that need each other: far below the end of the stack. */
const MAX_NESTED = 400;
/** Ceiling of errors of one vertex: more tell nothing. */
const MAX_ERRORS = 50;

export class Machine {
  readonly source: Source;
  /** Whether what waits for a value that is being computed fails instead. */
  isForced = false;
  /** Whether closed structs are checked: not while a disjunct is tried that is not whole yet. */
  checksFields = true;
  private steps = 0;
  private nested = 0;

  constructor(source: Source) {
    this.source = source;
  }

  step(): void {
    this.steps += 1;
    if (this.steps > MAX_STEPS) throw this.refuse(`expected at most ${MAX_STEPS} steps of evaluation`);
  }

  refuse(message: string): AppError {
    return new AppError('invalid-input', `${this.source.name}: ${message}`);
  }

  tooLate(vertex: Vertex): AppError {
    return this.refuse(
      `${pathOf(vertex) || 'the policy'} gains a part after its value was used, which is not supported`,
    );
  }

  bottom(vertex: Vertex, message: string, positions: readonly number[], code: ErrorCode = 'eval'): Bottom {
    return { kind: 'bottom', code, message, path: pathOf(vertex), positions: positions.filter((pos) => pos >= 0) };
  }

  fail(vertex: Vertex, message: string, positions: readonly number[], code?: ErrorCode): void {
    this.addError(vertex, this.bottom(vertex, message, positions, code));
  }

  addError(vertex: Vertex, error: Bottom): void {
    if (vertex.errors.length < MAX_ERRORS && !vertex.errors.includes(error)) vertex.errors.push(error);
  }

  /** For a value that is being computed, or that waits for one. */
  blocked(vertex: Vertex): Bottom {
    return this.bottom(vertex, 'cycle: a value needs itself', [], 'blocked');
  }

  /** For what needs a required field that is not there. */
  missing(vertex: Vertex): Bottom {
    return this.bottom(vertex, 'a required field is missing', [], 'incomplete');
  }

  /** For a value of another kind; it may still become one of these where it is open. */
  mistyped(
    vertex: Vertex,
    { value, kinds, pos }: { value: Value; kinds: readonly (keyof typeof KIND)[]; pos: number },
  ): Bottom {
    const wanted = kinds.reduce((mask, kind) => mask | KIND[kind], 0);
    const mayBecome = !isScalar(value) && value.kind !== 'vertex' && (kindsOf(value) & wanted) !== 0;
    const message = `expected ${kinds.join(' or ')}, found ${formatValue(value)}`;
    return this.bottom(vertex, message, [pos], mayBecome ? 'incomplete' : 'eval');
  }

  /** A list of these, as an expression would make it. */
  listOf(elements: readonly Value[]): Vertex {
    const list = new Vertex(undefined, '', false);
    const conjuncts = elements.map((value): Conjunct => ({ value, pos: -1, from: NO_PROVENANCE }));
    list.standsForItself = true;
    list.phase = 'waiting';
    list.kinds = KIND.list;
    insertList(this, list, { elements: conjuncts, rest: undefined }, NO_PROVENANCE);
    this.force(list);
    return list;
  }

  /** Brings a vertex to where its own value and its fields are known; false where that has to wait. */
  complete(given: Vertex): boolean {
    const vertex = given.deref();
    if (vertex.isComplete) return true;
    if (vertex.phase === 'running') return false;
    const { parent } = vertex;
    if (vertex.isRooted && parent !== undefined && parent.phase !== 'running') this.complete(parent);
    if (vertex.isComplete) return true;
    const isFirst = vertex.phase === 'new';
    vertex.phase = 'running';
    this.deepen();
    if (isFirst) for (const conjunct of vertex.conjuncts.slice()) schedule(this, vertex, conjunct);
    const isDone = this.work(vertex);
    vertex.phase = isDone ? 'complete' : 'waiting';
    this.nested -= 1;
    return isDone;
  }

  /** The same, whatever it takes. */
  force(vertex: Vertex): void {
    this.withForce(true, () => this.complete(vertex));
  }

  withForce<T>(isForced: boolean, work: () => T): T {
    const saved = this.isForced;
    this.isForced = isForced;
    try {
      return work();
    } finally {
      this.isForced = saved;
    }
  }

  private deepen(): void {
    this.step();
    this.nested += 1;
    if (this.nested > MAX_NESTED) throw this.refuse(`expected at most ${MAX_NESTED} values that need each other`);
  }

  private work(vertex: Vertex): boolean {
    for (;;) {
      this.runTasks(vertex);
      if (!this.isForced && (vertex.tasks.length > 0 || !this.isFieldSetKnown(vertex))) return false;
      if (vertex.disjunctions.length > 0) {
        resolveDisjunctions(this, vertex);
        return true;
      }
      const [task] = vertex.tasks;
      if (task === undefined) break;
      vertex.tasks.shift();
      runTask(this, vertex, task);
    }
    settle(this, vertex);
    return true;
  }

  private runTasks(vertex: Vertex): void {
    this.withForce(false, () => {
      for (let hasProgress = true; hasProgress && vertex.tasks.length > 0;) {
        hasProgress = false;
        const tasks = vertex.tasks;
        vertex.tasks = [];
        for (const task of tasks) {
          this.step();
          if (runTask(this, vertex, task)) hasProgress = true;
          else vertex.tasks.push(task);
        }
      }
    });
  }

  /** Whether nobody can say more of it. */
  private isFieldSetKnown(vertex: Vertex): boolean {
    if (vertex.isRooted && vertex.parent !== undefined && !vertex.parent.isComplete) return false;
    vertex.awaits = vertex.awaits.filter((parent) => !this.complete(parent));
    return vertex.awaits.length === 0;
  }

  /** Brings a vertex and all below it to where nothing is left to do. */
  finish(given: Vertex): void {
    this.force(given);
    const vertex = given.deref();
    if (vertex.phase === 'final' || vertex.phase === 'finishing' || !vertex.isComplete) return;
    vertex.phase = 'finishing';
    this.deepen();
    if (vertex.base?.kind !== 'any') this.finishArcs(vertex);
    vertex.phase = 'final';
    this.nested -= 1;
  }

  private finishArcs(vertex: Vertex): void {
    for (const arc of vertex.arcs.values()) {
      if (arc.presence === 'optional') continue;
      this.finish(arc);
      vertex.childError ??= findError(arc);
      if ((vertex.kinds & KIND.struct) !== 0 || !isRegular(arc.label)) continue;
      if (vertex.errors.some((error) => !isIncomplete(error))) continue;
      this.fail(vertex, `field ${formatLabel(arc.label)} of a value that is no struct`, []);
    }
    if (vertex.errors.length > 0) return;
    if (this.checksFields) {
      for (const label of findForbidden(vertex)) this.forbid(vertex, label);
    }
    if (vertex.base?.kind !== 'struct' && vertex.base?.kind !== 'list') return;
    for (const check of [vertex.lower, vertex.upper, ...vertex.checks]) {
      if (check === undefined) continue;
      if (vertex.childError !== undefined) {
        // No function looks at a value that has an error, be it in a required field that is not there.
        this.addError(vertex, vertex.childError);
        return;
      }
      const error = checkValue(this, vertex, check, vertex);
      if (error !== undefined) this.addError(vertex, error);
    }
  }

  private forbid(vertex: Vertex, label: Label): void {
    const arc = vertex.arcs.get(label);
    if (arc === undefined) return;
    this.fail(arc.deref(), `field not allowed: ${formatLabel(label)}`, []);
    vertex.childError ??= findError(arc);
  }
}

/** The first failure of a vertex or of what is below it. */
export function findError(given: Vertex): Bottom | undefined {
  const vertex = given.deref();
  return vertex.errors.find((error) => !isIncomplete(error)) ?? vertex.childError;
}

/** Decides the value of a vertex of which everything is said. */
function settle(machine: Machine, vertex: Vertex): void {
  if (vertex.isDefinition && (vertex.hasStructLiteral || !vertex.hasTop)) vertex.isClosedRecursively = true;
  if (vertex.hasCycle && !vertex.hasNonCycle) {
    machine.fail(vertex, 'structural cycle', [], 'structural');
    vertex.arcs.clear();
    return;
  }
  if (vertex.errors.some((error) => !isIncomplete(error))) return;
  vertex.base = baseOf(vertex);
  const { scalar } = vertex;
  if (scalar === undefined || vertex.base !== scalar) return;
  for (const check of [vertex.lower, vertex.upper, ...vertex.checks]) {
    const error = check === undefined ? undefined : checkValue(machine, vertex, check, scalar);
    if (error !== undefined) machine.addError(vertex, error);
  }
}

function baseOf(vertex: Vertex): Base {
  if (vertex.scalar !== undefined) return vertex.scalar;
  if (vertex.shapes.length > 0) return { kind: 'list' };
  const isStruct = vertex.isStruct || (vertex.hasStructLiteral && isLikelyStruct(vertex));
  return isStruct ? { kind: 'struct' } : describeOpen(vertex);
}

function isLikelyStruct({ kinds, hasTop, arcs, mayGainField }: Vertex): boolean {
  if (mayGainField) return true;
  if ((kinds & KIND.struct) === 0) return false;
  return !hasTop || [...arcs].some(([label, arc]) => label.startsWith('.') && arc.presence !== 'optional');
}
