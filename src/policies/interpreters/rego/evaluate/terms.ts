/** Terms as functions: those that give a value, and patterns that a value is held against. */
import type { Term } from '../ast.ts';
import { fault } from '../fault.ts';
import { areEqual, isArray, RegoObject, RegoSet } from '../value.ts';
import type { RegoValue } from '../value.ts';
import { varsOf } from '../walk.ts';
import { planComprehension } from './comprehensions.ts';
import { planRefGetter } from './refs.ts';
import type { Program } from './program.ts';
import type { Scope } from './scope.ts';
import type { Getter, Matcher } from './vm.ts';

/** True where all variables are bound: then the term has at most one value. Comprehensions bind their own. */
export function isReady(term: Term, scope: Scope): boolean {
  for (const name of varsOf(term, { skipClosures: true, skipCallHeads: true })) {
    if (name !== 'input' && name !== 'data' && !scope.isBound(name)) return false;
  }
  return true;
}

export function planGetter(term: Term, scope: Scope, program: Program): Getter {
  switch (term.kind) {
    case 'value': {
      const { value } = term;
      return () => value;
    }
    case 'var': {
      const slot = scope.slot(term.name);
      return (frame) => frame[slot];
    }
    case 'ref':
      return planRefGetter(term, scope, program);
    case 'array':
      return planArray(term.items, scope, program);
    case 'set': {
      const items = planArray(term.items, scope, program);
      if (isConstant(term)) return constant(RegoSet.of(items([], program.idle) as RegoValue[]));
      return (frame, vm) => {
        const found = items(frame, vm);
        return isArray(found) ? RegoSet.of(found) : undefined;
      };
    }
    case 'object':
      return planObject(term, scope, program);
    case 'comprehension':
      return planComprehension(term, scope, program);
    case 'call':
    case 'template':
      throw fault('eval_internal_error', `${term.kind} was not expanded`, term.at);
  }
}

function constant(value: RegoValue): Getter {
  return () => value;
}

function isConstant(term: Term): boolean {
  switch (term.kind) {
    case 'value':
      return true;
    case 'array':
    case 'set':
      return term.items.every(isConstant);
    case 'object':
      return term.entries.flat().every(isConstant);
    case 'var':
    case 'ref':
    case 'comprehension':
    case 'call':
    case 'template':
      return false;
  }
}

/** The value of a term that holds neither variables nor references, or undefined. */
export function constantOf(term: Term, scope: Scope, program: Program): RegoValue | undefined {
  return isConstant(term) ? planGetter(term, scope, program)([], program.idle) : undefined;
}

function planArray(terms: readonly Term[], scope: Scope, program: Program): Getter {
  const items = terms.map((term) => planGetter(term, scope, program));
  const make: Getter = (frame, vm) => {
    const found: RegoValue[] = [];
    for (const item of items) {
      const value = item(frame, vm);
      if (value === undefined) return undefined;
      found.push(value);
    }
    return found;
  };
  return terms.every(isConstant) ? constant(make([], program.idle) as RegoValue) : make;
}

function planObject(term: Extract<Term, { kind: 'object' }>, scope: Scope, program: Program): Getter {
  const keys = term.entries.map(([key]) => planGetter(key, scope, program));
  const values = term.entries.map(([, value]) => planGetter(value, scope, program));
  const make: Getter = (frame, vm) => {
    const made = new RegoObject();
    for (const [i, getKey] of keys.entries()) {
      const key = getKey(frame, vm);
      const value = values[i]?.(frame, vm);
      if (key === undefined || value === undefined) return undefined;
      made.set(key, value);
    }
    return made;
  };
  return isConstant(term) ? constant(make([], program.idle) as RegoValue) : make;
}

/** Plans a pattern and counts its variables as bound. References and calls do not stand in patterns. */
export function planMatcher(term: Term, scope: Scope, program: Program): Matcher {
  if (term.kind === 'var' && !scope.isBound(term.name)) {
    const slot = scope.bind(term.name);
    return (value, frame) => {
      frame[slot] = value;
      return true;
    };
  }
  if (isReady(term, scope)) {
    const get = planGetter(term, scope, program);
    return (value, frame, vm) => {
      const found = get(frame, vm);
      return found !== undefined && areEqual(found, value);
    };
  }
  if (term.kind === 'array') return planArrayMatcher(term.items, scope, program);
  if (term.kind === 'object') return planObjectMatcher(term, scope, program);
  throw fault('rego_unsafe_var_error', 'expression is unsafe', term.at);
}

function planArrayMatcher(items: readonly Term[], scope: Scope, program: Program): Matcher {
  const matchers = items.map((item) => planMatcher(item, scope, program));
  return (value, frame, vm) => {
    if (!isArray(value) || value.length !== matchers.length) return false;
    return matchers.every((matcher, i) => matcher(value[i] as RegoValue, frame, vm));
  };
}

function planObjectMatcher(term: Extract<Term, { kind: 'object' }>, scope: Scope, program: Program): Matcher {
  const keys = term.entries.map(([key]) => planGetter(key, scope, program));
  const matchers = term.entries.map(([, value]) => planMatcher(value, scope, program));
  return (value, frame, vm) => {
    if (!(value instanceof RegoObject) || value.size !== keys.length) return false;
    return keys.every((getKey, i) => {
      const key = getKey(frame, vm);
      const entry = key === undefined ? undefined : value.get(key);
      return entry !== undefined && matchers[i]?.(entry, frame, vm) === true;
    });
  };
}
