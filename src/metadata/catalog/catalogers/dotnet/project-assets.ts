/** `obj/project.assets.json`, which restoring a .NET project leaves: the packages of all its frameworks, with who needs whom. */
import { isRecord, mismatch, parseJson } from '../../../../core/index.ts';
import { addEntries, createFileCataloger, MAX_FILE_BYTES } from '../../file-cataloger.ts';
import type { Entry, Reading } from '../../file-cataloger.ts';
import { recordOf } from '../../values.ts';
import { nugetIdentity, packageHashes, splitKey } from './nuget.ts';

export const projectAssets = createFileCataloger({
  id: 'dotnet-project-assets',
  evidence: 'lock',
  names: ['project.assets.json'],
  read,
});

function read(reading: Reading): void {
  const what = reading.file.path;
  const assets = parseJson(reading.content, { what, maxBytes: MAX_FILE_BYTES });
  if (!isRecord(assets) || !isRecord(assets.libraries)) throw mismatch(what, 'an object with libraries', assets);
  const needs = readNeeds(assets.targets);
  const entries = new Map<string, Entry>();
  for (const [key, raw] of Object.entries(assets.libraries)) {
    const identity = splitKey(key);
    if (identity === undefined || !isRecord(raw)) continue;
    const given =
      raw.type === 'project'
        ? { ...identity, kind: 'application' as const }
        : { ...nugetIdentity(identity.name, identity.version), hashes: packageHashes(raw.sha512) };
    entries.set(key, { given, needs: [...(needs.get(key) ?? [])] });
  }
  addEntries(reading, entries);
}

/** Over all frameworks. A dependency is a range there; which version it came to, the framework's own list says. */
function readNeeds(targets: unknown): ReadonlyMap<string, ReadonlySet<string>> {
  const needs = new Map<string, Set<string>>();
  for (const target of Object.values(recordOf(targets))) {
    const keys = new Map(Object.keys(recordOf(target)).map((key) => [key.split('/', 1)[0]?.toLowerCase(), key]));
    for (const [key, raw] of Object.entries(recordOf(target))) {
      const wanted = Object.keys(recordOf(recordOf(raw).dependencies)).flatMap((n) => keys.get(n.toLowerCase()) ?? []);
      const known = needs.get(key) ?? new Set();
      for (const one of wanted) known.add(one);
      needs.set(key, known);
    }
  }
  return needs;
}
