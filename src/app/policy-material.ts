/**
 * What policies rest on and others keep: trusted roots, public keys of key services, texts from elsewhere. A server refreshes it in the
 * background, from time to time and not all replicas at once, so that no review waits for any of it. What cannot be had anew is used on
 * while it is good: roots until their metadata expires, keys for a day; a text is good for ever, since policies name its digest.
 */
import { createHash } from 'node:crypto';
import { toAppError } from '../core/index.ts';
import type { Ports } from '../core/index.ts';
import { describeNeed } from '../policies/index.ts';
import type { Need } from '../policies/index.ts';
import type { TrustFault } from './kept-roots.ts';
import { bringResources } from './policy-resources.ts';
import { createPolicySigners } from './policy-signers.ts';
import type { PolicySigners } from './policy-signers.ts';

export interface PolicyMaterial {
  readonly signers: PolicySigners;
  /** By description. Throws what fetching throws. */
  bring(needs: readonly Need[]): Promise<ReadonlyMap<string, string>>;
}

export interface KeptMaterial extends PolicyMaterial {
  /** Another number when something that was brought is not what it was: policies are to be compiled anew. */
  readonly stamp: number;
  /** What is not up to date. */
  readonly faults: readonly TrustFault[];
  /** When all was looked at last. */
  readonly confirmed: Date;
  /** To be called when `stamp` or `faults` have changed. */
  subscribe(listener: () => void): void;
  /** Looks at what is due now. */
  refresh(): Promise<void>;
  close(): void;
}

/** Milliseconds between two looks for what is due; each replica takes its own time between half and all of it. */
const LOOK_MS = 60_000;
/** Milliseconds after which a key is asked for again; keys are rotated by hand or once in some months. */
const KEY_DUE_MS = 60 * 60 * 1000;
/** Milliseconds for which a key is used that its service does not confirm. */
const MAX_KEY_AGE_MS = 24 * 60 * 60 * 1000;
/** Ceiling of keys and texts: far more than policies name. */
const MAX_KEPT = 1000;

/** For one run: all is asked for when it is needed. */
export function openMaterial(ports: Ports): PolicyMaterial {
  return { signers: createPolicySigners(ports), bring: async (needs) => await bringResources(ports, needs) };
}

/** `look`: milliseconds between two looks for what is due. */
export function keepMaterial(ports: Ports, look = LOOK_MS): KeptMaterial {
  return new Kept(ports, look);
}

interface Brought {
  readonly need: Need;
  readonly text: string;
  /** Milliseconds of the epoch. */
  readonly confirmed: number;
  readonly due: number;
  readonly fault?: string;
}

class Kept implements KeptMaterial {
  stamp = 0;
  faults: readonly TrustFault[] = [];
  confirmed: Date;
  readonly signers: PolicySigners;
  readonly #ports: Ports;
  readonly #look: number;
  readonly #brought = new Map<string, Brought>();
  readonly #listeners: (() => void)[] = [];
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(ports: Ports, look: number) {
    this.#ports = ports;
    this.#look = look;
    this.confirmed = ports.clock();
    this.signers = createPolicySigners(ports, { isRefreshed: true });
    this.#schedule();
  }

  subscribe(listener: () => void): void {
    this.#listeners.push(listener);
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  async bring(needs: readonly Need[]): Promise<ReadonlyMap<string, string>> {
    const missing = needs.filter((need) => !this.#brought.has(describeNeed(need)));
    const found = await bringResources(this.#ports, missing);
    for (const need of missing) {
      const text = found.get(describeNeed(need));
      if (text !== undefined && isWhatItSays(need, text)) this.#keep(need, text);
    }
    const known = needs.flatMap((need): readonly (readonly [string, string])[] => {
      const entry = this.#brought.get(describeNeed(need));
      return entry === undefined ? [] : [[describeNeed(need), entry.text]];
    });
    return new Map([...known, ...found]);
  }

  async refresh(): Promise<void> {
    const before = [this.stamp, JSON.stringify(this.faults)];
    const now = this.#ports.clock().getTime();
    const due = [...this.#brought.values()].filter((entry) => now >= entry.due);
    const [roots] = await Promise.all([this.signers.refresh(), ...due.map((entry) => this.#refreshOne(entry, now))]);
    const keys = [...this.#brought].flatMap(([what, { fault: message, confirmed }]) =>
      message === undefined ? [] : [{ what, message, until: new Date(confirmed + MAX_KEY_AGE_MS) }],
    );
    this.faults = [...roots, ...keys];
    this.confirmed = this.#ports.clock();
    const after = [this.stamp, JSON.stringify(this.faults)];
    if (after.join() === before.join()) return;
    for (const { what, message, until } of this.faults)
      this.#ports.log.warn('material-not-refreshed', { what, message, until: until?.toISOString() });
    for (const listener of this.#listeners) listener();
  }

  /** One that its service does not have any more, or has not confirmed for too long, is forgotten: who needs it asks, and is told why. */
  async #refreshOne({ need, text, confirmed }: Brought, now: number): Promise<void> {
    const name = describeNeed(need);
    try {
      const found = (await bringResources(this.#ports, [need])).get(name);
      if (found === undefined) return;
      if (found !== text) this.stamp += 1;
      this.#keep(need, found);
    } catch (error) {
      const { kind, message } = toAppError(error);
      if (kind === 'unavailable' && now - confirmed < MAX_KEY_AGE_MS)
        this.#brought.set(name, { need, text, confirmed, due: now, fault: message });
      else {
        this.#brought.delete(name);
        this.stamp += 1;
      }
    }
  }

  #keep(need: Need, text: string): void {
    const confirmed = this.#ports.clock().getTime();
    const due = need.kind === 'kms' ? confirmed + KEY_DUE_MS * (0.75 + this.#chance() / 2) : Infinity;
    const name = describeNeed(need);
    this.#brought.delete(name);
    this.#brought.set(name, { need, text, confirmed, due });
    for (const oldest of this.#brought.keys()) {
      if (this.#brought.size <= MAX_KEPT) break;
      this.#brought.delete(oldest);
    }
  }

  #schedule(): void {
    const wait = this.#look * (0.5 + this.#chance() / 2);
    this.#timer = setTimeout(() => {
      void this.refresh()
        .catch((error: unknown) => {
          this.#ports.log.warn('material-not-refreshed', { message: toAppError(error).message });
        })
        .finally(() => this.#isClosed || this.#schedule());
    }, wait).unref();
  }

  /** Between 0 and 1. */
  #chance(): number {
    return (this.#ports.random(1)[0] ?? 0) / 255;
  }
}

/** A text that is not the one that was asked for is no policy's: it is asked for again. */
function isWhatItSays(need: Need, text: string): boolean {
  return need.kind !== 'remote' || createHash('sha256').update(text).digest('hex') === need.sha256.toLowerCase();
}
