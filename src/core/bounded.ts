import { createContext, Script } from 'node:vm';
import { isRecord } from './decode.ts';

/**
 * Milliseconds of one evaluation. Nested comprehensions over the lists of a large document would hold up every other answer;
 * regular expressions would not, they are matched in linear time.
 */
const MAX_MILLISECONDS = 2000;

/** Room to run in: only a script in a context can be stopped from outside while it runs. Made when it is first needed. */
let room: { work?: () => unknown } | undefined;
let script: Script | undefined;

export type Bounded<T> =
  | { readonly kind: 'done'; readonly value: T }
  | { readonly kind: 'failed'; readonly message: string; readonly isLate: boolean };

/** Runs work of unknown length, and stops it after so many milliseconds. Whatever it throws comes back as a message. */
export function runBounded<T>(work: () => T, milliseconds = MAX_MILLISECONDS): Bounded<T> {
  let done: Bounded<T> | undefined;
  room ??= createContext({});
  script ??= new Script('work()');
  room.work = () => {
    done = { kind: 'done', value: work() };
  };
  try {
    script.runInContext(room, { timeout: milliseconds });
  } catch (error) {
    // The error of a stopped script is of the room's own realm, so it is no Error here.
    if (isRecord(error) && error.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT')
      return { kind: 'failed', message: `expected an answer within ${milliseconds} ms, found none`, isLate: true };
    return { kind: 'failed', message: error instanceof Error ? error.message : String(error), isLate: false };
  } finally {
    delete room.work;
  }
  return done ?? { kind: 'failed', message: 'the work did not end', isLate: false };
}

/**
 * The same, but the milliseconds are of this thread's own time: on a busy machine work that other programs held up is begun again, and
 * none is stopped that would have been done. For work that leaves nothing behind.
 */
export function runForOwnTime<T>(work: () => T, milliseconds: number): Bounded<T> {
  const before = process.threadCpuUsage();
  for (;;) {
    const outcome = runBounded(work, milliseconds);
    if (outcome.kind === 'done' || !outcome.isLate) return outcome;
    const { user, system } = process.threadCpuUsage(before);
    if ((user + system) / 1000 >= milliseconds) return outcome;
  }
}
