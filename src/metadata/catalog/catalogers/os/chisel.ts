/**
 * Packages whose slices chisel cut into an image: its manifest, lines of JSON under zstd (jsonwall 1.0). They are Debian packages of
 * which some files are there.
 */
import { zstdDecompressSync } from 'node:zlib';
import { AppError, isRecord, parseJson } from '../../../../core/index.ts';
import type { FileEntry, FileTree } from '../../../../core/index.ts';
import { SKIP } from '../../cataloger.ts';
import type { Catalog, CatalogContext, Cataloger } from '../../cataloger.ts';
import { Finds, textOf, trying } from '../../components.ts';
import { debPurl } from './deb-control.ts';

const MANIFEST = /^(?:var\/lib|usr\/share)\/chisel\/manifest\.wall$/;
/** Manifests of whole distributions have some MiB. */
const MAX_BYTES = 16 * 1024 * 1024;
const MAX_UNPACKED_BYTES = 256 * 1024 * 1024;

export const chisel: Cataloger = {
  id: 'chisel',
  evidence: 'installed',
  names: ['manifest.wall'],
  select: ({ path }) => (MANIFEST.test(path) ? { kind: 'keep', maxBytes: MAX_BYTES } : SKIP),
  catalog,
};

async function catalog(tree: FileTree, files: readonly FileEntry[], context: CatalogContext): Promise<Catalog> {
  const finds = new Finds({ foundBy: 'chisel', evidence: 'installed-db' });
  const owners = new Map<string, string>();
  for (const file of files) {
    await trying(file.path, finds.skipped, async () => {
      const content = await tree.read(file.path);
      if (content === undefined) return;
      const ids = new Map<string, string>();
      const lines = readWall(content, file.path);
      for (const line of lines) {
        if (line.kind !== 'package') continue;
        const id = addPackage(line, file, { finds, context });
        if (id !== undefined) ids.set(String(line.name), id);
      }
      for (const [path, slice] of listContent(lines)) {
        const id = ids.get(slice.slice(0, slice.lastIndexOf('_')));
        if (id !== undefined) owners.set(path, id);
      }
    });
  }
  return { components: finds.components, dependencies: [], skipped: finds.skipped, owners };
}

type Line = Readonly<Record<string, unknown>>;

function readWall(content: Uint8Array, what: string): readonly Line[] {
  const [head, ...lines] = unpack(content, what)
    .split('\n')
    .filter((line) => line !== '')
    .map((line, index) => parseJson(line, { what: `${what}: line ${index + 1}` }));
  if (!isRecord(head) || typeof head.jsonwall !== 'string') {
    throw new AppError('invalid-input', `${what}: expected a line that names jsonwall first, found none`);
  }
  return lines.filter(isRecord);
}

function unpack(content: Uint8Array, what: string): string {
  try {
    return textOf(zstdDecompressSync(content, { maxOutputLength: MAX_UNPACKED_BYTES }));
  } catch (cause) {
    throw new AppError('invalid-input', `${what}: expected a zstd stream, ${String(cause)}`, { cause });
  }
}

function addPackage(
  line: Line,
  file: FileEntry,
  { finds, context }: { readonly finds: Finds; readonly context: CatalogContext },
): string | undefined {
  const { name, version, arch, sha256 } = line;
  if (typeof name !== 'string' || typeof version !== 'string') return undefined;
  const isDigest = typeof sha256 === 'string' && /^[0-9a-f]{64}$/.test(sha256);
  return finds.add(file, {
    name,
    version,
    purl: debPurl({ name, version, arch: typeof arch === 'string' ? arch : undefined }, context.distro ?? UBUNTU),
    hashes: isDigest ? [{ algorithm: 'sha256', value: sha256 }] : [],
  })?.id;
}

/** Who makes chisel's releases; for images that name no distribution. */
const UBUNTU = { id: 'ubuntu' };

/** Paths, without leading slash, and the slice that brought each. */
function listContent(lines: readonly Line[]): readonly (readonly [path: string, slice: string])[] {
  return lines.flatMap(({ kind, path, slice }) =>
    kind === 'content' && typeof path === 'string' && typeof slice === 'string'
      ? [[path.replaceAll(/^\/|\/$/g, ''), slice] as const]
      : [],
  );
}
