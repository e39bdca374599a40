/** All ports together, as the process offers them. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Ports, Progress, Settings, Threads } from '../core/index.ts';
import { createFileCache } from './cache.ts';
import { createFiles } from './files.ts';
import { createHttp } from './http.ts';
import { createErrorLog, createWarnings } from './log.ts';

export interface PortsOptions {
  readonly settings: Settings;
  readonly home: string;
  /** Writes all of the log to standard error; else only warnings, in words. */
  readonly verbose: boolean;
  readonly progress: Progress;
  /** The file that other threads begin with; absent: no threads. */
  readonly worker?: string;
}

export function createPorts(options: PortsOptions): Ports {
  const clock = () => new Date();
  return {
    http: createHttp({ environment: process.env }),
    files: createFiles(),
    clock,
    random: (bytes) => randomBytes(bytes),
    // What few commands need is loaded when it is needed: every command pays for the rest.
    run: async (...words) => (await import('./run.ts')).createRunProgram()(...words),
    serve: async (...words) => (await import('./serve.ts')).serveHttp(...words),
    cache: createFileCache(join(options.settings.cacheDir, 'v1')),
    ...(options.worker === undefined ? {} : { threads: lazyThreads(options.worker) }),
    environment: process.env,
    settings: options.settings,
    home: options.home,
    log: options.verbose ? createErrorLog(clock) : createWarnings(),
    progress: options.progress,
  };
}

function lazyThreads(worker: string): Threads {
  let threads: Promise<Threads> | undefined;
  return {
    run: async (task) => {
      threads ??= import('./threads.ts').then(({ createThreads }) => createThreads(worker));
      return await (await threads).run(task);
    },
  };
}
