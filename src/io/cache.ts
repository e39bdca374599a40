/** Cache of small values as files; a damaged or unreadable entry counts as absent. */
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Cache } from '../core/index.ts';

const SUM_BYTES = 32;

/** `folder` is made when first needed. Saving never fails loudly: a cache may lose anything. */
export function createFileCache(folder: string): Cache {
  const pathOf = (key: string) => {
    const name = createHash('sha256').update(key).digest('hex');
    return join(folder, name.slice(0, 2), name.slice(2));
  };
  return {
    load: async (key) => {
      const stored = await readFile(pathOf(key)).catch(() => undefined);
      if (stored === undefined || stored.length < SUM_BYTES) return undefined;
      const value = stored.subarray(SUM_BYTES);
      return sumOf(key, value).equals(stored.subarray(0, SUM_BYTES)) ? value : undefined;
    },
    save: async (key, value) => {
      const path = pathOf(key);
      const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
      try {
        await mkdir(dirname(path), { recursive: true, mode: 0o700 });
        await writeFile(temporary, Buffer.concat([sumOf(key, value), value]), { flag: 'wx', mode: 0o600 });
        await rename(temporary, path);
      } catch {
        await rm(temporary, { force: true }).catch(() => undefined);
      }
    },
  };
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
