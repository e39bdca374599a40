/** Folders that lock files of Python name: the project itself, the members of its workspace and what else is built from sources at hand. */
import { recordsOf } from '../../../../core/index.ts';
import { parseToml } from '../../documents.ts';
import type { Locked } from '../../locked.ts';
import { folderOf, joinPath } from '../../paths.ts';
import { recordOf, textOr } from '../../values.ts';
import type { Raw } from '../../values.ts';

/** Of one package, as uv, Poetry, PDM or PEP 751 writes it; undefined for what comes from elsewhere. */
export function localFolder(raw: Raw): string | undefined {
  const source = recordOf(raw.source);
  const poetry = source.type === 'directory' ? source.url : undefined;
  // a file was built elsewhere, a folder is of the tree
  const pdm = /\.(?:whl|zip|tar\.[a-z0-9]+)$/.test(textOr(raw.path, '')) ? undefined : raw.path;
  const { path: pylock } = recordOf(raw.directory);
  return [source.editable, source.virtual, source.directory, poetry, pdm, pylock].find(
    (folder): folder is string => typeof folder === 'string' && folder !== '',
  );
}

export function localPlace(raw: Raw): Pick<Locked, 'isLocal' | 'folder'> {
  const folder = localFolder(raw);
  return folder === undefined ? {} : { isLocal: true, folder };
}

/** From the root of the tree. Throws `invalid-input` for what is no TOML. */
export function listFolders(content: Uint8Array, lock: string): readonly string[] {
  const document = parseToml(content, lock);
  return recordsOf(document.package ?? document.packages).flatMap((raw) => {
    const folder = localFolder(raw);
    return folder === undefined ? [] : (joinPath(folderOf(lock), folder) ?? []);
  });
}
