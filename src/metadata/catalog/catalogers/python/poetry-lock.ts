/** poetry.lock of versions 1 and 2. Before groups were written to it, pyproject.toml says what is for development. */
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
import { findProject } from './pyproject.ts';
import { onlyHash, recordOf, textOr, textsOf } from '../../values.ts';
import type { Raw } from '../../values.ts';

export const poetryLock: Cataloger = {
  id: 'poetry-lock',
  evidence: 'declared',
  names: ['poetry.lock', 'pyproject.toml'],
  select: () => ({ kind: 'keep', maxBytes: MAX_DATABASE_BYTES }),
  catalog: async (tree, files, context) =>
    await catalogFiles(
      files.filter(isLock),
      { tree, context, finder: { foundBy: 'poetry-lock', evidence: 'lock' } },
      async (content, file, finds) => {
        const document = parseToml(content, file.path);
        const hashes = recordOf(recordOf(document.metadata).files);
        const entries = recordsOf(document.package).map((raw) => readPackage(raw, hashes));
        addEntries(finds, file, entries, await findProject(tree, file.path));
      },
    ),
};

function isLock({ path }: FileEntry): boolean {
  return path.endsWith('poetry.lock');
}

function readPackage(raw: Raw, hashes: Raw): Locked {
  const name = textOr(raw.name, '');
  const source = recordOf(raw.source);
  const scope = scopeOf(raw);
  const commit = textOr(source.resolved_reference, textOr(source.reference, ''));
  return {
    name,
    version: textOr(raw.version, ''),
    ...localPlace(raw),
    hashes: onlyHash(recordsOf(raw.files ?? hashes[name]).map(({ hash }) => hash)),
    ...(scope === undefined ? {} : { scope }),
    ...(source.type === 'git' ? { qualifiers: { vcs_url: vcsUrl(textOr(source.url, ''), commit) } } : {}),
    needs: { runtime: Object.keys(recordOf(raw.dependencies)) },
  };
}

function scopeOf(raw: Raw): Scope | undefined {
  const groups = Array.isArray(raw.groups) ? textsOf(raw.groups) : undefined;
  if (raw.category === 'dev' || groups?.includes('main') === false) return 'development';
  if (raw.optional === true) return 'optional';
  return raw.category === 'main' || groups?.includes('main') === true ? 'runtime' : undefined;
}
