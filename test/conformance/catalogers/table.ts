/** What the runner needs to know of the cases of one ecosystem. */
export interface EcosystemCases {
  /** Where a fixture is met in the field, by a pattern over the case's name, whatever its `treatAs`; `{name}` is its own name. */
  readonly apart?: readonly (readonly [pattern: RegExp, path: string])[];
  /** The same by its `treatAs`. */
  readonly treatAs?: Readonly<Record<string, string>>;
  /**
   * The same by a pattern, for those without; the first that matches. A folder is where a tree of files is put. Without any it lies in `app/`
   * under its own name.
   */
  readonly cases?: readonly (readonly [pattern: RegExp, path: string])[];
  /** What lies beside the file in its origin's folder and decides the case, by the case's name and by path. */
  readonly beside?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Rules for programs that the case's test adds to the usual ones, by the case's name. */
  readonly rules?: Readonly<Record<string, string>>;
  /** Cases that are decided otherwise here, with the specification that says so. */
  readonly exceptions?: Readonly<Record<string, string>>;
  /** Cases that no cataloger gets right yet. */
  readonly notYet: readonly string[];
}
