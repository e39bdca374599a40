/**
 * `*.deps.json`, which the .NET SDK writes beside each program: what the runtime loads (dotnet/sdk, runtime configuration files).
 * A package counts only if it brings a file for running: a metapackage, or one that the runtime itself replaces, is not there.
 */
import { AppError, isRecord, parseJson, pushAll } from '../../../../core/index.ts';
import type { Given } from '../../components.ts';
import { addEntries, createFileCataloger, MAX_FILE_BYTES } from '../../file-cataloger.ts';
import type { Entry, Reading } from '../../file-cataloger.ts';
import { recordOf } from '../../values.ts';
import type { Raw } from '../../values.ts';
import { nugetIdentity, packageHashes, splitKey } from './nuget.ts';

export const dotnetDeps = createFileCataloger({
  id: 'dotnet-deps',
  evidence: 'installed-metadata',
  names: ['*.json'],
  isChosen: (path) => path.endsWith('.deps.json'),
  read: readDepsJson,
});

/** Also of the one inside a single-file program. */
export function readDepsJson(reading: Pick<Reading, 'content' | 'file' | 'finds'>): void {
  const { content, file, finds } = reading;
  const document = recordOf(parseJson(content, { what: file.path, maxBytes: MAX_FILE_BYTES }));
  if (!isRecord(document.targets) && !isRecord(document.libraries)) {
    throw new AppError('invalid-input', `${file.path}: expected targets or libraries, found neither`);
  }
  const target = recordOf(recordOf(document.targets)[String(recordOf(document.runtimeTarget).name)]);
  const entries = new Map<string, Entry>();
  for (const [key, raw] of Object.entries(recordOf(document.libraries))) {
    const identity = splitKey(key);
    if (identity === undefined) finds.skip(file, `expected a name and a version, found "${key.slice(0, 80)}"`);
    else if (isRecord(raw) && isThere(raw, target[key]))
      entries.set(key, { given: { ...identity, ...factsOf(identity, raw) }, needs: needsOf(key, target) });
  }
  addEntries(reading, bridge(entries, target));
}

function isThere(library: Raw, inTarget: unknown): boolean {
  if (library.type === 'referenceassembly') return false;
  return library.type !== 'package' || !isRecord(inTarget) || ASSETS.some((kind) => isRecord(inTarget[kind]));
}

const ASSETS = ['runtime', 'native', 'resources', 'runtimeTargets'];

type Identity = NonNullable<ReturnType<typeof splitKey>>;

/** Projects are what is built here, nothing published. */
function factsOf({ name, version }: Identity, library: Raw): Given {
  if (library.type === 'project') return { name, version, kind: 'application' };
  // The runtime itself, where it is shipped with the program.
  if (library.type === 'runtimepack') return nugetIdentity(name.replace(/^runtimepack\./, ''), version);
  if (library.type !== 'package') return { name, version, purl: { type: 'generic', name, version } };
  return { ...nugetIdentity(name, version), hashes: packageHashes(library.sha512) };
}

function needsOf(key: string, target: Raw): readonly string[] {
  return Object.entries(recordOf(recordOf(target[key]).dependencies)).map(
    ([name, version]) => `${name}/${String(version)}`,
  );
}

/** The largest metapackages need some hundred others. */
const MAX_THROUGH = 2000;

/** What is needed through a package that is not there is needed by whoever needs that one. */
function bridge(entries: ReadonlyMap<string, Entry>, target: Raw): ReadonlyMap<string, Entry> {
  return new Map(
    [...entries].map(([key, { given, needs }]) => {
      const through = new Set<string>();
      const waiting = [...needs];
      for (let next = waiting.pop(); next !== undefined && through.size < MAX_THROUGH; next = waiting.pop()) {
        if (through.has(next)) continue;
        through.add(next);
        if (!entries.has(next)) pushAll(waiting, needsOf(next, target));
      }
      return [key, { given, needs: [...through] }];
    }),
  );
}
