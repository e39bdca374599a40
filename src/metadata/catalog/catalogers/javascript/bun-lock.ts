/**
 * bun.lock: JSON with comments and trailing commas. A package is a list of its name with version, then, as its kind has it, registry,
 * what it needs, and a checksum; nesting stands in its key (`chalk/supports-color`). The older binary bun.lockb is said to be skipped.
 */
import { AppError, isRecord } from '../../../../core/index.ts';
import type { FileTree } from '../../../../core/index.ts';
import { trying } from '../../components.ts';
import { createFileCataloger } from '../../file-cataloger.ts';
import type { Reading } from '../../file-cataloger.ts';
import { parseJsonc } from '../../documents.ts';
import { addLocked } from '../../locked.ts';
import { folderOf, joinPath } from '../../paths.ts';
import { findUpwards } from './npm-resolution.ts';
import type { Locked } from '../../locked.ts';
import { recordOf, textsOf } from '../../values.ts';
import { isTarball, npmOrigin } from './npm-origin.ts';
import { integrityHashes, splitAt, npmPurl } from './npm-package.ts';
import { parseProject } from './project.ts';
import type { Raw } from '../../values.ts';

export const bunLock = createFileCataloger({
  id: 'bun-lock',
  evidence: 'lock',
  names: ['bun.lock', 'bun.lockb', 'package.json'],
  isChosen: (path) => !/(?:^|\/)node_modules\//.test(path),
  isRead: (path) => !path.endsWith('package.json'),
  read,
});

async function read({ content, file, finds, tree }: Reading): Promise<void> {
  if (file.path.endsWith('.lockb')) {
    finds.skip(
      file,
      'expected a bun.lock in text, found the binary form; `bun install --save-text-lockfile` writes it anew',
    );
    return;
  }
  const lock = parseJsonc(content, file.path);
  if (!isRecord(lock) || typeof lock.lockfileVersion !== 'number') {
    throw new AppError('invalid-input', `${file.path}: expected the number of a lock file version, found none`);
  }
  const packages = recordOf(lock.packages);
  const locked = new Map<string, Locked>();
  for (const [key, tuple] of Object.entries(packages)) {
    const entry = readPackage(key, tuple, packages);
    if (entry !== undefined) locked.set(key, entry);
    else finds.skip(file, `expected a list that begins with name@version for ${JSON.stringify(key.slice(0, 80))}`);
  }
  for (const [folder, workspace] of Object.entries(recordOf(lock.workspaces))) {
    const raw = recordOf(workspace);
    const name = typeof raw.name === 'string' ? raw.name : '';
    const version = typeof raw.version === 'string' ? raw.version : await versionOf(tree, file.path, folder);
    const place = folder === '' ? '' : name;
    locked.set(place, { name, version, isLocal: true, folder, needs: needsOf(raw, place, packages) });
  }
  addLocked(finds, file, { locked, identify: npmPurl });
}

/** The lock file has no version of the project itself; its manifest may, and where that is damaged others say so. */
async function versionOf(tree: FileTree, lock: string, folder: string): Promise<string> {
  const path = joinPath(folderOf(lock), `${folder === '' ? '.' : folder}/package.json`);
  const bytes = path === undefined ? undefined : await tree.read(path);
  let version = '';
  if (path !== undefined && bytes !== undefined)
    await trying(path, [], () => void ({ version } = parseProject(bytes, path)));
  return version;
}

function readPackage(key: string, tuple: unknown, packages: Raw): Locked | undefined {
  const first: unknown = Array.isArray(tuple) ? tuple[0] : undefined;
  const found = typeof first === 'string' ? splitAt(first) : undefined;
  if (found === undefined || !Array.isArray(tuple)) return undefined;
  const { name, range } = found;
  const raw = recordOf(tuple.find(isRecord));
  return {
    name,
    // an address or a folder says no version
    version: /^\d/.test(range) ? range : '',
    ...(/^\d/.test(range) ? {} : npmOrigin(isTarball(range) && !range.includes(':') ? `file:${range}` : range)),
    isLocal: /^(?:workspace|file|link|root):/.test(range) && !isTarball(range),
    hashes: integrityHashes(tuple.at(-1)),
    needs: { ...needsOf(raw, key, packages), development: [] },
  };
}

function needsOf(raw: Raw, place: string, packages: Raw): Required<NonNullable<Locked['needs']>> {
  const find = (wanted: unknown) =>
    Object.keys(recordOf(wanted)).flatMap((name) => {
      // between a scope and its name is no place
      const keyAt = (at: string) => (at === '' ? name : /(?:^|\/)@[^/]+$/.test(at) ? '' : `${at}/${name}`);
      return findUpwards(place, keyAt, (key) => key !== '' && Object.hasOwn(packages, key)) ?? [];
    });
  return {
    runtime: find(raw.dependencies),
    optional: [...find(raw.optionalDependencies), ...find(requiredPeers(raw))],
    development: find(raw.devDependencies),
  };
}

/** What a package would only use if it were there is no need of it. */
function requiredPeers(raw: Raw): Raw {
  const optional = new Set(textsOf(raw.optionalPeers));
  return Object.fromEntries(Object.entries(recordOf(raw.peerDependencies)).filter(([name]) => !optional.has(name)));
}
