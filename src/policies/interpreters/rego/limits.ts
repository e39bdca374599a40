/** What one evaluation may take. */
export interface RegoLimits {
  /** Elements looked at, rules and functions run, and what these read and make by its size. A large SBOM under a slow policy takes some hundred thousand. */
  readonly maxSteps: number;
  /** Elements of one collection, and characters of one string, that a built-in function makes. */
  readonly maxSize: number;
}

export const DEFAULT_LIMITS: RegoLimits = { maxSteps: 5_000_000, maxSize: 4 * 1024 * 1024 };
