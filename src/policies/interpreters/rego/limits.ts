/** What one evaluation may take. */
export interface RegoLimits {
  /** Elements looked at, rules and functions run. A large SBOM under a slow policy takes some hundred thousand. */
  readonly maxSteps: number;
  /** Elements of one collection, and characters of one string, that a built-in function makes. */
  readonly maxSize: number;
}

export const DEFAULT_LIMITS: RegoLimits = { maxSteps: 20_000_000, maxSize: 4 * 1024 * 1024 };
