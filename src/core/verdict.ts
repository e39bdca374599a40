/** allow and warn both admit; a warn carries reasons that would have denied if enforced. */
export type Outcome = 'allow' | 'warn' | 'deny';

/** One coded cause of a verdict. Codes are stable: users alert on them. */
export interface Reason {
  /** Lower-case words joined by dashes, for example `no-matching-signature`. */
  readonly code: string;
  readonly message: string;
  /** Whose rule speaks: a policy's name, or `policy/authority`. */
  readonly rule?: string;
  /** The step of a specification at which it came up: `time`, `certificate`, `log`, `signature`, `artifact`. */
  readonly step?: string;
  /** What it is about: an image reference, a place in an object. */
  readonly subject?: string;
  readonly expected?: string;
  readonly found?: string;
  /** What would turn the answer. */
  readonly fix?: string;
}

export interface Verdict {
  readonly outcome: Outcome;
  /** All reasons, not only the first. An allow says what satisfied it. */
  readonly reasons: readonly Reason[];
}

const RANK: Readonly<Record<Outcome, number>> = { allow: 0, warn: 1, deny: 2 };

/** AND over verdicts: the strictest outcome, all reasons. Of no verdicts at all nothing can be said, so it denies. */
export function combineVerdicts(verdicts: readonly Verdict[]): Verdict {
  if (verdicts.length === 0) {
    return { outcome: 'deny', reasons: [{ code: 'nothing-decided', message: 'no rule gave a verdict' }] };
  }
  let outcome: Outcome = 'allow';
  for (const verdict of verdicts) if (RANK[verdict.outcome] > RANK[outcome]) outcome = verdict.outcome;
  return { outcome, reasons: verdicts.flatMap((verdict) => verdict.reasons) };
}
