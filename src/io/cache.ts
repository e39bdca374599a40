/** Cache of small values as files; a damaged or unreadable entry, and one that somebody else could have written, counts as absent. */
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Cache } from '../core/index.ts';

const SUM_BYTES = 32;

interface CacheLimits {
  readonly bytes: number;
  readonly entries: number;
  /** Of so many times that something is saved, once is looked whether all is within the limits. */
  readonly lookOnceIn: number;
}

/** A layer takes some megabytes, all else kilobytes. */
const LIMITS: CacheLimits = { bytes: 4 * 1024 ** 3, entries: 50_000, lookOnceIn: 256 };
/** What goes at once where a limit is passed, so that it is not passed again soon. */
const KEPT_SHARE = 0.75;
/** Milliseconds after which an entry that is read is marked as used again. */
const FRESH = 24 * 60 * 60 * 1000;

/**
 * `folder` is made when first needed. Saving never fails loudly: a cache may lose anything, and beyond the limits loses what was not used
 * for longest.
 */
export function createFileCache(folder: string, limits: CacheLimits = LIMITS): Cache {
  const pathOf = (key: string) => {
    const name = createHash('sha256').update(key).digest('hex');
    return join(folder, name.slice(0, 2), name.slice(2));
  };
  return {
    load: async (key) => {
      const stored = await readOwn(pathOf(key)).catch(() => undefined);
      if (stored === undefined || stored.length < SUM_BYTES) return undefined;
      const value = stored.subarray(SUM_BYTES);
      return sumOf(key, value).equals(stored.subarray(0, SUM_BYTES)) ? value : undefined;
    },
    save: async (key, value) => {
      const path = pathOf(key);
      const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
      try {
        await mkdir(dirname(path), { recursive: true, mode: 0o700 });
        await writeFile(temporary, [sumOf(key, value), value], { flag: 'wx', mode: 0o600 });
        await rename(temporary, path);
        if (Math.random() * limits.lookOnceIn < 1) await forgetOldest(folder, limits);
      } catch {
        await rm(temporary, { force: true }).catch(() => undefined);
      }
    },
  };
}

async function readOwn(path: string): Promise<Buffer | undefined> {
  const file = await open(path, 'r');
  try {
    const { uid, mode, mtimeMs } = await file.stat();
    if (uid !== (process.geteuid?.() ?? uid) || (mode & 0o022) !== 0) return undefined;
    const now = new Date();
    if (now.getTime() - mtimeMs > FRESH) await file.utimes(now, now);
    return await file.readFile();
  } finally {
    await file.close();
  }
}

/** Leftovers of writers that were killed are entries like all others. */
async function forgetOldest(folder: string, limits: CacheLimits): Promise<void> {
  const paths = (await readdir(folder, { recursive: true })).map((name) => join(folder, name));
  const entries = (await Promise.all(paths.map(describe))).flat().sort((a, b) => b.used - a.used);
  const bytes = entries.reduce((sum, { size }) => sum + size, 0);
  if (entries.length <= limits.entries && bytes <= limits.bytes) return;
  const kept = { entries: 0, bytes: 0 };
  for (const { path, size } of entries) {
    const fits = kept.entries < limits.entries * KEPT_SHARE && kept.bytes + size <= limits.bytes * KEPT_SHARE;
    if (!fits) await rm(path, { force: true });
    kept.entries += fits ? 1 : 0;
    kept.bytes += fits ? size : 0;
  }
}

/** None for a folder, and for what went meanwhile. */
async function describe(path: string): Promise<{ path: string; size: number; used: number }[]> {
  const stats = await stat(path).catch(() => undefined);
  return stats?.isFile() === true ? [{ path, size: stats.size, used: stats.mtimeMs }] : [];
}

/** A cache that keeps nothing between runs, for `--no-cache` and for tests. */
export function createMemoryCache(): Cache {
  const values = new Map<string, Uint8Array>();
  return {
    load: async (key) => values.get(key),
    save: async (key, value) => void values.set(key, value),
  };
}

function sumOf(key: string, value: Uint8Array): Buffer {
  return createHash('sha256').update(key).update('\0').update(value).digest();
}
