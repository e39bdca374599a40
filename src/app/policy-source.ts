/** Where the admission service has its policies from: it is asked for each review, so what changes counts from the next one on. */
import type { Policy } from '../policies/index.ts';
import type { Exception } from './exceptions.ts';

export type NoMatch = 'deny' | 'warn' | 'allow';

export interface PolicySet {
  readonly policies: readonly Policy[];
  /** Verdict for an image that no policy speaks of. */
  readonly noMatch: NoMatch;
  readonly exceptions: readonly Exception[];
}

export interface PolicySource {
  readonly current: PolicySet;
  /** Where exceptions are kept; undefined where there are none. */
  readonly namespace: string | undefined;
  /** Undefined when policies are at hand; else why every review is denied. */
  readonly fault: string | undefined;
  /** Policies that deny all that they speak of because they cannot be used. */
  readonly faults: number;
  /** When what is held was last known to be what the source has. */
  readonly confirmed: Date;
  close(): Promise<void>;
}
