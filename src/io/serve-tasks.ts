/** The inside of a thread: does the tasks that `createThreads` sends. */
import { AppError, toAppError } from '../core/index.ts';
import type { FromThread, ToThread } from './thread-messages.ts';

/** A chunk of the source is good only until the next one is asked for. */
export type Task = (
  input: Readonly<Record<string, string>>,
  source: AsyncIterable<Uint8Array>,
  report: { readonly onBytes: (total: number) => void; readonly onFault: (reason: string) => void },
) => Promise<Uint8Array>;

/** Milliseconds between two reports of progress. */
const REPORT = 100;

type Send = (message: FromThread, moved?: readonly ArrayBuffer[]) => void;

export function serveTasks(tasks: Readonly<Record<string, Task>>): void {
  // loaded here: only threads need it, and all starts would pay
  const { parentPort } = process.getBuiltinModule('node:worker_threads');
  const send: Send = (message, moved = []) => parentPort?.postMessage(message, [...moved]);
  let inbox = new Inbox(send);
  parentPort?.on('message', (message: ToThread) => {
    if (message.kind !== 'start') return inbox.put(message);
    inbox = new Inbox(send);
    void answer(tasks, message, { inbox, send });
  });
}

async function answer(
  tasks: Readonly<Record<string, Task>>,
  { name, input }: Extract<ToThread, { kind: 'start' }>,
  { inbox, send }: { readonly inbox: Inbox; readonly send: Send },
): Promise<void> {
  try {
    const task = tasks[name];
    if (task === undefined) throw new AppError('internal', `thread: no task ${name}`);
    let reported = performance.now();
    const onBytes = (total: number): void => {
      const now = performance.now();
      if (now - reported < REPORT) return;
      reported = now;
      send({ kind: 'progress', total });
    };
    const onFault = (reason: string): void => send({ kind: 'fault', reason });
    const value = await task(input, inbox.chunks(), { onBytes, onFault });
    const isAlone = value.byteLength === value.buffer.byteLength;
    send({ kind: 'result', value }, isAlone ? [value.buffer as ArrayBuffer] : []);
  } catch (thrown) {
    const { kind: error, message, hint } = toAppError(thrown);
    const details = { ...(thrown instanceof AppError ? thrown.details : {}) };
    send({ kind: 'error', error, message, hint, details });
  }
}

/** Chunks that arrived and wait to be taken. */
class Inbox {
  readonly #waiting: Exclude<ToThread, { kind: 'start' }>[] = [];
  readonly #send: Send;
  #wake: () => void = () => undefined;

  constructor(send: Send) {
    this.#send = send;
  }

  put(message: Exclude<ToThread, { kind: 'start' }>): void {
    this.#waiting.push(message);
    this.#wake();
  }

  async *chunks(): AsyncGenerator<Uint8Array> {
    for (;;) {
      const next = this.#waiting.shift();
      if (next === undefined) await new Promise<void>((resolve) => (this.#wake = resolve));
      else if (next.kind === 'end') return;
      else if (next.kind === 'stop') throw new AppError('unavailable', 'the source failed');
      else {
        const size = next.bytes.byteLength;
        yield next.bytes;
        // given back at once: what waits for the garbage collector of a thread with few objects waits for long
        next.bytes.buffer.transfer(0);
        this.#send({ kind: 'taken', bytes: size });
      }
    }
  }
}
