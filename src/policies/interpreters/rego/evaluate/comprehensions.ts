/** Comprehensions: all solutions of a body, collected. */
import type { Term } from '../ast.ts';
import { areEqual, RegoObject, RegoSet } from '../value.ts';
import type { RegoValue } from '../value.ts';
import { planBody } from './body.ts';
import type { Program } from './program.ts';
import type { Scope } from './scope.ts';
import { planGetter } from './terms.ts';
import { conflict } from './vm.ts';
import type { Getter } from './vm.ts';

export function planComprehension(
  term: Extract<Term, { kind: 'comprehension' }>,
  outer: Scope,
  program: Program,
): Getter {
  const slot = outer.spare();
  const scope = outer.inner();
  const finish = planBody(term.body, scope, program);
  const value = planGetter(term.term, scope, program);
  if (term.key !== undefined) return planObject(term, planGetter(term.key, scope, program), value, slot, finish);
  if (term.of === 'array') {
    const body = finish((frame, vm) => {
      const found = value(frame, vm);
      if (found !== undefined) (frame[slot] as RegoValue[]).push(found);
      return false;
    });
    return (frame, vm) => {
      const collected: RegoValue[] = [];
      frame[slot] = collected;
      body(frame, vm);
      return collected;
    };
  }
  const body = finish((frame, vm) => {
    const found = value(frame, vm);
    if (found !== undefined) (frame[slot] as RegoSet).add(found);
    return false;
  });
  return (frame, vm) => {
    const collected = new RegoSet();
    frame[slot] = collected;
    body(frame, vm);
    return collected;
  };
}

function planObject(
  { at }: Term,
  key: Getter,
  value: Getter,
  slot: number,
  finish: ReturnType<typeof planBody>,
): Getter {
  const body = finish((frame, vm) => {
    const [name, found] = [key(frame, vm), value(frame, vm)];
    if (name === undefined || found === undefined) return false;
    const collected = frame[slot] as RegoObject;
    const before = collected.get(name);
    if (before !== undefined && !areEqual(before, found)) throw conflict('object keys must be unique', at);
    if (before === undefined) collected.set(name, found);
    return false;
  });
  return (frame, vm) => {
    const collected = new RegoObject();
    frame[slot] = collected;
    body(frame, vm);
    return collected;
  };
}
