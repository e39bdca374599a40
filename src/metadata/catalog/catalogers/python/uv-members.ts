/** Folders that uv.lock names: the project, the members of its workspace and what else is built from sources at hand. */
import { recordsOf } from '../../../../core/index.ts';
import { parseToml } from '../../documents.ts';
import { folderOf, joinPath } from '../../paths.ts';
import { recordOf } from '../../values.ts';
import type { Raw } from '../../values.ts';

/** Of one package, as the lock file writes it; undefined for what comes from elsewhere. */
export function localFolder(raw: Raw): string | undefined {
  const source = recordOf(raw.source);
  return [source.editable, source.virtual, source.directory].find((folder) => typeof folder === 'string');
}

/** From the root of the tree. Throws `invalid-input` for what is no TOML. */
export function listFolders(content: Uint8Array, lock: string): readonly string[] {
  return recordsOf(parseToml(content, lock).package).flatMap((raw) => {
    const folder = localFolder(raw);
    return folder === undefined ? [] : (joinPath(folderOf(lock), folder) ?? []);
  });
}
