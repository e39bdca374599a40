/** What the runner needs to know of the cases of one ecosystem. */
export interface EcosystemCases {
  /** Where a fixture is met in the field, by its `treatAs`; `{name}` is its own name. Wins over `cases`. */
  readonly treatAs?: Readonly<Record<string, string>>;
  /** The same by a pattern over the case's name; the first that matches. Without either it lies in `app/` under its own name. */
  readonly cases?: readonly (readonly [pattern: RegExp, path: string])[];
  /** Cases that are decided otherwise here, with the specification that says so. */
  readonly exceptions?: Readonly<Record<string, string>>;
  /** Cases that no cataloger gets right yet. */
  readonly notYet: readonly string[];
}
