/**
 * R: `DESCRIPTION` of packages ("Writing R Extensions"), which is of an installed one where it says what it was built with, and
 * `renv.lock`. Only what a repository of CRAN has is named as CRAN's.
 */
import { AppError, isRecord, mismatch, parseJson } from '../../../../core/index.ts';
import { textOf } from '../../components.ts';
import type { Given } from '../../components.ts';
import { addEntries, createFileCataloger, MAX_FILE_BYTES } from '../../file-cataloger.ts';
import type { Entry, Reading } from '../../file-cataloger.ts';
import { parseParagraphs } from '../os/deb-control.ts';

export const rPackage = createFileCataloger({
  id: 'r-package',
  evidence: 'installed-metadata',
  names: ['DESCRIPTION'],
  maxBytes: 4 * 1024 * 1024,
  read: readDescription,
});

export const renvLock = createFileCataloger({
  id: 'renv-lock',
  evidence: 'lock',
  names: ['renv.lock'],
  read: readLock,
});

function readDescription({ content, file, finds, link }: Reading): void {
  const fields = parseParagraphs(textOf(content))[0] ?? new Map<string, string>();
  const [name, version] = [fields.get('package'), fields.get('version')];
  if (name === undefined || version === undefined) {
    throw new AppError('invalid-input', `${file.path}: expected the fields Package and Version of an R package`);
  }
  const [licence, supplier] = [fields.get('license'), fields.get('maintainer') ?? fields.get('author')];
  const component = finds.add(file, {
    ...cran(name, version),
    ...(fields.has('built') ? {} : { evidence: 'manifest' }),
    licences: licence === undefined || licence === '' ? [] : [licence],
    ...(supplier === undefined || supplier === '' ? {} : { supplier: supplier.replaceAll(/\s+/g, ' ') }),
  });
  const needs = ['depends', 'imports', 'linkingto'].flatMap((field) => namesIn(fields.get(field) ?? ''));
  link({ component, within: file.path.split('/').slice(0, -2).join('/'), name, needs });
}

/** `glue (>= 1.6.1), R (>= 3.3)`; R itself is no package. */
function namesIn(text: string): readonly string[] {
  return text
    .split(',')
    .flatMap((part) => /^\s*([A-Za-z][\w.]*)/.exec(part)?.[1] ?? [])
    .filter((name) => name !== 'R');
}

function readLock(reading: Reading): void {
  const { content, file } = reading;
  const lock = parseJson(content, { what: file.path, maxBytes: MAX_FILE_BYTES });
  if (!isRecord(lock)) throw mismatch(file.path, 'an object', lock);
  const entries = new Map<string, Entry>();
  for (const [key, raw] of Object.entries(isRecord(lock.Packages) ? lock.Packages : {})) {
    if (!isRecord(raw) || typeof raw.Version !== 'string') continue;
    const name = typeof raw.Package === 'string' ? raw.Package : key;
    const list: readonly unknown[] = Array.isArray(raw.Requirements) ? raw.Requirements : [];
    const needs = list.filter((need) => typeof need === 'string');
    entries.set(key, { given: locked(name, raw.Version, raw), needs });
  }
  addEntries(reading, entries);
}

/** From a repository, from GitHub with its commit, else from where the file does not say. */
function locked(name: string, version: string, raw: Readonly<Record<string, unknown>>): Given {
  const [repository, user, project, commit] = [raw.Repository, raw.RemoteUsername, raw.RemoteRepo, raw.RemoteSha];
  if (typeof repository === 'string') {
    const isCran = /^(?:CRAN|RSPM|P3M)$/.test(repository);
    const { purl } = cran(name, version);
    const qualifiers = isCran ? {} : { repository_url: repository };
    return { name, version, ...(purl === undefined ? {} : { purl: { ...purl, qualifiers } }) };
  }
  if (raw.RemoteType === 'github' && [user, project, commit].every((field) => typeof field === 'string'))
    return {
      name,
      version,
      purl: { type: 'github', namespace: String(user), name: String(project), version: String(commit) },
    };
  return { name, version, purl: { type: 'generic', name, version } };
}

function cran(name: string, version: string): Given {
  return { name, version, purl: { type: 'cran', name, version } };
}
