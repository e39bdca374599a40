/** npm packages as they lie in node_modules, by their package.json; pnpm's and npm's own bundled ones too. */
import { AppError, isRecord, parseJson } from '../../../../core/index.ts';
import type { FileEntry, FileTree } from '../../../../core/index.ts';
import type { Component } from '../../../sbom/index.ts';
import { SKIP } from '../../cataloger.ts';
import type { Catalog, Cataloger } from '../../cataloger.ts';
import { catalogFiles } from '../../components.ts';
import type { Finds } from '../../components.ts';
import { isFixture } from '../../paths.ts';
import { createModuleFinder } from './npm-resolution.ts';
import { recordOf } from '../../values.ts';
import { npmLicences, npmLinks, npmPurl } from './npm-package.ts';

/**
 * Directly below node_modules, a scope in it or a folder of packages that a package carries along: a package.json deeper down is a fixture
 * or a module marker.
 */
export const MANIFEST =
  /(?:^|\/)node_modules\/(?:.+\/(?:vendor|vendored|third_party)\/)?(?:@[^/]+\/)?[^/@.][^/]*\/package\.json$/;
/** Manifests seldom pass 100 KiB. */
const MAX_BYTES = 4 * 1024 * 1024;

export const npmInstalled: Cataloger = {
  id: 'npm-installed',
  evidence: 'installed',
  names: ['package.json'],
  select: ({ path }) => (MANIFEST.test(path) && !isFixture(path) ? { kind: 'keep', maxBytes: MAX_BYTES } : SKIP),
  catalog: async (tree, files, context) => {
    const installed = new Map<string, Installed>();
    const finder = { foundBy: 'npm-installed', evidence: 'installed-metadata' } as const;
    const found = await catalogFiles(files, { tree, context, finder }, (content, file, finds) => {
      const entry = readManifest(content, file, finds);
      if (entry !== undefined) installed.set(file.path, entry);
    });
    return { ...found, dependencies: resolve(tree, installed) };
  },
};

interface Installed {
  readonly component: Component;
  readonly wanted: readonly string[];
}

/** Undefined for a manifest without a name: it marks a module's kind and is no package. */
export function readManifest(bytes: Uint8Array, file: FileEntry, finds: Finds): Installed | undefined {
  const manifest = parseJson(bytes, { what: file.path, maxBytes: MAX_BYTES });
  if (!isRecord(manifest) || isForeign(manifest)) return undefined;
  const { name, version } = manifest;
  if (typeof name !== 'string' || version === '') return undefined;
  const identity = { name, version: typeof version === 'string' ? version : '' };
  const purl = npmPurl(identity);
  if (purl === undefined) {
    throw new AppError(
      'invalid-input',
      `${file.path}: expected a package name, found ${JSON.stringify(name.slice(0, 80))}`,
    );
  }
  const supplier = authorOf(manifest.author);
  const component = finds.add(file, {
    ...identity,
    purl,
    licences: npmLicences(manifest),
    ...npmLinks(manifest),
    ...(supplier === undefined ? {} : { supplier }),
  });
  const kinds = [manifest.dependencies, manifest.optionalDependencies, manifest.peerDependencies];
  const wanted = kinds.flatMap((kind) => Object.keys(recordOf(kind)));
  return component === undefined ? undefined : { component, wanted };
}

/** Visual Studio Code extensions and language packs, and Unity packages, have a package.json too and are no npm packages. */
function isForeign(manifest: Readonly<Record<string, unknown>>): boolean {
  const engines = recordOf(manifest.engines);
  const isExtension = typeof engines.vscode === 'string' && typeof manifest.publisher === 'string';
  return isExtension || isRecord(manifest.contributes) || typeof manifest.unity === 'string';
}

function authorOf(author: unknown): string | undefined {
  const text = isRecord(author) ? author.name : author;
  return typeof text === 'string' && text.trim() !== '' ? text.trim() : undefined;
}

/** By paths of manifests. */
function resolve(tree: FileTree, installed: ReadonlyMap<string, Installed>): Catalog['dependencies'] {
  const find = createModuleFinder(tree, (path) => installed.has(path));
  return [...installed].map(([path, { component, wanted }]) => {
    const folder = path.slice(0, -'/package.json'.length);
    const to = wanted.flatMap((name) => installed.get(find(folder, name) ?? '')?.component.id ?? []);
    return { from: component.id, to };
  });
}
