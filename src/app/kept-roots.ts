/**
 * Trusted roots at hand. One that is due is looked at anew: by who needs it, or, where somebody calls `refresh` from time to time, by
 * that alone, so that no review waits. One that cannot be had anew is believed until its metadata expires, as a TUF client may.
 */
import { toAppError } from '../core/index.ts';
import type { Clock } from '../core/index.ts';
import type { TrustedRoot } from '../trust/index.ts';

export interface OpenedRoot {
  /** Undefined where nothing is configured. */
  readonly root: TrustedRoot | undefined;
  /** Equal only for the same root. */
  readonly content: string;
  /** Milliseconds of the epoch: when it is looked at again, and until when it may be believed. */
  readonly due: number;
  readonly expires: number;
  /** Metadata of a repository elsewhere: no update may go back behind it. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** Why it is not up to date. */
  readonly fault?: string;
}

export type OpenRoot = (previous: OpenedRoot | undefined) => Promise<OpenedRoot>;

/** Something that is used on although it could not be had anew. */
export interface TrustFault {
  readonly what: string;
  readonly message: string;
  /** Until when it is; absent where it is used no more. */
  readonly until?: Date;
}

export interface RootName {
  readonly key: string;
  /** For messages. */
  readonly what: string;
}

interface Kept {
  readonly name: RootName;
  readonly open: OpenRoot;
  opened: OpenedRoot;
  fault: string | undefined;
  used: number;
}

/** Milliseconds after which one that could not be had is tried again. */
const RETRY_MS = 5 * 60 * 1000;
/** One that nobody has asked for in this time is not refreshed any more. */
const UNUSED_MS = 24 * 60 * 60 * 1000;
/** Few clusters have more than two. */
const MAX_KEPT = 64;

export class KeptRoots {
  readonly #clock: Clock;
  readonly #isRefreshed: boolean;
  readonly #onChange: () => void;
  readonly #kept = new Map<string, Kept>();
  readonly #opening = new Map<string, Promise<OpenedRoot>>();

  /** `isRefreshed`: somebody calls `refresh`. `onChange` hears of each that is not what it was. */
  constructor(clock: Clock, isRefreshed: boolean, onChange: () => void) {
    this.#clock = clock;
    this.#isRefreshed = isRefreshed;
    this.#onChange = onChange;
  }

  /** Throws what opening throws. */
  async get(name: RootName, open: OpenRoot): Promise<TrustedRoot | undefined> {
    const now = this.#clock().getTime();
    const known = this.#kept.get(name.key);
    if (known !== undefined) known.used = now;
    if (known !== undefined && now < (this.#isRefreshed ? known.opened.expires : known.opened.due))
      return known.opened.root;
    try {
      return (await this.#open(name, open)).root;
    } catch (error) {
      const isBelieved = known !== undefined && now < known.opened.expires;
      if (!isBelieved || toAppError(error).kind !== 'unavailable') throw error;
      known.opened = { ...known.opened, due: Math.min(now + RETRY_MS, known.opened.expires) };
      return known.opened.root;
    }
  }

  /** Looks at those that are due. Gives all that are not up to date. */
  async refresh(): Promise<readonly TrustFault[]> {
    const now = this.#clock().getTime();
    await Promise.all(
      [...this.#kept.values()].map(async (kept) => {
        if (now - kept.used > UNUSED_MS) this.#kept.delete(kept.name.key);
        else if (now >= kept.opened.due) await this.#refreshOne(kept, now);
      }),
    );
    return [...this.#kept.values()].flatMap(({ name: { what }, opened, fault = opened.fault }) => {
      if (fault === undefined) return [];
      return [{ what, message: fault, ...(now < opened.expires ? { until: new Date(opened.expires) } : {}) }];
    });
  }

  async #refreshOne(kept: Kept, now: number): Promise<void> {
    try {
      await this.#open(kept.name, kept.open);
    } catch (error) {
      kept.fault = toAppError(error).message;
      kept.opened = { ...kept.opened, due: now + RETRY_MS };
    }
  }

  /** Whoever asks meanwhile waits for the same. */
  async #open(name: RootName, open: OpenRoot): Promise<OpenedRoot> {
    const opening = this.#opening.get(name.key) ?? open(this.#kept.get(name.key)?.opened);
    this.#opening.set(name.key, opening);
    try {
      const opened = await opening;
      this.#keep(name, open, opened);
      return opened;
    } finally {
      this.#opening.delete(name.key);
    }
  }

  #keep(name: RootName, open: OpenRoot, opened: OpenedRoot): void {
    const known = this.#kept.get(name.key);
    const isOther = known !== undefined && known.opened.content !== opened.content;
    const used = known?.used ?? this.#clock().getTime();
    this.#kept.delete(name.key);
    this.#kept.set(name.key, { name, open, opened, fault: undefined, used });
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= MAX_KEPT) break;
      this.#kept.delete(oldest);
    }
    if (isOther) this.#onChange();
  }
}
