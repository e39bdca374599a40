/** pylock.toml and pylock.NAME.toml (PEP 751). */
import { recordsOf } from '../../../../core/index.ts';
import type { FileEntry } from '../../../../core/index.ts';
import { MAX_DATABASE_BYTES, SKIP } from '../../cataloger.ts';
import type { Cataloger } from '../../cataloger.ts';
import { catalogFiles } from '../../components.ts';
import { parseToml } from '../../documents.ts';
import { vcsUrl } from '../../file-cataloger.ts';
import type { Locked } from '../../locked.ts';
import { addEntries } from './lock-entries.ts';
import { localPlace } from './local-folders.ts';
import { findProject } from './pyproject.ts';
import { onlyHash, recordOf, textOr } from '../../values.ts';
import type { Raw } from '../../values.ts';

const LOCK = /(?:^|\/)pylock(?:\.[^./]+)?\.toml$/;

export const pylock: Cataloger = {
  id: 'pylock',
  evidence: 'declared',
  names: ['*.toml'],
  select: ({ path }) =>
    LOCK.test(path) || /(?:^|\/)pyproject\.toml$/.test(path) ? { kind: 'keep', maxBytes: MAX_DATABASE_BYTES } : SKIP,
  catalog: async (tree, files, context) =>
    await catalogFiles(
      files.filter(isLock),
      { tree, context, finder: { foundBy: 'pylock', evidence: 'lock' } },
      async (content, file, finds) => {
        const entries = recordsOf(parseToml(content, file.path).packages).map(readPackage);
        addEntries(finds, file, entries, await findProject(tree, file.path));
      },
    ),
};

function isLock({ path }: FileEntry): boolean {
  return LOCK.test(path);
}

function readPackage(raw: Raw): Locked {
  const vcs = recordOf(raw.vcs);
  const url = textOr(vcs.url, '');
  const files = [...recordsOf(raw.wheels), recordOf(raw.sdist), recordOf(raw.archive)];
  const hashes = files.flatMap(({ hashes: found }) => {
    const { sha256 } = recordOf(found);
    return typeof sha256 === 'string' ? [`sha256:${sha256}`] : [];
  });
  return {
    name: textOr(raw.name, ''),
    version: textOr(raw.version, ''),
    ...localPlace(raw),
    hashes: onlyHash(hashes),
    ...(url === ''
      ? {}
      : { qualifiers: { vcs_url: vcsUrl(url, textOr(vcs['commit-id'], ''), textOr(vcs.type, 'git')) } }),
    needs: { runtime: recordsOf(raw.dependencies).map(({ name }) => textOr(name, '')) },
  };
}
