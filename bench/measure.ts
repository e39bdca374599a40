/** Times operations in one process, side by side, and prints them as ratios. Absolute figures are this machine's. */

export interface Measured {
  /** Milliseconds (or the row's unit), the median of all rounds. */
  readonly median: number;
}

/** Runs `work` until `budget` milliseconds are over, at least `least` times after one warm-up. */
export async function measure(work: () => unknown, { budget = 1500, least = 5 } = {}): Promise<Measured> {
  const [measured = { median: NaN }] = await measureInTurns([work], { budget, least });
  return measured;
}

/** The same for several, one after the other in each round: what disturbs the machine disturbs all of them. */
export async function measureInTurns(
  works: readonly (() => unknown)[],
  { budget = 1500, least = 5 } = {},
): Promise<readonly Measured[]> {
  for (const work of works) await work();
  const times = works.map((): number[] => []);
  const end = performance.now() + budget * works.length;
  for (let round = 0; round < least || performance.now() < end; round += 1) {
    for (const [index, work] of works.entries()) {
      const start = performance.now();
      await work();
      times[index]?.push(performance.now() - start);
    }
  }
  return times.map((all) => ({ median: all.sort((a, b) => a - b)[Math.floor(all.length / 2)] ?? NaN }));
}

export interface Row {
  readonly operation: string;
  readonly ours: Measured;
  /** The physical limit, or a peer, of the same run. */
  readonly other: string;
  readonly theirs: Measured;
  readonly unit?: 'ms' | 'MiB';
}

export function formatTable(rows: readonly Row[]): string {
  const cells = rows.map(({ operation, ours, other, theirs, unit = 'ms' }) => [
    operation,
    `${ours.median.toFixed(2)} ${unit}`,
    other,
    `${theirs.median.toFixed(2)} ${unit}`,
    `${(ours.median / theirs.median).toFixed(2)}x`,
  ]);
  const table = [['operation', 'plimsoll', 'beside', '', 'ratio'], ...cells];
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  return table
    .map((row) =>
      row
        .map((cell, column) =>
          column % 2 === 0 && column < 4 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
        )
        .join('  '),
    )
    .join('\n');
}
