/**
 * Bundler's `Gemfile.lock` and `gems.locked`: gems of servers, repositories and folders, with who needs whom. Groups are not in the file,
 * so that what is only for development cannot be told.
 */
import { AppError } from '../../../../core/index.ts';
import type { Hash } from '../../../sbom/index.ts';
import { textOf } from '../../components.ts';
import type { Given } from '../../components.ts';
import { addEntries, createFileCataloger, linesOf, vcsUrl } from '../../file-cataloger.ts';
import type { Entry, Reading } from '../../file-cataloger.ts';
import { groupKeys } from '../../locked.ts';

export const gemfileLock = createFileCataloger({
  id: 'gemfile-lock',
  evidence: 'lock',
  names: ['Gemfile.lock', 'gems.locked'],
  read,
});

/** `name (1.2.3-x86_64-linux)`, with the hash of its file behind it in the section of checksums. */
const GEM = /^(\S+) \(([^)-]+)(?:-([^)]+))?\)!?(?: sha256=([0-9a-f]{64}))?/;

interface Source {
  section: string;
  remote: string;
  revision: string;
}

type Gem = Entry & { readonly needs: string[] };

function read(reading: Reading): void {
  const { content, file } = reading;
  const lines = textOf(content).split(/\r?\n/);
  if (!lines.some((line) => /^[A-Z][A-Z ]+$/.test(line)) && lines.some((line) => line.trim() !== '')) {
    throw new AppError('invalid-input', `${file.path}: expected a section of Bundler such as GEM, found none`);
  }
  const checksums = readChecksums(lines);
  const entries = new Map<string, Gem>();
  const source: Source = { section: '', remote: '', revision: '' };
  let current: Gem | undefined;
  for (const [index, line] of lines.entries()) {
    const [, indent = '', text = ''] = /^( *)(.*)$/.exec(line) ?? [];
    if (indent.length <= 2) {
      readSource(source, indent, text);
      current = undefined;
    } else if (!SOURCES.has(source.section)) continue;
    else if (indent.length === 4) {
      const given = describe(text, source, checksums);
      current = given === undefined ? undefined : (entries.get(text) ?? { given: located(given, index), needs: [] });
      if (current !== undefined) entries.set(text, current);
    } else current?.needs.push(text.replace(/[ !].*$/, ''));
  }
  addEntries(reading, byName(entries));

  function located(given: Given, index: number): Given {
    return { ...given, locations: linesOf(file, index + 1) };
  }
}

/** What is needed is needed for each of its platforms. */
function byName(entries: ReadonlyMap<string, Gem>): ReadonlyMap<string, Entry> {
  const keys = groupKeys(entries.keys(), (key) => entries.get(key)?.given.name ?? '');
  return new Map(
    [...entries].map(([key, { given, needs }]) => [
      key,
      { given, needs: needs.flatMap((name) => keys.get(name) ?? []) },
    ]),
  );
}

const SOURCES: ReadonlySet<string> = new Set(['GEM', 'GIT', 'PATH', 'PLUGIN SOURCE']);

function readSource(source: Source, indent: string, text: string): void {
  if (indent === '') Object.assign(source, { section: text.trim(), remote: '', revision: '' });
  const [, field, value = ''] = /^(remote|revision): (.*)$/.exec(text) ?? [];
  if (field === 'remote') source.remote = value.trim();
  else if (field === 'revision') source.revision = value.trim();
}

function readChecksums(lines: readonly string[]): ReadonlyMap<string, Hash> {
  const start = lines.indexOf('CHECKSUMS');
  const found = new Map<string, Hash>();
  for (const line of start < 0 ? [] : lines.slice(start + 1)) {
    if (!line.startsWith('  ')) break;
    const [, name = '', version = '', platform, value] = GEM.exec(line.trim()) ?? [];
    if (value !== undefined) found.set(keyOf(name, version, platform), { algorithm: 'sha256', value });
  }
  return found;
}

function keyOf(name: string, version: string, platform: string | undefined): string {
  return `${name} ${version} ${platform ?? ''}`;
}

function describe(text: string, source: Source, checksums: ReadonlyMap<string, Hash>): Given | undefined {
  const [, name, version, platform] = GEM.exec(text) ?? [];
  if (name === undefined || version === undefined) return undefined;
  if (source.section === 'PATH') return { name, version, kind: 'application' };
  const isRepository = source.section === 'GIT' && source.revision !== '';
  const hash = checksums.get(keyOf(name, version, platform));
  return {
    name,
    version,
    purl: {
      type: 'gem',
      name,
      version,
      qualifiers: { platform, vcs_url: isRepository ? vcsUrl(source.remote, source.revision) : undefined },
    },
    hashes: hash === undefined ? [] : [hash],
  };
}
