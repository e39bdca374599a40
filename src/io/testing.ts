/** Ports for tests: a real folder that vanishes, a clock that stands still, no network, no environment. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AppError, type Ports } from '../core/index.ts';
import { createMemoryCache } from './cache.ts';
import { createFiles } from './files.ts';
import { createRunProgram } from './run.ts';
import { serveHttp } from './serve.ts';

export const TEST_TIME = new Date('2026-01-02T03:04:05Z');

/** A folder removed when the process ends. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-test-'));
  if (folders.size === 0) process.once('exit', removeFolders);
  folders.add(folder);
  return folder;
}

const folders = new Set<string>();

function removeFolders(): void {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
}

/** `folder` is the home; data and cache lie in it. */
export function createTestPorts(changes: Partial<Ports> = {}, folder = temporaryFolder()): Ports {
  return {
    http: async (request) => {
      throw new AppError('unavailable', `${new URL(request.url).host}: no network in tests`);
    },
    grpc: async ({ endpoint }) => {
      throw new AppError('unavailable', `${endpoint}: no network in tests`);
    },
    files: createFiles(),
    clock: () => TEST_TIME,
    random: (bytes) => randomBytes(bytes),
    run: createRunProgram(),
    loadPackage: async (name) => {
      throw new AppError('not-found', `package ${name}: not installed`);
    },
    serve: serveHttp,
    cache: createMemoryCache(),
    environment: {},
    settings: {
      dataDir: join(folder, 'data'),
      cacheDir: join(folder, 'cache'),
      insecureRegistries: [],
      plainHttpRegistries: [],
      caFile: undefined,
      registryConfig: undefined,
      pullSecrets: [],
      containerdDir: join(folder, 'containerd'),
      trustedRoot: undefined,
      parallelism: 4,
      timeoutSeconds: 30,
    },
    home: folder,
    schemas: join(import.meta.dirname, '../metadata/sbom/schemas'),
    log: { info: () => undefined, warn: () => undefined },
    progress: () => undefined,
    ...changes,
  };
}
