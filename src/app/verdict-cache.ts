/**
 * Verdicts that may be used again: by the image's name and digest, the policies that apply and all that they name, whom is believed, the
 * namespace, and whatever of the object a policy looks at. Never by tag alone. Only what was allowed is kept: a denial must be looked at
 * again, since evidence may have come. One that is in use is judged anew before it ends, off the path of reviews.
 */
import { digestOf } from '../core/index.ts';
import type { Digest, Verdict } from '../core/index.ts';
import type { Policy, SubjectObject } from '../policies/index.ts';

/** Of one verdict some hundred bytes are kept. */
const MAX_KEPT = 10_000;
/** The last part of a verdict's time, in which it is judged anew: between one and two fifths, so that not all come at once. */
const LAST_PART = 0.2;
/** Judged anew at the same time; what finds no place waits for the next review that uses it. */
const MAX_RENEWING = 8;

export interface VerdictCache {
  find(key: string, now: Date): Verdict | undefined;
  keep(key: string, verdict: Verdict, now: Date): void;
  /**
   * To be called when a verdict is used: judges it anew if it ends soon. One that no longer allows is forgotten; where judging fails, the
   * verdict holds until its end and is not tried again.
   */
  renew(key: string, now: Date, judge: () => Promise<Verdict>): void;
}

export interface VerdictMatter {
  readonly image: string;
  readonly digest: Digest;
  readonly object: SubjectObject;
  /** Those that apply. */
  readonly policies: readonly Policy[];
  /** Changes with whom is believed. */
  readonly epoch: string;
}

/** `reuseFor` in milliseconds; conditions may depend on the time, so it is short. */
export function createVerdictCache(reuseFor: number): VerdictCache {
  const kept = new Map<string, Kept>();
  let renewing = 0;
  const cache: VerdictCache = {
    find: (key, now) => {
      const found = kept.get(key);
      if (found === undefined) return undefined;
      if (now.getTime() < found.until) return found.verdict;
      kept.delete(key);
      return undefined;
    },
    keep: (key, verdict, now) => {
      kept.delete(key);
      if (verdict.outcome !== 'allow' || reuseFor === 0) return;
      const until = now.getTime() + reuseFor;
      // a copy has no room to grow
      const small = { ...verdict, reasons: [...verdict.reasons] };
      kept.set(key, {
        verdict: small,
        until,
        renewAt: until - reuseFor * LAST_PART * (1 + spreadOf(key)),
        isRenewed: false,
      });
      for (const oldest of kept.keys()) {
        if (kept.size <= MAX_KEPT) break;
        kept.delete(oldest);
      }
    },
    renew: (key, now, judge) => {
      const entry = kept.get(key);
      if (entry === undefined || entry.isRenewed || now.getTime() < entry.renewAt || renewing >= MAX_RENEWING) return;
      entry.isRenewed = true;
      renewing += 1;
      judge()
        .then(
          (verdict) => cache.keep(key, verdict, now),
          // whoever asks when it has ended is told why
          () => undefined,
        )
        .finally(() => (renewing -= 1));
    },
  };
  return cache;
}

interface Kept {
  readonly verdict: Verdict;
  /** Milliseconds of the epoch, both. */
  readonly until: number;
  readonly renewAt: number;
  isRenewed: boolean;
}

/** Between 0 and 1, of the end of a digest. */
function spreadOf(key: string): number {
  return Number.parseInt(key.slice(-2), 16) / 255;
}

/** The same for two questions that must have one answer. */
export function verdictKey({ image, digest, object, policies, epoch }: VerdictMatter): string {
  const { namespace = '' } = object;
  return digestOf(JSON.stringify([image, digest, namespace, epoch, questionOf(policies, object)]));
}

/** What is asked of an object, as JSON: policies, and whatever of it they look at. */
export function questionOf(policies: readonly Policy[], { document }: SubjectObject): unknown {
  return policies.map(({ name, version, mode, overall }) => {
    const { spec = false, objectMeta = false, typeMeta = false } = overall?.includes ?? {};
    const seen = [
      spec ? document.spec : null,
      objectMeta ? document.metadata : null,
      typeMeta ? [document.apiVersion, document.kind] : null,
    ];
    return [name, version, mode, seen];
  });
}
