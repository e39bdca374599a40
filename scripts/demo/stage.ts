/** Where the demo plays: a folder of its own, commands printed as the reader can repeat them, servers that are ended. */
import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../run.ts';

const paints = process.stdout.isTTY && (process.env.NO_COLOR ?? '') === '';

export function paint(code: number, text: string): string {
  return paints ? `\u001b[${code}m${text}\u001b[0m` : text;
}

export function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

export function heading(text: string): void {
  say(`\n${paint(1, text)}`);
}

export interface RunOptions {
  /** Exit code that is right; 0 unless told. */
  readonly expect?: number;
  /** Lines of the output to show; all unless told. */
  readonly show?: number;
  /** Not printed, for steps that only prepare. */
  readonly isQuiet?: boolean;
  /** File in the folder that takes the output instead of the reader. */
  readonly to?: string;
}

export interface Stage {
  /** Everything the demo makes is in here. */
  readonly folder: string;
  /** Runs `plimsoll WORDS`; gives standard output. Throws when the exit code is another than expected. */
  plimsoll(words: string, options?: RunOptions): string;
  /** Starts `plimsoll WORDS` and waits for the line of JSON that tells its address. */
  serve(words: string): Promise<Readonly<Record<string, string>>>;
  /** Ends the servers and removes the folder, unless they are to stay. */
  close(options: { readonly keep: boolean }): Promise<void>;
}

export function openStage(): Stage {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-demo-'));
  const environment = {
    PLIMSOLL_DATA_DIR: join(folder, 'data'),
    PLIMSOLL_CACHE_DIR: join(folder, 'cache'),
    PLIMSOLL_TRUSTED_ROOT: join(folder, 'authority/trusted_root.json'),
    DOCKER_CONFIG: join(folder, 'docker'),
    COSIGN_PASSWORD: 'demo',
  };
  const program = join(root, 'bin/plimsoll');
  const servers: ChildProcess[] = [];
  say(
    paint(
      2,
      `# the commands below can be repeated after npm run demo -- --keep, which leaves files and servers:\ncd ${folder}; alias plimsoll=${program}`,
    ),
  );
  say(
    paint(
      2,
      `export ${Object.entries(environment)
        .map(([name, value]) => `${name}=${value}`)
        .join(' ')}`,
    ),
  );
  return {
    folder,
    plimsoll: (words, options = {}) => runCommand(words, options, { program, folder, environment }),
    serve: async (words) => {
      say(paint(36, `$ plimsoll ${words} &`));
      const child = spawn(program, ['--json', ...words.split(' ')].sort(byCommandFirst), {
        cwd: folder,
        env: { ...process.env, ...environment },
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      servers.push(child);
      return await firstAnswer(child, words);
    },
    close: async ({ keep }) => {
      // A pipe or a child that is still waited for would keep the demo itself from ending.
      for (const server of keep ? servers : []) {
        server.stdout?.destroy();
        server.unref();
      }
      if (keep) return say(`\nleft running: ${servers.map(({ pid }) => `pid ${pid}`).join(', ')}; files in ${folder}`);
      await Promise.all(servers.map(end));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** `--json` goes behind the command's name. */
function byCommandFirst(a: string, b: string): number {
  return Number(a === '--json') - Number(b === '--json');
}

function runCommand(
  words: string,
  options: RunOptions,
  place: { program: string; folder: string; environment: NodeJS.ProcessEnv },
): string {
  const { expect = 0, show = Infinity, isQuiet = false, to } = options;
  if (!isQuiet) say(paint(36, `$ plimsoll ${words}${to === undefined ? '' : ` > ${to}`}`));
  const result = spawnSync(place.program, splitWords(words), {
    cwd: place.folder,
    env: { ...process.env, ...place.environment },
    encoding: 'utf8',
    maxBuffer: 256 * 1024 * 1024,
  });
  const code = result.status ?? 70;
  if (code !== expect) {
    throw new Error(`plimsoll ${words}: expected exit code ${expect}, found ${code}\n${result.stdout}${result.stderr}`);
  }
  if (to !== undefined) writeFileSync(join(place.folder, to), result.stdout);
  if (!isQuiet) showLines(to === undefined ? `${result.stdout}${result.stderr}` : result.stderr, show);
  return result.stdout;
}

/** Words in single quotes stay together. */
function splitWords(words: string): string[] {
  return [...words.matchAll(/'([^']*)'|(\S+)/g)].map((match) => match[1] ?? match[2] ?? '');
}

function showLines(text: string, count: number): void {
  const lines = text
    .trimEnd()
    .split('\n')
    .filter((line) => line !== '');
  for (const line of lines.slice(0, count)) say(`  ${line}`);
  if (lines.length > count) say(paint(2, `  ... ${lines.length - count} more lines`));
}

async function firstAnswer(child: ChildProcess, words: string): Promise<Readonly<Record<string, string>>> {
  let text = '';
  for await (const chunk of child.stdout ?? []) {
    text += String(chunk);
    try {
      return JSON.parse(text) as Readonly<Record<string, string>>;
    } catch {
      continue; // not all of it yet
    }
  }
  throw new Error(`plimsoll ${words}: ended without saying where it listens`);
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), 5000);
  await ended;
  clearTimeout(timer);
}
