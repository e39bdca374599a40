/** Wires the ports into the commands. Nothing imports this file. */
import { writeSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { homedir } from 'node:os';
import { extname, join } from 'node:path';
import type { Rim, RimOptions } from './cli/main.ts';
import { resolveSettings } from './core/index.ts';
import type { SettingValues } from './core/index.ts';

// the bundle has a cache of its own
const isBundle = !import.meta.filename.endsWith('.ts');
if (!isBundle) enableCompileCache();
// Durable writes wait in libuv's pool, and in its four threads for each other. It is read when the pool is first used.
process.env.UV_THREADPOOL_SIZE ??= '16';

const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => interrupted.abort());
}

async function createRim(options: RimOptions): Promise<Rim> {
  const { createPorts, askSecret, confirm, createProgress, readInput, streamInput } = await import('./io/index.ts');
  const home = homedir();
  const file = options.config === undefined ? {} : await readConfig(options.config);
  const settings = resolveSettings({ flags: options.flags, file }, process.env, home);
  const isErrorTerminal = process.stderr.isTTY;
  // log lines that nobody reads any more must not end a server
  process.stderr.on('error', () => undefined);
  const worker = join(import.meta.dirname, `worker${extname(import.meta.filename)}`);
  const progress = options.quiet
    ? () => undefined
    : createProgress({
        write: (text) => writeAll(2, text),
        now: () => performance.now(),
        columns: isErrorTerminal ? columnsOf : undefined,
        color: (process.env.NO_COLOR ?? '') === '',
      });
  const schemas = join(import.meta.dirname, isBundle ? 'schemas' : 'metadata/sbom/schemas');
  const bundle = isBundle ? join(import.meta.dirname, 'main.cjs') : undefined;
  const ports = createPorts({ settings, home, schemas, verbose: options.verbose, progress, worker, bundle });
  return {
    ports,
    streams: {
      write: (content) => writeAll(1, content),
      writeError: (text) => writeAll(2, text),
      isTerminal: process.stdout.isTTY,
      isErrorTerminal,
    },
    signal: interrupted.signal,
    readInput,
    streamInput,
    confirm,
    createHandler: async (service, options) =>
      (await import('./server/index.ts')).createHandler(ports, service, options),
    askSecret,
  };
}

/** Some terminals do not know their width. */
function columnsOf(): number {
  return process.stderr.columns > 0 ? process.stderr.columns : 80;
}

/** Unknown names are refused: a misspelt setting must not be a silent default. */
async function readConfig(path: string): Promise<SettingValues> {
  const { parseConfig } = await import('./cli/config.ts');
  const { createFiles } = await import('./io/index.ts');
  return parseConfig(await createFiles().read(path, 1024 * 1024), path);
}

/** As a shell shows a program that SIGPIPE ended: what nobody read is no yes. */
const EXIT_PIPE = 141;

/** Writes all of it, waiting where a pipe is full; a reader of results that went away ends us quietly, one of messages changes nothing. */
function writeAll(descriptor: 1 | 2, content: Uint8Array | string): void {
  let rest = typeof content === 'string' ? Buffer.from(content) : content;
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(descriptor, rest));
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code === 'EPIPE' && descriptor === 2) return;
      if (code === 'EPIPE') process.exit(EXIT_PIPE);
      if (code !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}

/** All output is written; a connection that is kept open, or an answer nobody reads, must not hold the process. */
async function start(): Promise<never> {
  const { main } = await import('./cli/main.ts');
  const code = await main(process.argv.slice(2), createRim, (text) => writeAll(2, text));
  process.exit(interrupted.signal.aborted && code !== 0 ? 130 : code);
}

// Whoever waits for what never comes must not be taken for one who is done: an exit code of 0 means yes.
process.once('beforeExit', () => {
  writeAll(2, 'plimsoll: internal: ended without an answer\n');
  process.exit(70);
});
void start();
