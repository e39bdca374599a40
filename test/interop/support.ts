/** Shared by the tests with released peers: a folder as home of all programs, the program as a user starts it, images made by hand. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash, randomInt } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';

export const PLIMSOLL = join(import.meta.dirname, '../../bin/plimsoll');

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  /** Of stdout. */
  readonly bytes: Buffer;
  readonly stderr: string;
}

export interface RunOptions {
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** What starts the server, when not the program with `--json`. */
  readonly command?: readonly string[];
}

export interface Server {
  /** What the program printed as JSON when it was ready. */
  readonly ready: Readonly<Record<string, string>>;
  /** With a signal other than to end in peace, as it is told. */
  readonly stop: (signal?: NodeJS.Signals) => Promise<void>;
}

export interface Bench {
  readonly folder: string;
  /** Ends well or fails the test. */
  readonly run: (command: readonly string[], options?: RunOptions) => Promise<Ran>;
  /** Gives any exit code. */
  readonly attempt: (command: readonly string[], options?: RunOptions) => Promise<Ran>;
  /** Starts a server of ours, which prints one JSON object. */
  readonly serve: (args: readonly string[], options?: RunOptions) => Promise<Server>;
  readonly stop: () => Promise<void>;
}

const START_MS = 20_000;
const RUN_MS = 120_000;

export async function createBench(): Promise<Bench> {
  const folder = await mkdtemp(join(tmpdir(), 'plimsoll-interop-'));
  const start = ([program = '', ...args]: readonly string[], { input, env }: RunOptions, timeout?: number) => {
    const child = spawn(program, args, {
      cwd: folder,
      env: { PATH: process.env['PATH'], HOME: folder, COSIGN_PASSWORD: 'pass', ...env },
      stdio: 'pipe',
      ...(timeout === undefined ? {} : { timeout }),
    });
    child.stdin.on('error', () => undefined); // a program may end before it has read its input
    child.stdin.end(input ?? '');
    return child;
  };
  const attempt = async (command: readonly string[], options: RunOptions = {}): Promise<Ran> =>
    await new Promise((resolve, reject) => {
      const child = start(command, options, RUN_MS);
      const chunks: Buffer[] = [];
      let stderr = '';
      child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
      child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
      child.on('error', reject);
      child.on('close', (code) => {
        const bytes = Buffer.concat(chunks);
        resolve({ code: code ?? -1, bytes, stdout: bytes.toString(), stderr });
      });
    });
  const run = async (command: readonly string[], options?: RunOptions): Promise<Ran> => {
    const ran = await attempt(command, options);
    assert.equal(ran.code, 0, `${command.join(' ')}: exit code ${ran.code}\n${ran.stdout}${ran.stderr}`);
    return ran;
  };
  const serve = async (args: readonly string[], options: RunOptions = {}): Promise<Server> => {
    const child = start(options.command ?? [PLIMSOLL, ...args, '--json'], options);
    const ended = new Promise<void>((resolve) => child.on('close', () => resolve()));
    const ready = await new Promise<Readonly<Record<string, string>>>((resolve, reject) => {
      let printed = '';
      let stderr = '';
      const timer = setTimeout(() => reject(new Error(`not ready: ${printed}${stderr}`)), START_MS);
      child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
      child.on('close', () => reject(new Error(`ended: ${printed}${stderr}`)));
      child.stdout.on('data', (chunk: Buffer) => {
        printed += chunk.toString();
        if (!printed.trimEnd().endsWith('}')) return;
        clearTimeout(timer);
        resolve(JSON.parse(printed) as Readonly<Record<string, string>>);
      });
    });
    const stop = async (signal?: NodeJS.Signals): Promise<void> => {
      child.kill(signal);
      await ended;
    };
    return { ready, stop };
  };
  return { folder, run, attempt, serve, stop: async () => await rm(folder, { recursive: true }) };
}

