/** Go modules whose packages were copied into the tree: `vendor/modules.txt` (Go modules reference, "Vendoring"). */
import type { FileEntry } from '../../../../core/index.ts';
import { textOf } from '../../components.ts';
import type { Finds } from '../../components.ts';
import { createFileCataloger } from '../../file-cataloger.ts';
import { goPurl } from './module.ts';

export const goVendor = createFileCataloger({
  id: 'go-vendor',
  evidence: 'lock',
  names: ['modules.txt'],
  isChosen: (path) => /(?:^|\/)vendor\/modules\.txt$/.test(path),
  read: ({ content, file, finds }) => {
    let header: string | undefined;
    for (const line of textOf(content).split(/\r?\n/)) {
      if (line.startsWith('# ')) header = line.slice(2);
      // of a module without a line that names a package, nothing was copied
      else if (line !== '' && !line.startsWith('##') && header !== undefined) {
        addModule(header, file, finds);
        header = undefined;
      }
    }
  },
});

/** `path version`, `path version => path version`, `path version => ./folder`, `path => path version`. */
function addModule(header: string, file: FileEntry, finds: Finds): void {
  const [own = [], other] = header.split(' => ', 2).map((part) => part.trim().split(/\s+/));
  const isFolder = other?.length === 1 && /^\.{0,2}\//.test(other[0] ?? '');
  const words = other === undefined || isFolder ? own : other;
  const [path, version, ...rest] = words;
  if (path === undefined || version === undefined || rest.length > 0 || !isVersionOf(path, version)) {
    finds.skip(file, `expected a module and its version, found ${JSON.stringify(header.slice(0, 200))}`);
    return;
  }
  finds.add(file, { name: path, version, purl: goPurl(path, version) });
}

/** A major version of 2 or more is part of the path, unless the module knows nothing of modules. */
function isVersionOf(path: string, version: string): boolean {
  const major = /^v(\d+)\.\d+\.\d+/.exec(version)?.[1];
  const suffix = /\/v(\d+)$/.exec(path)?.[1];
  return major !== undefined && (suffix === undefined || suffix === major);
}
