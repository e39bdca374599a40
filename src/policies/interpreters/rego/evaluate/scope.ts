/** Variables of one rule while it is planned: their places in a frame, and which are bound at this point. */
export class Scope {
  readonly #slots: Map<string, number>;
  readonly #bound: Set<string>;

  /** Place 0 of each frame is the rule's result. */
  constructor(slots = new Map<string, number>([['', 0]]), bound: Iterable<string> = []) {
    this.#slots = slots;
    this.#bound = new Set(bound);
  }

  /** For a body that sees what is bound here, and binds nothing outside. */
  inner(): Scope {
    return new Scope(this.#slots, this.#bound);
  }

  slot(name: string): number {
    let slot = this.#slots.get(name);
    if (slot === undefined) this.#slots.set(name, (slot = this.#slots.size));
    return slot;
  }

  /** A place that no variable has. */
  spare(): number {
    return this.slot(`\0${this.#slots.size}`);
  }

  isBound(name: string): boolean {
    return this.#bound.has(name);
  }

  bind(name: string): number {
    this.#bound.add(name);
    return this.slot(name);
  }

  get size(): number {
    return this.#slots.size;
  }
}