export function sha256(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** Why tests are to be skipped, for `describe`; nothing when all these environment variables name a program. */
export function missingPeers(...variables: readonly string[]): { readonly skip?: string } {
  const missing = variables.filter((name) => process.env[name] === undefined);
  return missing.length === 0 ? {} : { skip: `${missing.join(', ')} not set` };
}

/** The program at the path in an environment variable, with words that go before all others. */
export function peer(variable: string, ...words: readonly string[]): (...args: readonly string[]) => readonly string[] {
  return (...args) => [process.env[variable] ?? variable, ...words, ...args];
}

export interface Host {
  readonly url: string;
  readonly address: string;
  readonly stop: () => Promise<void>;
}

/**
 * Starts a server of a peer that takes its address as an argument, at a port below those that outgoing connections are given; it is
 * ready when it answers at the path, which for registries is `/v2/`.
 */
export async function startPeer(command: (address: string) => readonly string[], path = '/v2/'): Promise<Host> {
  let printed = '';
  for (let tries = 0; tries < 5; tries += 1) {
    const address = `127.0.0.1:${randomInt(15_000, 30_000)}`;
    const url = `http://${address}`;
    if (await answers(url + path)) continue; // somebody else's
    const [program = '', ...args] = command(address);
    const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    const ended = new Promise<void>((resolve) => {
      child.on('close', () => resolve());
      child.on('error', () => resolve());
    });
    child.stderr.on('data', (chunk: Buffer) => (printed += chunk.toString()));
    const until = Date.now() + START_MS;
    while (child.exitCode === null && Date.now() < until) {
      if (!(await answers(url + path))) await sleep(50);
      else if (child.exitCode === null) return { url, address, stop: async () => (child.kill(), await ended) };
    }
    child.kill();
  }
  throw new Error(`a peer's server did not start: ${printed}`);
}

async function answers(url: string): Promise<boolean> {
  return await fetch(url).then(
    // 400 is what a server of TLS says to plain HTTP
    ({ ok, status }) => ok || status === 400,
    () => false,
  );
}

/** crane's registry in memory, which has no referrers API. */
export async function startCrane(): Promise<Host> {
  return await startPeer((address) => peer('PEER_CRANE')('registry', 'serve', '--address', address));
}

interface Entry {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

export interface MadeImage {
  /** Of the index. */
  readonly digest: string;
  /** Of each platform's manifest. */
  readonly platforms: ReadonlyMap<string, string>;
  /** By digest: manifests, configs and layers. */
  readonly contents: ReadonlyMap<string, Buffer>;
}

const OCI = 'application/vnd.oci.image';

/** Writes an OCI layout by hand, with an index of two platforms tagged v1; `seed` makes its contents unique. */
export async function makeLayout(folder: string, seed: string): Promise<MadeImage> {
  const contents = new Map<string, Buffer>();
  const keep = (mediaType: string, bytes: Buffer): Entry => {
    const digest = sha256(bytes);
    contents.set(digest, bytes);
    return { mediaType, digest, size: bytes.length };
  };
  const keepJson = (mediaType: string, document: unknown): Entry =>
    keep(mediaType, Buffer.from(JSON.stringify(document, undefined, 1)));
  const platforms = new Map<string, string>();
  const manifests = ['amd64', 'arm64'].map((architecture) => {
    const tar = makeTar(`etc/${architecture}`, `${seed} ${architecture}\n`);
    const layer = keep(`${OCI}.layer.v1.tar+gzip`, gzipSync(tar));
    const platform = { os: 'linux', architecture };
    const config = keepJson(`${OCI}.config.v1+json`, {
      ...platform,
      config: { Env: ['PATH=/bin'] },
      rootfs: { type: 'layers', diff_ids: [sha256(tar)] },
      history: [{ created_by: seed }],
    });
    const mediaType = `${OCI}.manifest.v1+json`;
    const manifest = keepJson(mediaType, { schemaVersion: 2, mediaType, config, layers: [layer] });
    platforms.set(architecture, manifest.digest);
    return { ...manifest, platform };
  });
  const mediaType = `${OCI}.index.v1+json`;
  const index = keepJson(mediaType, { schemaVersion: 2, mediaType, manifests });
  await mkdir(join(folder, 'blobs/sha256'), { recursive: true });
  for (const [digest, bytes] of contents) await writeFile(join(folder, 'blobs', digest.replace(':', '/')), bytes);
  await writeFile(join(folder, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  const annotations = { 'org.opencontainers.image.ref.name': 'v1' };
  const top = { schemaVersion: 2, mediaType, manifests: [{ ...index, annotations }] };
  await writeFile(join(folder, 'index.json'), JSON.stringify(top));
  return { digest: index.digest, platforms, contents };
}

const BLOCK = 512;

/** A tar of one file, POSIX.1-1988 ustar. */
export function makeTar(name: string, text: string): Buffer {
  const header = Buffer.alloc(BLOCK);
  const content = Buffer.from(text);
  const octal = (value: number, width: number) => `${value.toString(8).padStart(width - 1, '0')}\0`;
  header.write(name, 0);
  header.write(octal(0o644, 8) + octal(0, 8) + octal(0, 8) + octal(content.length, 12) + octal(0, 12), 100);
  header.write(' '.repeat(8) + '0', 148);
  header.write('ustar\x0000', 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  const padding = Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK);
  return Buffer.concat([header, content, padding, Buffer.alloc(2 * BLOCK)]);
}
