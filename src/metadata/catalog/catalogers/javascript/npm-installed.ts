/** npm packages as they lie in node_modules, by their package.json; pnpm's and npm's own bundled ones too. */
import { isRecord, parseJson } from '../../../../core/index.ts';
import type { FileEntry, FileTree, SkippedFile } from '../../../../core/index.ts';
import type { Component, Dependency } from '../../../sbom/index.ts';
import { SKIP } from '../../cataloger.ts';
import type { Catalog, Cataloger } from '../../cataloger.ts';
import { createComponent, locationOf, trying } from '../../components.ts';
import type { Given } from '../../components.ts';
import { isNpmName, MAX_NPM_VERSION, npmLicences } from './npm-licence.ts';

/** Directly below node_modules or a scope in it: a package.json deeper down is a fixture or a module marker. */
const MANIFEST = /(?:^|\/)node_modules\/(?:@[^/]+\/)?[^/@.][^/]*\/package\.json$/;
/** Manifests seldom pass 100 KiB. */
const MAX_BYTES = 4 * 1024 * 1024;

export const npmInstalled: Cataloger = {
  id: 'npm-installed',
  evidence: 'installed',
  names: ['package.json'],
  select: ({ path }) => (MANIFEST.test(path) ? { kind: 'keep', maxBytes: MAX_BYTES } : SKIP),
  catalog,
};

interface Installed {
  readonly folder: string;
  readonly component: Component;
  readonly wanted: readonly string[];
}

async function catalog(tree: FileTree, files: readonly FileEntry[]): Promise<Catalog> {
  const skipped: SkippedFile[] = [];
  const installed = new Map<string, Installed>();
  for (const file of files) {
    await trying(file.path, skipped, async () => {
      const bytes = await tree.read(file.path);
      const found = bytes === undefined ? undefined : readManifest(bytes, file);
      if (found !== undefined) installed.set(found.folder, found);
    });
  }
  return {
    components: [...installed.values()].map(({ component }) => component),
    dependencies: [...installed.values()].map((entry) => resolve(entry, installed)),
    skipped,
  };
}

/** Undefined for a manifest without name or version: it marks a module's kind and is no package. */
function readManifest(bytes: Uint8Array, file: FileEntry): Installed | undefined {
  const manifest = parseJson(bytes, { what: file.path, maxBytes: MAX_BYTES });
  if (!isRecord(manifest) || isForeign(manifest)) return undefined;
  const { name, version } = manifest;
  if (
    typeof name !== 'string' ||
    typeof version !== 'string' ||
    version === '' ||
    !isNpmName(name) ||
    version.length > MAX_NPM_VERSION
  )
    return undefined;
  const supplier = authorOf(manifest.author);
  return {
    folder: file.path.slice(0, -'/package.json'.length),
    wanted: Object.keys({ ...recordOf(manifest.dependencies), ...recordOf(manifest.optionalDependencies) }),
    component: createComponent({
      ...npmIdentity(name, version),
      foundBy: 'npm-installed',
      evidence: 'installed-metadata',
      locations: [locationOf(file)],
      licences: npmLicences(manifest),
      ...(file.layer === undefined ? {} : { introducedBy: file.layer }),
      ...(supplier === undefined ? {} : { supplier }),
    }),
  };
}

/** Visual Studio Code extensions and language packs, and Unity packages, have a package.json too and are no npm packages. */
function isForeign(manifest: Readonly<Record<string, unknown>>): boolean {
  const engines = recordOf(manifest.engines);
  const isExtension = typeof engines.vscode === 'string' && typeof manifest.publisher === 'string';
  return isExtension || isRecord(manifest.contributes) || typeof manifest.unity === 'string';
}

export function npmIdentity(name: string, version: string): Pick<Given, 'name' | 'version' | 'purl'> {
  const slash = name.startsWith('@') ? name.indexOf('/') : -1;
  return {
    name,
    version,
    purl: {
      type: 'npm',
      namespace: slash < 0 ? undefined : name.slice(0, slash),
      name: name.slice(slash + 1),
      version,
    },
  };
}

function authorOf(author: unknown): string | undefined {
  const text = isRecord(author) ? author.name : author;
  return typeof text === 'string' && text.trim() !== '' ? text.trim() : undefined;
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return isRecord(value) ? value : {};
}

/** As Node does: the nearest node_modules from the package upwards. */
function resolve(entry: Installed, installed: ReadonlyMap<string, Installed>): Dependency {
  const to = entry.wanted.flatMap((name) => {
    for (let at: string | undefined = entry.folder; at !== undefined; at = parentOf(at)) {
      const found = installed.get(at === '' ? `node_modules/${name}` : `${at}/node_modules/${name}`);
      if (found !== undefined) return [found.component.id];
    }
    return [];
  });
  return { from: entry.component.id, to };
}

function parentOf(path: string): string | undefined {
  if (path === '') return undefined;
  const slash = path.lastIndexOf('/');
  return slash < 0 ? '' : path.slice(0, slash);
}
