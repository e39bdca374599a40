/** The advisory store of this installation: filled from files or from the public database, asked for its state. */
import { join } from 'node:path';
import { AppError } from '../core/index.ts';
import type { Ports } from '../core/index.ts';
import { openAdvisoryStore, readAdvisories, readPack } from '../metadata/advisory/index.ts';
import type { AdvisoryStore, ImportResult, PackageName, StoreStatus } from '../metadata/advisory/index.ts';

/** Base of the public database; one zip for each ecosystem. */
export const OSV_URL = 'https://storage.googleapis.com/osv-vulnerabilities';
/** What an update fetches when no ecosystem is named. */
export const DEFAULT_ECOSYSTEMS: readonly string[] = ['Debian', 'Alpine', 'Go', 'npm'];
/** Ceiling of one download: npm's pack, with its malware records, has about 250 MiB. */
const MAX_DOWNLOAD_BYTES = 2 * 1024 * 1024 * 1024;

export interface ImportSummary extends ImportResult {
  /** JSON documents that were no advisory. */
  readonly ignored: number;
}

export function advisoryStorePath(ports: Pick<Ports, 'settings'>): string {
  return join(ports.settings.dataDir, 'advisories.db');
}

/** Creates the store where there is none. Close it. */
async function openAdvisories(ports: Pick<Ports, 'settings' | 'files'>): Promise<AdvisoryStore> {
  await ports.files.makeFolder(ports.settings.dataDir);
  return openAdvisoryStore(advisoryStorePath(ports));
}

/** Throws `not-found` when there is no store or nothing in it: that says nothing about vulnerabilities. Close it. */
export async function getAdvisories(ports: Pick<Ports, 'settings' | 'files'>): Promise<AdvisoryStore> {
  const path = advisoryStorePath(ports);
  const store = (await ports.files.stat(path)) === undefined ? undefined : openAdvisoryStore(path);
  if (store !== undefined && store.status().advisories > 0) return store;
  store?.close();
  throw new AppError('not-found', `no advisories in ${path}`, {
    hint: 'run `plimsoll db update`, or `plimsoll db import PATH` where there is no network',
  });
}

/** Folders, packs (.zip .tar .tar.gz .tar.zst) and single documents. Each path is one transaction. */
export async function importAdvisories(
  ports: Pick<Ports, 'settings' | 'files' | 'clock' | 'progress'>,
  paths: readonly string[],
  signal?: AbortSignal,
): Promise<ImportSummary> {
  using store = await openAdvisories(ports);
  const results: ImportSummary[] = [];
  for (const path of paths) {
    const { advisories, ignored } = readAdvisories(ports.files, path, signal);
    const result = await store.import(advisories, ports.clock());
    if (result.read === 0) {
      throw new AppError('invalid-input', `${path}: expected advisories, found none among ${ignored.count} documents`);
    }
    ports.progress({ item: path, action: 'import', done: result.read });
    results.push({ ...result, ignored: ignored.count });
  }
  return sum(results);
}

export interface UpdateOptions {
  readonly ecosystems: readonly string[];
  /** Instead of the public database: a mirror with the same layout. */
  readonly url?: string | undefined;
  readonly signal?: AbortSignal;
}

/** Fetches whole packs; what did not change is not written again. Throws `unavailable`, `not-found` for an unknown ecosystem. */
export async function updateAdvisories(ports: Ports, options: UpdateOptions): Promise<ImportSummary> {
  using store = await openAdvisories(ports);
  const ecosystems = options.ecosystems.length > 0 ? options.ecosystems : DEFAULT_ECOSYSTEMS;
  const results: ImportSummary[] = [];
  for (const ecosystem of ecosystems) {
    const base = (options.url ?? OSV_URL).replace(/\/+$/, '');
    const bytes = await download(ports, `${base}/${encodeURIComponent(ecosystem)}/all.zip`, options.signal);
    const ignored = { count: 0 };
    const result = await store.import(readPack(`${ecosystem}/all.zip`, bytes, ignored), ports.clock());
    results.push({ ...result, ignored: ignored.count });
  }
  return sum(results);
}

export async function advisoryStatus(ports: Pick<Ports, 'settings' | 'files'>): Promise<StoreStatus> {
  using store = await getAdvisories(ports);
  return store.status();
}

async function download(ports: Ports, url: string, signal: AbortSignal | undefined): Promise<Uint8Array> {
  const response = await ports.http({ method: 'GET', url, ...(signal === undefined ? {} : { signal }) });
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body) {
    size += chunk.length;
    if (size > MAX_DOWNLOAD_BYTES)
      throw new AppError('invalid-input', `${url}: expected at most ${MAX_DOWNLOAD_BYTES} bytes`);
    ports.progress({ item: url, action: 'download', done: size });
    chunks.push(chunk);
  }
  if (response.status === 200) return Buffer.concat(chunks);
  const kind = response.status === 404 ? 'not-found' : 'unavailable';
  throw new AppError(kind, `${url}: expected status 200, found ${response.status}`);
}

function sum(results: readonly ImportSummary[]): ImportSummary {
  const packages = new Map<string, PackageName>();
  for (const name of results.flatMap((result) => result.changedPackages))
    packages.set(`${name.ecosystem}\n${name.name}`, name);
  const total = (field: 'read' | 'changed' | 'ignored') => results.reduce((count, result) => count + result[field], 0);
  return {
    read: total('read'),
    changed: total('changed'),
    ignored: total('ignored'),
    changedPackages: [...packages.values()],
  };
}
