/** Shared by the project's scripts: runs programs with the project's own Node, from the project's root. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

export const root = join(import.meta.dirname, '..');

/** Gives the exit code; a program that cannot be started ends the script. */
export function run(program: string, args: readonly string[], environment: NodeJS.ProcessEnv = {}): number {
  const result = spawnSync(program, args, { cwd: root, stdio: 'inherit', env: { ...process.env, ...environment } });
  if (result.error !== undefined) throw result.error;
  return result.status ?? 1;
}

export function runNode(args: readonly string[], environment: NodeJS.ProcessEnv = {}): number {
  return run(process.execPath, ['--disable-warning=ExperimentalWarning', ...args], environment);
}

/** A program of a development dependency. */
export function runTool(name: string, args: readonly string[]): number {
  return run(join(root, 'node_modules/.bin', name), args);
}
