/** Runs the program as a user does, and plays the other side where that must be hostile. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const program = join(import.meta.dirname, '../../bin/plimsoll');

export interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Place {
  readonly folder: string;
  /** Of every program that runs here. */
  readonly environment: NodeJS.ProcessEnv;
  readonly run: (args: readonly string[], input?: string) => Promise<Run>;
  readonly close: () => void;
}

/** A folder of its own, so that nothing of the user's is read or written. */
export function openPlace(environment: Readonly<Record<string, string>> = {}): Place {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-e2e-'));
  const env = {
    ...process.env,
    HOME: folder,
    PLIMSOLL_DATA_DIR: join(folder, 'data'),
    PLIMSOLL_CACHE_DIR: join(folder, 'cache'),
    DOCKER_CONFIG: join(folder, 'docker'),
    COSIGN_PASSWORD: '',
    ...environment,
  };
  return {
    folder,
    environment: env,
    run: (args, input = '') =>
      new Promise((resolve) => {
        const child = spawn(program, args, { cwd: folder, env });
        const out: Buffer[] = [];
        const err: Buffer[] = [];
        child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
        child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
        child.once('close', (code) =>
          resolve({ code: code ?? -1, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() }),
        );
        child.stdin.end(input);
      }),
    close: () => rmSync(folder, { recursive: true, force: true }),
  };
}

export interface Peer {
  /** `127.0.0.1:PORT`. */
  readonly address: string;
  readonly close: () => Promise<void>;
}

export async function serve(listener: RequestListener): Promise<Peer> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
