/** An object that rules build together, entry by entry. */
import type { Place } from '../fault.ts';
import { areEqual, RegoObject, RegoSet } from '../value.ts';
import type { RegoValue } from '../value.ts';
import { conflict } from './vm.ts';
import type { Vm } from './vm.ts';

/** Adds what a rule defines, below a path. */
export type Fill = (extent: Extent, prefix: readonly RegoValue[], vm: Vm) => void;

export class Extent {
  readonly object = new RegoObject();
  /** Objects and sets that were made here, and are not values of rules: only these may grow. */
  readonly #own = new Set<RegoValue>([this.object]);

  /** Each place has one value; where `isMulti`, one set that takes all. */
  add(path: readonly RegoValue[], value: RegoValue, isMulti: boolean, at: Place | undefined): void {
    const parent = this.ensure(path.slice(0, -1), at);
    const last = path.at(-1) as RegoValue;
    const before = parent.get(last);
    if (isMulti) {
      const members = before === undefined ? this.#make(new RegoSet()) : before;
      if (!(members instanceof RegoSet) || !this.#own.has(members)) throw conflict('object keys must be unique', at);
      members.add(value);
      parent.set(last, members);
    } else if (before === undefined) parent.set(last, value);
    else if (this.#own.has(before) || !areEqual(before, value)) throw conflict('object keys must be unique', at);
  }

  /** The object at a path, made where there is none. */
  ensure(path: readonly RegoValue[], at: Place | undefined): RegoObject {
    let object = this.object;
    for (const key of path) {
      const before = object.get(key);
      const next = before === undefined ? this.#make(new RegoObject()) : before;
      if (!(next instanceof RegoObject) || !this.#own.has(next)) throw conflict('object keys must be unique', at);
      object.set(key, next);
      object = next;
    }
    return object;
  }

  /** A set that may be empty, at a path. */
  ensureSet(path: readonly RegoValue[], at: Place | undefined): void {
    const parent = this.ensure(path.slice(0, -1), at);
    const last = path.at(-1) as RegoValue;
    if (parent.get(last) === undefined) parent.set(last, this.#make(new RegoSet()));
  }

  #make<T extends RegoValue>(value: T): T {
    this.#own.add(value);
    return value;
  }
}
