/** Programs as a user starts them, in a folder and with settings of their own. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const plimsoll = join(install(), 'bin/plimsoll');

/** The program as others have it, without its sources: beside those each start looks whether they are newer. */
function install(): string {
  const root = join(import.meta.dirname, '..');
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-installed-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  for (const name of ['bin', 'dist']) cpSync(join(root, name), join(folder, name), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}

export interface Programs {
  readonly folder: string;
  /** Ends well or throws; gives standard output. */
  readonly run: (program: string, args: readonly string[]) => string;
  /** The most memory that it held at once, in MiB. */
  readonly peakMemory: (program: string, args: readonly string[]) => Promise<number>;
  /** Starts a server of ours; gives its URL. */
  readonly serve: (args: readonly string[]) => Promise<string>;
  /** Ends all servers and removes the folder. */
  readonly stop: () => void;
}

export function createPrograms(): Programs {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-bench-'));
  const env = {
    ...process.env,
    PLIMSOLL_DATA_DIR: join(folder, 'data'),
    PLIMSOLL_CACHE_DIR: join(folder, 'cache'),
    DOCKER_CONFIG: join(folder, 'docker'),
    COSIGN_PASSWORD: '',
  };
  const servers: ChildProcess[] = [];
  return {
    folder,
    run: (program, args) => {
      const options = { cwd: folder, env, encoding: 'utf8', maxBuffer: 256 * 1024 * 1024 } as const;
      const { status, stdout, stderr } = spawnSync(program, args, options);
      if (status !== 0) throw new Error(`${program} ${args.join(' ')}: exit code ${status}\n${stderr}`);
      return stdout;
    },
    peakMemory: async (program, args) => await watchMemory(spawn(program, args, { cwd: folder, env, stdio: 'ignore' })),
    serve: async (args) => {
      const child = spawn(plimsoll, [...args, '--json'], { cwd: folder, env, stdio: ['ignore', 'pipe', 'inherit'] });
      servers.push(child);
      let text = '';
      for await (const chunk of child.stdout) {
        text += String(chunk);
        if (text.trimEnd().endsWith('}')) break;
      }
      return (JSON.parse(text) as { url: string }).url;
    },
    stop: () => {
      for (const server of servers) server.kill('SIGTERM');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Asks the kernel for the high-water mark until the process is gone. */
async function watchMemory(child: ChildProcess): Promise<number> {
  let peak = 0;
  const timer = setInterval(() => {
    try {
      const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
      peak = Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024 || peak;
    } catch {
      // gone between two looks
    }
  }, 10);
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  clearInterval(timer);
  if (code !== 0) throw new Error(`exit code ${code}`);
  return peak;
}
