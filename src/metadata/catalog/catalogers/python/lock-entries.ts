/** Python's lock files name what a package needs by its name, of which they may hold several versions. */
import type { FileEntry } from '../../../../core/index.ts';
import type { Finds } from '../../components.ts';
import { addLocked, groupKeys } from '../../locked.ts';
import type { Locked, Needs } from '../../locked.ts';
import { foldName, pypiPurl } from './python-package.ts';
import { namesOf } from './pyproject.ts';
import type { Project } from './pyproject.ts';

/** `needs` holds names, or `name@version` where the file says which. */
export function addEntries(finds: Finds, file: FileEntry, entries: readonly Locked[], project?: Project): void {
  const locked = new Map<string, Locked>();
  for (const entry of [...entries, ...(project === undefined ? [] : [localOf(project)])]) {
    const key = `${foldName(entry.name)}@${entry.version}`;
    const known = locked.get(key);
    locked.set(key, known === undefined ? entry : { ...known, needs: joinNeeds(known.needs, entry.needs) });
  }
  const byName = groupKeys(locked.keys(), (key) => foldName(locked.get(key)?.name ?? ''));
  const resolve = (wanted: readonly string[] = []) =>
    wanted.flatMap((name) => (locked.has(name) ? [name] : (byName.get(foldName(name)) ?? [])));
  const resolved = [...locked].map(([key, { needs = {}, ...entry }]): readonly [string, Locked] => [
    key,
    {
      ...entry,
      needs: {
        runtime: resolve(needs.runtime),
        optional: resolve(needs.optional),
        development: resolve(needs.development),
      },
    },
  ]);
  addLocked(finds, file, { locked: new Map(resolved), identify: pypiPurl });
}

function localOf(project: Project): Locked {
  const { name, version } = project;
  const needs = {
    runtime: namesOf(project.runtime),
    optional: namesOf(project.optional),
    development: namesOf(project.development),
  };
  return { name, version, isLocal: true, folder: '', needs };
}

/** One package may stand there several times, once for each of its extras. */
function joinNeeds(a: Needs = {}, b: Needs = {}): Needs {
  const join = (scope: keyof Needs) => [...(a[scope] ?? []), ...(b[scope] ?? [])];
  return { runtime: join('runtime'), optional: join('optional'), development: join('development') };
}
