/**
 * Julia's `Manifest.toml` of formats 1 and 2 with who needs whom, and `Project.toml` (pkgdocs.julialang.org): the project itself, and by
 * its targets what is only for tests. A manifest that needs a package which it does not hold is refused if of format 1, as Pkg does; of format
 * 2, which is met cut down, what is missing is told.
 */
import { AppError, isRecord } from '../../../../core/index.ts';
import { tellablePlace } from '../../../sbom/index.ts';
import { parseToml } from '../../documents.ts';
import { addEntries, createFileCataloger, reach } from '../../file-cataloger.ts';
import type { Entry, Reading } from '../../file-cataloger.ts';
import { folderOf } from '../../paths.ts';
import { recordOf, textsOf } from '../../values.ts';
import type { Raw } from '../../values.ts';

export const juliaManifest = createFileCataloger({
  id: 'julia-manifest',
  evidence: 'lock',
  names: ['Manifest.toml', 'JuliaManifest.toml', 'Project.toml', 'JuliaProject.toml'],
  isRead: (path) => path.endsWith('Manifest.toml'),
  read: readManifest,
});

export const juliaProject = createFileCataloger({
  id: 'julia-project',
  evidence: 'manifest',
  names: ['Project.toml', 'JuliaProject.toml'],
  read: readProject,
});

interface Package {
  readonly name: string;
  readonly raw: Raw;
}

async function readManifest(reading: Reading): Promise<void> {
  const { content, file, finds, tree } = reading;
  const manifest = parseToml(content, file.path);
  const isSecond = /^2\b/.test(text(manifest.manifest_format) ?? '');
  const packages = packagesOf(isSecond ? recordOf(manifest.deps) : manifest);
  const byName = Map.groupBy(packages, ({ name }) => name);
  const refuse = (reason: string) => {
    if (!isSecond) throw new AppError('invalid-input', `${file.path}: ${reason}`);
    finds.skip(file, reason);
  };
  // packages of Julia's own library have its version
  const standard = text(manifest.julia_version) ?? '';
  const needs = new Map(
    packages.map(({ name, raw }) => [keyOf(name, raw), { needs: needsOf({ name, raw }, byName, refuse) }]),
  );
  const projectPath = `${folderOf(file.path)}${file.path.endsWith('JuliaManifest.toml') ? 'JuliaProject.toml' : 'Project.toml'}`;
  const project = await tree.read(projectPath);
  const runtime = project === undefined ? undefined : reachedBy(parseToml(project, projectPath), packages, needs);
  const entries = new Map<string, Entry>();
  for (const { name, raw } of packages) {
    const key = keyOf(name, raw);
    const version = text(raw.version) ?? standard;
    const address = tellablePlace(text(raw['repo-url']) ?? '');
    entries.set(key, {
      needs: needs.get(key)?.needs ?? [],
      given: {
        name,
        version,
        purl: { type: 'julia', name, version, qualifiers: { uuid: text(raw.uuid) } },
        scope: runtime === undefined || runtime.has(key) ? 'runtime' : 'development',
        properties: {
          ...(text(raw['git-tree-sha1']) === undefined ? {} : { 'julia:gitTreeSha1': String(raw['git-tree-sha1']) }),
          ...(address === undefined || address === '' ? {} : { 'julia:repoUrl': address }),
        },
      },
    });
  }
  addEntries(reading, entries);
}

function packagesOf(table: Raw): readonly Package[] {
  return Object.entries(table).flatMap(([name, list]) =>
    (Array.isArray(list) ? (list as readonly unknown[]) : []).flatMap((raw) => (isRecord(raw) ? [{ name, raw }] : [])),
  );
}

function keyOf(name: string, raw: Raw): string {
  return `${name} ${text(raw.uuid) ?? ''}`;
}

/** By name where that is unique, else by name and UUID. */
function needsOf(
  { name, raw }: Package,
  byName: ReadonlyMap<string, readonly Package[]>,
  refuse: (reason: string) => void,
): readonly string[] {
  if (isRecord(raw.deps)) return Object.entries(raw.deps).map(([needed, uuid]) => `${needed} ${text(uuid) ?? ''}`);
  return textsOf(raw.deps).flatMap((needed) => {
    const [found, ...others] = byName.get(needed) ?? [];
    if (found !== undefined && others.length === 0) return keyOf(found.name, found.raw);
    const count = found === undefined ? 'none' : others.length + 1;
    refuse(`expected one entry of "${needed.slice(0, 80)}", which ${name.slice(0, 80)} needs, found ${count}`);
    return [];
  });
}

/** From what the project itself needs; its extras are for the targets that name them, such as tests. */
function reachedBy(
  project: Raw,
  packages: readonly Package[],
  needs: ReadonlyMap<string, Pick<Entry, 'needs'>>,
): ReadonlySet<string> {
  const direct = new Set(Object.keys(recordOf(project.deps)));
  return reach(
    needs,
    packages.filter(({ name }) => direct.has(name)).map(({ name, raw }) => keyOf(name, raw)),
  );
}

/** Without a name it is an environment for working in. */
function readProject({ content, file, finds }: Reading): void {
  const project = parseToml(content, file.path);
  const [name, version] = [text(project.name), text(project.version)];
  if (name === undefined || version === undefined) return;
  finds.add(file, { name, version, kind: 'application', scope: 'runtime' });
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
