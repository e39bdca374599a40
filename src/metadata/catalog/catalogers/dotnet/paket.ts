/**
 * Paket (fsprojects.github.io/Paket): `paket.lock`, and `paket.dependencies` where no lock file lies beside it, whose versions are
 * the lowest that would do. Groups are not kept apart.
 */
import { AppError } from '../../../../core/index.ts';
import { textOf } from '../../components.ts';
import type { Given } from '../../components.ts';
import { addEntries, createFileCataloger, linesOf } from '../../file-cataloger.ts';
import type { Entry, Reading } from '../../file-cataloger.ts';
import { folderOf } from '../../paths.ts';
import { nugetIdentity } from './nuget.ts';

export const paketLock = createFileCataloger({
  id: 'paket-lock',
  evidence: 'lock',
  names: ['paket.lock'],
  read: readLock,
});

export const paketDependencies = createFileCataloger({
  id: 'paket-dependencies',
  evidence: 'manifest',
  names: ['paket.dependencies'],
  read: readDependencies,
});

function readLock(reading: Reading): void {
  const entries = new Map<string, Entry & { readonly needs: string[] }>();
  let [section, remote] = ['', ''];
  let needs: string[] | undefined;
  for (const [index, line] of textOf(reading.content).split(/\r?\n/).entries()) {
    const [, indent = '', text = ''] = /^( *)(.*)$/.exec(line) ?? [];
    if (indent === '') section = text.trim();
    else if (indent.length === 2) remote = /^remote: (.*)$/.exec(text)?.[1]?.trim() ?? remote;
    else if (indent.length === 4) {
      const given = lockedPackage({ section, remote, text });
      needs = [];
      if (given !== undefined)
        entries.set(given.name.toLowerCase(), {
          given: { ...given, locations: linesOf(reading.file, index + 1) },
          needs,
        });
    } else needs?.push((text.split(' ', 1)[0] ?? '').toLowerCase());
  }
  addEntries(reading, entries);
}

function lockedPackage(line: {
  readonly section: string;
  readonly remote: string;
  readonly text: string;
}): Given | undefined {
  const [, name, version] = /^(\S+) \(([^)\s]+)\)/.exec(line.text) ?? [];
  if (name === undefined || version === undefined) return undefined;
  if (line.section === 'NUGET') return nugetIdentity(name, version);
  return line.section === 'GITHUB' ? githubFile(line.remote, { path: name, version }) : undefined;
}

function githubFile(
  repository: string,
  { path, version }: { readonly path: string; readonly version: string },
): Given | undefined {
  const [, namespace, name] = /^([\w.-]+)\/([\w.-]+)$/.exec(repository) ?? [];
  if (namespace === undefined || name === undefined) return undefined;
  const subpath = path === repository || path === 'FULLPROJECT' ? undefined : path;
  return { name: repository, version, purl: { type: 'github', namespace, name, version, subpath } };
}

const KEYWORDS =
  /^(?:source|nuget|clitool|github|gist|git|http|group|framework|references|storage|strategy|lowest_matching|restriction|redirects|import_targets|content|copy_\w+|cache|version|generate_load_scripts|load|condition|external_lock|license_download)\b/i;

function readDependencies({ content, file, finds, tree }: Reading): void {
  if (tree.find(`${folderOf(file.path)}paket.lock`) !== undefined) return;
  const lines = textOf(content)
    .split(/\r?\n/)
    .map((line) => line.replace(/(?:^|\s)(?:\/\/|#).*$|(?<!:)\/\/.*$/, '').trim());
  const first = lines.find((line) => line !== '');
  if (first !== undefined && !KEYWORDS.test(first)) {
    throw new AppError('invalid-input', `${file.path}: expected a keyword of Paket, found "${first.slice(0, 80)}"`);
  }
  for (const [index, line] of lines.entries()) {
    const given = wantedPackage(line);
    if (given !== undefined) finds.add(file, { ...given, locations: linesOf(file, index + 1) });
  }
}

function wantedPackage(line: string): Given | undefined {
  const [, keyword, name = '', rest = ''] = /^(nuget|clitool|github)\s+(\S+)(.*)$/i.exec(line) ?? [];
  if (keyword === undefined) return undefined;
  if (keyword.toLowerCase() !== 'github') {
    const version = /^\s+(?:(?:==|>=|<=|~>|=|>|<|!)\s*)?(\d[\w.+-]*)/.exec(rest)?.[1] ?? '';
    return nugetIdentity(name, version);
  }
  const [repository = '', version = ''] = name.split(':');
  return githubFile(repository, { path: repository, version });
}
