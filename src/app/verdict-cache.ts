/**
 * Verdicts that may be used again: by the image's name and digest, the policies that apply and all that they name, whom is believed, the
 * namespace, and whatever of the object a policy looks at. Never by tag alone. Only what was allowed is kept: a denial must be looked at
 * again, since evidence may have come.
 */
import { digestOf } from '../core/index.ts';
import type { Digest, Verdict } from '../core/index.ts';
import type { Policy, SubjectObject } from '../policies/index.ts';

/** Of one verdict some hundred bytes are kept. */
const MAX_KEPT = 10_000;

export interface VerdictCache {
  find(key: string, now: Date): Verdict | undefined;
  keep(key: string, verdict: Verdict, now: Date): void;
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
  const kept = new Map<string, { readonly verdict: Verdict; readonly until: number }>();
  return {
    find: (key, now) => {
      const found = kept.get(key);
      if (found === undefined) return undefined;
      if (now.getTime() < found.until) return found.verdict;
      kept.delete(key);
      return undefined;
    },
    keep: (key, verdict, now) => {
      if (verdict.outcome !== 'allow' || reuseFor === 0) return;
      kept.delete(key);
      kept.set(key, { verdict, until: now.getTime() + reuseFor });
      for (const oldest of kept.keys()) {
        if (kept.size <= MAX_KEPT) break;
        kept.delete(oldest);
      }
    },
  };
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
