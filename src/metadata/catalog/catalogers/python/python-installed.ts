/**
 * Python packages as pip, Debian and others install them: `*.dist-info` and `*.egg-info`, with the files that RECORD says are theirs and
 * where direct_url.json says they come from (PEP 610).
 */
import { isRecord, parseJson } from '../../../../core/index.ts';
import type { FileEntry, FileTree } from '../../../../core/index.ts';
import { MAX_DATABASE_BYTES, SKIP } from '../../cataloger.ts';
import type { Catalog, CatalogContext, Cataloger } from '../../cataloger.ts';
import { catalogFiles, readText, textOf, trying } from '../../components.ts';
import type { Finds } from '../../components.ts';
import { vcsUrl } from '../../file-cataloger.ts';
import { folderOf, isFixture, joinPath } from '../../paths.ts';
import { addPackage, MAX_METADATA_BYTES, parseMetadata } from './metadata.ts';
import { onlyHash, recordOf, textOr } from '../../values.ts';
import { resolveRequirements } from './requirement-graph.ts';
import type { Installed } from './requirement-graph.ts';

const METADATA = /(?:^|\/)(?:[^/]*dist-info\/METADATA|(?:[^/]*egg-info|EGG-INFO)\/PKG-INFO|[^/]+\.egg-info)$/;
/** Beside the metadata. */
const BESIDE =
  /(?:^|\/)[^/]*(?:dist-info|egg-info|EGG-INFO)\/(?:RECORD|INSTALLER|direct_url\.json|installed-files\.txt)$/;

export const pythonInstalled: Cataloger = {
  id: 'python-installed',
  evidence: 'installed',
  names: ['METADATA', 'PKG-INFO', '*.egg-info', 'RECORD', 'INSTALLER', 'direct_url.json', 'installed-files.txt'],
  select: ({ path }) => {
    if (isFixture(path)) return SKIP;
    if (METADATA.test(path)) return { kind: 'keep', maxBytes: MAX_METADATA_BYTES };
    return BESIDE.test(path) ? { kind: 'keep', maxBytes: MAX_DATABASE_BYTES } : SKIP;
  },
  catalog,
};

async function catalog(tree: FileTree, files: readonly FileEntry[], context: CatalogContext): Promise<Catalog> {
  const installed: Installed[] = [];
  const owners = new Map<string, string>();
  const finder = { foundBy: 'python-installed', evidence: 'installed-metadata' } as const;
  const found = await catalogFiles(
    files.filter(({ path }) => METADATA.test(path)),
    { tree, context, finder },
    async (content, file, finds) => {
      const metadata = parseMetadata(textOf(content), file.path);
      const component = addPackage(finds, file, metadata, await originOf(tree, file, finds));
      if (component === undefined) return;
      installed.push({ component, place: placeOf(file.path), requirements: metadata.requirements });
      for (const path of await listFiles(tree, file)) owners.set(path, component.id);
    },
  );
  return { ...found, dependencies: resolveRequirements(installed), owners };
}

type Origin = Parameters<typeof addPackage>[3];

/**
 * A repository's commit, the hash of an archive, or a folder: then no registry has it. Conda builds what it distributes in folders. A damaged
 * file loses nothing else.
 */
async function originOf(tree: FileTree, file: FileEntry, finds: Finds): Promise<Origin> {
  const folder = folderOf(file.path);
  const path = `${folder}direct_url.json`;
  const bytes = await tree.read(path);
  let isFolder = false;
  let origin: Origin = {};
  if (bytes === undefined) return origin;
  await trying(path, finds.skipped, () => {
    const direct = parseJson(bytes, { what: path });
    const vcs = isRecord(direct) ? recordOf(direct.vcs_info) : {};
    const archive = isRecord(direct) ? recordOf(direct.archive_info) : {};
    const url = isRecord(direct) ? textOr(direct.url, '') : '';
    if (typeof vcs.vcs === 'string' && url !== '') {
      const revision = textOr(vcs.commit_id, textOr(vcs.requested_revision, ''));
      origin = { qualifiers: { vcs_url: vcsUrl(url, revision, vcs.vcs) } };
    } else if (isRecord(direct) && isRecord(direct.dir_info)) isFolder = true;
    else origin = { hashes: onlyHash([textOr(archive.hash, '')]) };
  });
  if (!isFolder || /^conda\b/.test((await readText(tree, `${folder}INSTALLER`)) ?? '')) return origin;
  return { kind: 'application', purl: undefined };
}

/** Paths from the tree's root. RECORD counts from the folder of packages, installed-files.txt from its own. */
async function listFiles(tree: FileTree, file: FileEntry): Promise<readonly string[]> {
  const folder = folderOf(file.path);
  const record = (await readText(tree, `${folder}RECORD`)) ?? '';
  const installed = (await readText(tree, `${folder}installed-files.txt`)) ?? '';
  const listed = [
    ...record.split(/\r?\n/).map((line) => `../${/^"((?:[^"]|"")*)"|^[^,]*/.exec(line)?.[1] ?? line.split(',', 1)[0]}`),
    ...installed.split(/\r?\n/),
  ];
  return listed.filter((name) => name !== '' && name !== '../').flatMap((name) => joinPath(folder, name) ?? []);
}

/** The folder of packages. */
function placeOf(path: string): string {
  return path.replace(/[^/]+(?:\/(?:METADATA|PKG-INFO))?$/, '');
}
