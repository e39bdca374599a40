/** Keeps the files that say which distribution this is; the distribution itself is found by `detectDistro` before all catalogers run. */
import { SKIP } from '../../cataloger.ts';
import type { Cataloger } from '../../cataloger.ts';
import { RELEASE_FILES } from '../../distro.ts';

/** Release files have some hundred bytes. */
const MAX_BYTES = 64 * 1024;
const PATHS: ReadonlySet<string> = new Set(RELEASE_FILES);

export const osRelease: Cataloger = {
  id: 'os-release',
  evidence: 'installed',
  names: [...PATHS].map((path) => path.slice(path.lastIndexOf('/') + 1)),
  select: ({ path }) => (PATHS.has(path) ? { kind: 'keep', maxBytes: MAX_BYTES } : SKIP),
  catalog: async () => ({ components: [], dependencies: [], skipped: [] }),
};
