/**
 * What the steps of long work cost, for who asks. The work has no clock: it says where a step begins, and at its end what it was.
 */
export interface Step {
  readonly kind: 'layer' | 'cataloger';
  /** Digest of a layer, id of a cataloger. */
  readonly name: string;
  /** Stored bytes of a layer, files that a cataloger chose. */
  readonly size: number;
  /** Known from before. */
  readonly isCached: boolean;
}

export type TimeStep = <T>(work: () => Promise<T>, describe: (result: T) => Step) => Promise<T>;

export const untimed: TimeStep = async (work) => await work();
