/**
 * Packages in a Nix store, from the names of its folders, and of derivations, where they are there, which output a folder is. Not read:
 * references between store paths, which only the store's own database or all content tells.
 */
import type { FileEntry, FileTree } from '../../../../core/index.ts';
import { SKIP } from '../../cataloger.ts';
import type { Catalog, CatalogContext, Cataloger } from '../../cataloger.ts';
import { Finds, locationOf, readText } from '../../components.ts';

const DERIVATION = /^nix\/store\/([0-9a-z]{32}-[^/]+\.drv)$/;
/** A hash in Nix's base 32, then the name; files of the store itself are sources and patches. */
const STORE_FOLDER = /^nix\/store\/([0-9a-z]{32})-([^/]+)(\/)?/;
const MAX_BYTES = 4 * 1024 * 1024;
/** Names of outputs that Nixpkgs uses beside `out`. */
const OUTPUT = /-(bin|debug|dev|devdoc|doc|dist|info|lib|man|static|terminfo|data)$/;

export const nix: Cataloger = {
  id: 'nix',
  evidence: 'installed',
  names: ['*.drv'],
  select: ({ path }) => (DERIVATION.test(path) ? { kind: 'keep', maxBytes: MAX_BYTES } : SKIP),
  catalog,
};

async function catalog(tree: FileTree, files: readonly FileEntry[], context: CatalogContext): Promise<Catalog> {
  const finds = new Finds({ foundBy: 'nix', evidence: 'installed-metadata' });
  const derivations = await readDerivations(tree, files);
  const known = new Set<string>();
  for (const entry of tree.entries('nix/store')) {
    context.signal?.throwIfAborted();
    const [folder, hash, name, inside] = STORE_FOLDER.exec(entry.path) ?? [];
    if (folder === undefined || hash === undefined || name === undefined || known.has(hash)) continue;
    if (inside === undefined && entry.kind !== 'directory') continue;
    known.add(hash);
    addPackage({ hash, name, derivation: derivations.get(`${hash}-${name}`) }, entry, finds);
  }
  return { components: finds.components, dependencies: [], skipped: finds.skipped };
}

interface Derivation {
  readonly path: string;
  readonly output: string;
}

interface StorePath {
  readonly hash: string;
  readonly name: string;
  readonly derivation: Derivation | undefined;
}

/** Without a version it is a source or a wrapper of the system itself. */
function addPackage({ hash, name: whole, derivation }: StorePath, entry: FileEntry, finds: Finds): void {
  const output = derivation?.output ?? OUTPUT.exec(whole)?.[1];
  const base = output !== undefined && whole.endsWith(`-${output}`) ? whole.slice(0, -output.length - 1) : whole;
  // Nix: the version begins after the first hyphen that no letter follows
  const [, name, version] = /^(.+?)-([^a-zA-Z].*)$/.exec(base) ?? [];
  if (name === undefined || version === undefined) return;
  finds.add(entry, {
    name,
    version,
    purl: {
      type: 'nix',
      name,
      version,
      qualifiers: { drvpath: derivation?.path, output, outputhash: hash },
    },
    locations: [{ ...locationOf(entry), path: `nix/store/${hash}-${whole}` }],
  });
}

/** By store path: `Derive([("bin","/nix/store/hash-name","",""),...`. */
async function readDerivations(tree: FileTree, files: readonly FileEntry[]): Promise<ReadonlyMap<string, Derivation>> {
  const derivations = new Map<string, Derivation>();
  for (const file of files) {
    const text = (await readText(tree, file.path)) ?? '';
    const outputs = /^Derive\(\[(.*?)\],/s.exec(text)?.[1] ?? '';
    for (const [, output = '', path = ''] of outputs.matchAll(/\("([^"]+)","\/nix\/store\/([^"]+)"/g)) {
      derivations.set(path, { output, path: DERIVATION.exec(file.path)?.[1] ?? '' });
    }
  }
  return derivations;
}
