/** pdm.lock: one entry for a package and each set of its extras; groups say what it is for, pyproject.toml which of them are for development. */
import { recordsOf } from '../../../../core/index.ts';
import type { FileEntry } from '../../../../core/index.ts';
import type { Scope } from '../../../sbom/index.ts';
import { MAX_DATABASE_BYTES } from '../../cataloger.ts';
import type { Cataloger } from '../../cataloger.ts';
import { catalogFiles } from '../../components.ts';
import { parseToml } from '../../documents.ts';
import { vcsUrl } from '../../file-cataloger.ts';
import type { Locked } from '../../locked.ts';
import { addEntries } from './lock-entries.ts';
import { localPlace } from './local-folders.ts';
import { findProject, namesOf } from './pyproject.ts';
import { onlyHash, textOr, textsOf } from '../../values.ts';
import type { Raw } from '../../values.ts';

export const pdmLock: Cataloger = {
  id: 'pdm-lock',
  evidence: 'declared',
  names: ['pdm.lock', 'pyproject.toml'],
  select: () => ({ kind: 'keep', maxBytes: MAX_DATABASE_BYTES }),
  catalog: async (tree, files, context) =>
    await catalogFiles(
      files.filter(isLock),
      { tree, context, finder: { foundBy: 'pdm-lock', evidence: 'lock' } },
      async (content, file, finds) => {
        const entries = recordsOf(parseToml(content, file.path).package).map(readPackage);
        addEntries(finds, file, entries, await findProject(tree, file.path));
      },
    ),
};

function isLock({ path }: FileEntry): boolean {
  return path.endsWith('pdm.lock');
}

function readPackage(raw: Raw): Locked {
  const scope = scopeOf(textsOf(raw.groups));
  const [git, revision] = [textOr(raw.git, ''), textOr(raw.revision, '')];
  return {
    name: textOr(raw.name, ''),
    version: textOr(raw.version, ''),
    ...localPlace(raw),
    hashes: onlyHash(recordsOf(raw.files).map(({ hash }) => hash)),
    ...(scope === undefined ? {} : { scope }),
    ...(git === '' ? {} : { qualifiers: { vcs_url: vcsUrl(git, revision) } }),
    needs: { runtime: namesOf(textsOf(raw.dependencies)) },
  };
}

/** Older files have no groups. A group of another name than the usual ones is one of extras. */
function scopeOf(groups: readonly string[]): Scope | undefined {
  if (groups.length === 0) return undefined;
  if (groups.includes('default')) return 'runtime';
  return groups.every((group) => /^(?:dev|test|lint|doc|typing|build)/.test(group)) ? 'development' : 'optional';
}
