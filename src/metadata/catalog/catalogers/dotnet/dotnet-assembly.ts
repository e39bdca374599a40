/**
 * Assemblies and native Windows programs by what they say of themselves, where no `*.deps.json` beside them names them. What an
 * assembly refers to and nowhere lies is listed too: it is loaded from somewhere else.
 */
import { AppError, arrayOf, mapOf, object, optional, parseJson, string } from '../../../../core/index.ts';
import type { FileEntry, FileTree } from '../../../../core/index.ts';
import { SKIP } from '../../cataloger.ts';
import type { Catalog, CatalogContext, Cataloger } from '../../cataloger.ts';
import { Finds, trying } from '../../components.ts';
import { EXECUTABLE, readFacts } from '../../executable/executable.ts';
import { MAX_FILE_BYTES } from '../../file-cataloger.ts';
import { folderOf } from '../../paths.ts';
import { recordOf } from '../../values.ts';

const PROGRAM = /\.(?:dll|exe)$/i;

export const dotnetAssembly: Cataloger = {
  id: 'dotnet-assembly',
  evidence: 'installed',
  names: ['*.dll', '*.exe', '*.json'],
  select: ({ path }) => {
    if (PROGRAM.test(path)) return EXECUTABLE;
    return path.endsWith('.deps.json') ? { kind: 'keep', maxBytes: MAX_FILE_BYTES } : SKIP;
  },
  catalog,
};

async function catalog(tree: FileTree, files: readonly FileEntry[], context: CatalogContext): Promise<Catalog> {
  const finds = new Finds({ foundBy: 'dotnet-assembly', evidence: 'binary' });
  const programs = files.filter(({ path }) => PROGRAM.test(path));
  const claimed = await readClaims(tree, files);
  const names = new Set([...claimed, ...programs.map(({ path }) => path)].map((path) => baseName(path).toLowerCase()));
  for (const file of programs) {
    context.signal?.throwIfAborted();
    if (claimed.has(file.path.toLowerCase())) continue;
    await trying(file.path, finds.skipped, async () => {
      const condensed = await tree.read(file.path);
      if (condensed === undefined)
        throw new AppError('invalid-input', `${file.path}: expected a program of Windows or .NET`);
      addProgram(finds, file, { facts: decodeFacts(condensed, file), names });
    });
  }
  return { components: finds.components, dependencies: finds.dependencies, skipped: finds.skipped };
}

/** Files that some `*.deps.json` says to load from its folder, in lower case. A damaged one is told of by its own cataloger. */
async function readClaims(tree: FileTree, files: readonly FileEntry[]): Promise<ReadonlySet<string>> {
  const claimed = new Set<string>();
  for (const { path } of files.filter((file) => !PROGRAM.test(file.path))) {
    await trying(path, [], async () => {
      const document = recordOf(parseJson((await tree.read(path)) ?? '', { what: path, maxBytes: MAX_FILE_BYTES }));
      for (const library of Object.values(recordOf(document.targets)).flatMap((one) => Object.values(recordOf(one)))) {
        for (const kind of ['runtime', 'native', 'resources', 'runtimeTargets']) {
          for (const asset of Object.keys(recordOf(recordOf(library)[kind]))) {
            // a published program has them beside itself; one that is run from a build keeps their folders
            for (const place of [baseName(asset), asset]) claimed.add(`${folderOf(path)}${place}`.toLowerCase());
          }
        }
      }
    });
  }
  return claimed;
}

const decodeName = object({ name: string, version: string });
const decodePe = object({
  strings: mapOf(string),
  assembly: optional(object({ name: string, version: string, references: arrayOf(decodeName) })),
});
type Facts = ReturnType<typeof decodePe>;

function decodeFacts(condensed: Uint8Array, file: FileEntry): Facts {
  return decodePe(readFacts(condensed, file.path, 'pe'), `program ${file.path}`);
}

interface Known {
  readonly facts: Facts;
  /** Of all programs in the tree, in lower case. */
  readonly names: ReadonlySet<string>;
}

function addProgram(finds: Finds, file: FileEntry, { facts: { strings, assembly }, names }: Known): void {
  const original = strings.OriginalFilename || strings.InternalName || '';
  // The host that starts an assembly bears its name.
  if (
    assembly === undefined &&
    original.toLowerCase() !== baseName(file.path).toLowerCase() &&
    names.has(original.toLowerCase())
  )
    return;
  const version = bestVersion(strings) ?? assembly?.version;
  const name = original || (assembly === undefined ? '' : baseName(file.path));
  // launchers and the like say nothing of themselves
  if (name === '' || version === undefined) return;
  const supplier = strings.CompanyName;
  const program = finds.add(file, {
    name,
    version,
    purl: assembly === undefined ? { type: 'generic', name, version } : { type: 'nuget', name: assembly.name, version },
    ...(supplier === undefined || supplier === '' ? {} : { supplier }),
  });
  const missing = (assembly?.references ?? []).filter((one) => !names.has(`${one.name.toLowerCase()}.dll`));
  finds.depend(
    program,
    missing.map((one) => {
      const identity = { name: `${one.name}.dll`, version: one.version };
      return finds.add(file, { ...identity, purl: { type: 'generic', ...identity }, evidence: 'name-guess' });
    }),
  );
}

/**
 * The version of the product, without the commit that builds append, is the package's; that of the file counts builds. Where both
 * are the same number, the longer one.
 */
function bestVersion(strings: Facts['strings']): string | undefined {
  const [product, file] = [strings.ProductVersion, strings.FileVersion].map((text) =>
    /^\d+(?:[.,]\s?\d+)*(?:-[\w.-]+)?/.exec(text ?? '')?.[0].replaceAll(/,\s?/g, '.'),
  );
  if (product === undefined || file === undefined) return product ?? file;
  return file.replace(/(?:\.0)+$/, '') === product.replace(/(?:\.0)+$/, '') ? file : product;
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
