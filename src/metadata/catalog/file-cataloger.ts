/** What most catalogers of lock files and manifests have in common: files chosen by name, kept whole and read one at a time. */
import type { FileEntry } from '../../core/index.ts';
import type { Evidence } from '../sbom/index.ts';
import { SKIP } from './cataloger.ts';
import type { Cataloger } from './cataloger.ts';
import { catalogFiles } from './components.ts';
import type { Finds } from './components.ts';

/** One file being read. */
export interface Reading {
  readonly content: Uint8Array;
  readonly file: FileEntry;
  readonly finds: Finds;
}

interface FileCataloger extends Pick<Cataloger, 'id' | 'names'> {
  /** How sure what it reads is; files of a project are declared, all else is installed. */
  readonly evidence: Evidence;
  /** Of the files with these names. */
  readonly isChosen: (path: string) => boolean;
  readonly read: (reading: Reading) => void | Promise<void>;
}

/** Lock files and manifests of the largest projects stay below 32 MiB. */
export const MAX_FILE_BYTES = 64 * 1024 * 1024;

export function createFileCataloger(given: FileCataloger): Cataloger {
  const { id, names, evidence, isChosen } = given;
  return {
    id,
    names,
    evidence: evidence === 'lock' || evidence === 'manifest' ? 'declared' : 'installed',
    select: ({ path }) => (isChosen(path) ? { kind: 'keep', maxBytes: MAX_FILE_BYTES } : SKIP),
    catalog: async (tree, files, context) =>
      await catalogFiles(
        files,
        { tree, context, finder: { foundBy: id, evidence } },
        async (content, file, finds) => await given.read({ content, file, finds }),
      ),
  };
}
