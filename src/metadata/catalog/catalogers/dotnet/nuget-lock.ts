/** `packages.lock.json` of NuGet, versions 1 and 2: what each framework of a project resolves to, with who needs whom. */
import { isRecord, mismatch, parseJson } from '../../../../core/index.ts';
import type { Given } from '../../components.ts';
import { addEntries, createFileCataloger, MAX_FILE_BYTES } from '../../file-cataloger.ts';
import type { Entry, Reading } from '../../file-cataloger.ts';
import { recordOf } from '../../values.ts';
import type { Raw } from '../../values.ts';
import { nugetIdentity, packageHashes } from './nuget.ts';

export const nugetLock = createFileCataloger({
  id: 'nuget-lock',
  evidence: 'lock',
  names: ['packages.lock.json'],
  read,
});

function read(reading: Reading): void {
  const what = reading.file.path;
  const lock = parseJson(reading.content, { what, maxBytes: MAX_FILE_BYTES });
  if (!isRecord(lock) || !isRecord(lock.dependencies)) throw mismatch(what, 'an object with dependencies', lock);
  for (const framework of Object.values(lock.dependencies)) {
    const entries = new Map<string, Entry>();
    for (const [name, raw] of Object.entries(recordOf(framework))) {
      const given = isRecord(raw) ? describe(name, raw) : undefined;
      if (given === undefined) continue;
      const needs = Object.keys(recordOf(recordOf(raw).dependencies)).map((needed) => needed.toLowerCase());
      entries.set(name.toLowerCase(), { given, needs });
    }
    addEntries(reading, entries);
  }
}

/** A project of the same solution has no version. */
function describe(name: string, raw: Raw): Given | undefined {
  if (raw.type === 'Project') return { name, version: '', kind: 'application' };
  if (typeof raw.resolved !== 'string') return undefined;
  return { ...nugetIdentity(name, raw.resolved), hashes: packageHashes(raw.contentHash) };
}
