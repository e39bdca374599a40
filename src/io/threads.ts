/** Threads that do named tasks: this side starts them and feeds them; `serveTasks` is the other side. */
import { availableParallelism } from 'node:os';
import { setFlagsFromString } from 'node:v8';
import { Worker } from 'node:worker_threads';
import { AppError, type Threads, type ThreadTask } from '../core/index.ts';
import type { FromThread, ToThread } from './thread-messages.ts';

/** Handed over and not yet taken: enough to keep a thread busy, little beside the ceiling of memory. */
const MAX_AHEAD_BYTES = 2 * 1024 * 1024;

/** Mebibytes of the young generation's halves, and of all before what grew old is collected; 0 is as V8 has it. */
interface Heap {
  readonly half: number;
  readonly all: number;
}

/** Threads handle buffers, few objects: small heaps stay small at no cost in time, but for collecting what little grows old. */
const LONG: Heap = { half: 1, all: 0 };
const SHORT: Heap = { half: 2, all: 32 };

/** `entry` is a file that calls serveTasks. At most `count` threads; more tasks wait for their turn. */
export function createThreads(entry: string, count = availableParallelism()): Threads {
  const idle: Worker[] = [];
  const waiting: ((worker: Worker) => void)[] = [];
  let started = 0;
  const take = async (heap: Heap): Promise<Worker> => {
    const free = idle.pop();
    if (free !== undefined) return free;
    if (started >= count) return await new Promise((resolve) => waiting.push(resolve));
    started += 1;
    return startWorker(entry, heap);
  };
  const release = (worker: Worker, isAlive: boolean): void => {
    const next = waiting.shift();
    if (next !== undefined) next(isAlive ? worker : startWorker(entry, LONG));
    else if (isAlive) idle.push(worker);
    else started -= 1;
  };
  return {
    run: async (task) => {
      const worker = await take(task.isShort === true ? SHORT : LONG);
      let isAlive = false;
      try {
        const answer = await runTask(worker, task);
        isAlive = answer.kind !== 'died';
        if (answer.kind === 'result') return answer.value;
        throw answer.error;
      } finally {
        release(worker, isAlive);
      }
    },
  };
}

/** What the program was started with goes before a thread's own limits, and is read when its heap is made. */
function startWorker(entry: string, { half, all }: Heap): Worker {
  setFlagsFromString('--min-semi-space-size=0');
  setFlagsFromString(`--max-semi-space-size=${half}`);
  setFlagsFromString(`--initial-heap-size=${all}`);
  const worker = new Worker(entry);
  // its heap is made long before; code that V8 keeps is good only under the flags that it was kept with
  worker.once('online', () => setFlagsFromString('--initial-heap-size=0'));
  return worker;
}

type Answer =
  | { readonly kind: 'result'; readonly value: Uint8Array }
  | { readonly kind: 'failed' | 'died'; readonly error: unknown };

async function runTask(worker: Worker, task: ThreadTask): Promise<Answer> {
  const send = (message: ToThread, moved: readonly ArrayBuffer[] = []) => worker.postMessage(message, [...moved]);
  const flow = new Flow();
  const answered = new Promise<Answer>((resolve) => {
    const end = (answer: Answer) => {
      worker.off('message', onMessage).off('error', onDeath).off('exit', onExit).unref();
      flow.stop();
      resolve(answer);
    };
    const onMessage = (message: FromThread) => {
      if (message.kind === 'taken') flow.taken(message.bytes);
      else if (message.kind === 'progress') task.onBytes?.(message.total);
      else if (message.kind === 'fault') task.onFault?.(message.reason);
      else if (message.kind === 'result') end(message);
      else end({ kind: 'failed', error: revive(message) });
    };
    const onDeath = (cause: unknown) =>
      end({ kind: 'died', error: new AppError('internal', `thread: ${String(cause)}`, { cause }) });
    const onExit = (code: number) => onDeath(`it ended with exit code ${code}`);
    worker.on('message', onMessage).on('error', onDeath).on('exit', onExit).ref();
  });
  send({ kind: 'start', name: task.name, input: task.input });
  try {
    for await (const chunk of task.source) {
      // no copy of a chunk that has its memory for itself
      const isAlone = chunk.byteLength === chunk.buffer.byteLength && chunk.buffer instanceof ArrayBuffer;
      const own = isAlone ? (chunk as Uint8Array<ArrayBuffer>) : Uint8Array.from(chunk);
      const size = own.byteLength;
      send({ kind: 'chunk', bytes: own }, [own.buffer]);
      if (!(await flow.sent(size))) break;
    }
    send({ kind: 'end' });
  } catch (error) {
    send({ kind: 'stop' });
    const answer = await answered;
    return { kind: answer.kind === 'died' ? 'died' : 'failed', error };
  }
  return await answered;
}

/** How much is on its way; waits while it is too much. */
class Flow {
  #ahead = 0;
  #isStopped = false;
  #wake: () => void = () => undefined;

  /** False when nothing more is wanted. */
  async sent(bytes: number): Promise<boolean> {
    this.#ahead += bytes;
    while (this.#ahead > MAX_AHEAD_BYTES && !this.#isStopped) {
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    return !this.#isStopped;
  }

  taken(bytes: number): void {
    this.#ahead -= bytes;
    this.#wake();
  }

  stop(): void {
    this.#isStopped = true;
    this.#wake();
  }
}

function revive({ error: kind, message, hint, details }: Extract<FromThread, { kind: 'error' }>): AppError {
  return new AppError(kind, message, { details, ...(hint === undefined ? {} : { hint }) });
}
