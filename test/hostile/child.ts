/** The program as a user runs it, under ceilings of time and memory. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const program = join(import.meta.dirname, '../../bin/plimsoll');

export interface Ceilings {
  readonly seconds: number;
  /** Of all that is in memory at once. */
  readonly mebibytes: number;
}

export interface ChildRun {
  /** Undefined when it was stopped, by the ceiling of time or by the system. */
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
  /** MiB. */
  readonly peak: number;
  readonly seconds: number;
}

export async function runUnder(
  args: readonly string[],
  folder: string,
  { seconds, mebibytes }: Ceilings,
): Promise<ChildRun> {
  const environment = {
    ...process.env,
    HOME: folder,
    PLIMSOLL_CACHE_DIR: join(folder, 'cache'),
    NODE_OPTIONS: `--max-old-space-size=${mebibytes}`,
  };
  const begin = performance.now();
  const child = spawn(program, args, { cwd: folder, env: environment, timeout: seconds * 1000, killSignal: 'SIGKILL' });
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
  let peak = 0;
  const watch = setInterval(() => {
    peak = Math.max(peak, peakOf(child.pid));
  }, 20);
  const code = await new Promise<number | undefined>((resolve) => {
    child.once('close', (found) => resolve(found ?? undefined));
  });
  clearInterval(watch);
  const text = (chunks: readonly Buffer[]) => Buffer.concat(chunks).toString();
  return { code, stdout: text(out), stderr: text(err), peak, seconds: (performance.now() - begin) / 1000 };
}

/** MiB; 0 where the system does not say. */
function peakOf(pid: number | undefined): number {
  try {
    return Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
  } catch {
    // gone, or a system without /proc
    return 0;
  }
}
