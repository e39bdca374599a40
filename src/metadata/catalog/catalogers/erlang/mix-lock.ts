/** `mix.lock` of Elixir: packages of Hex with the hashes of their archives and who needs whom, repositories and folders. */
import { AppError } from '../../../../core/index.ts';
import { textOf as decode } from '../../components.ts';
import type { Given } from '../../components.ts';
import { addEntries, createFileCataloger } from '../../file-cataloger.ts';
import type { Entry, Reading } from '../../file-cataloger.ts';
import { gitPackage, hexPackage } from './hex.ts';
import { itemsOf, parseTerms, textOf } from './terms.ts';
import type { Term } from './terms.ts';

export const mixLock = createFileCataloger({ id: 'mix-lock', evidence: 'lock', names: ['mix.lock'], read });

function read(reading: Reading): void {
  const { content, file, finds } = reading;
  const [map, ...others] = parseTerms(decode(content), file.path);
  if (map === undefined || typeof map === 'string' || map.kind !== 'map' || others.length > 0) {
    throw new AppError('invalid-input', `${file.path}: expected one map, found something else`);
  }
  const entries = new Map<string, Entry>();
  for (const pair of map.items) {
    const [key, value] = itemsOf(pair, 'tuple');
    const name = textOf(key);
    const fields = itemsOf(value, 'tuple');
    const given = name === undefined ? undefined : describe(name, fields);
    if (name === undefined || given === undefined)
      finds.skip(file, `expected a source and a version of ${name ?? 'a package'}`);
    else entries.set(name, { given, needs: fields[0] === 'hex' ? needsOf(fields[5]) : [] });
  }
  addEntries(reading, entries);
}

/** `{:hex, name, version, inner hash, managers, needs, repository, outer hash}`, `{:git, address, commit, options}`, `{:path, …}`. */
function describe(app: string, [source, first, second, ...rest]: readonly Term[]): Given | undefined {
  const [name, version] = [textOf(first), textOf(second)];
  if (source === 'path') return { name: app, version: '', kind: 'application' };
  if (name === undefined || version === undefined) return undefined;
  if (source === 'git') return gitPackage(app, name, version);
  return source === 'hex' ? hexPackage(name, version, textOf(rest[4])) : undefined;
}

/** By the name of the application, which is the key of the map. */
function needsOf(term: Term | undefined): readonly string[] {
  return itemsOf(term, 'list').flatMap((need) => textOf(itemsOf(need, 'tuple')[0]) ?? []);
}
