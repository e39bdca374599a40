/** Packages that pacman installed: `desc` and `files` of each in its local database (alpm-db-desc(5)). Not read: `mtree`. */
import type { FileEntry, FileTree } from '../../../../core/index.ts';
import { AppError } from '../../../../core/index.ts';
import type { Component } from '../../../sbom/index.ts';
import { MAX_DATABASE_BYTES, SKIP } from '../../cataloger.ts';
import type { Catalog, CatalogContext, Cataloger } from '../../cataloger.ts';
import { Finds, readText, trying } from '../../components.ts';
import { linksOf } from '../../values.ts';
import { resolveByName } from './relations.ts';

const DESC = /^var\/lib\/pacman\/local\/[^/]+\/desc$/;
const FILES = /^var\/lib\/pacman\/local\/[^/]+\/files$/;

export const alpm: Cataloger = {
  id: 'alpm',
  evidence: 'installed',
  names: ['desc', 'files'],
  select: ({ path }) => (DESC.test(path) || FILES.test(path) ? { kind: 'keep', maxBytes: MAX_DATABASE_BYTES } : SKIP),
  catalog,
};

type Sections = ReadonlyMap<string, readonly string[]>;

interface Installed {
  readonly component: Component;
  readonly desc: Sections;
}

async function catalog(tree: FileTree, files: readonly FileEntry[], context: CatalogContext): Promise<Catalog> {
  const finds = new Finds({ foundBy: 'alpm', evidence: 'installed-db' });
  const installed: Installed[] = [];
  const owners = new Map<string, string>();
  for (const file of files.filter(({ path }) => DESC.test(path))) {
    await trying(file.path, finds.skipped, async () => {
      const text = await readText(tree, file.path);
      if (text === undefined) return;
      const desc = parseSections(text);
      const component = addPackage(desc, file, { finds, context });
      if (component === undefined) return;
      installed.push({ component, desc });
      const list = await readText(tree, file.path.replace(/desc$/, 'files'));
      for (const path of parseSections(list ?? '').get('FILES') ?? []) owners.set(path, component.id);
    });
  }
  return {
    components: finds.components,
    dependencies: resolveByName(
      installed.map(({ component, desc }) => ({
        id: component.id,
        provides: [component.name, ...(desc.get('PROVIDES') ?? [])].map(nameOf),
        requires: (desc.get('DEPENDS') ?? []).map(nameOf),
      })),
    ),
    skipped: finds.skipped,
    owners,
  };
}

/** `%NAME%`, then lines up to a blank one. */
function parseSections(text: string): Sections {
  const sections = new Map<string, string[]>();
  let open: string[] | undefined;
  for (const line of text.split(/\r?\n/)) {
    const name = /^%([A-Z0-9]+)%$/.exec(line)?.[1];
    if (name !== undefined) sections.set(name, (open = []));
    else if (line === '') open = undefined;
    else open?.push(line);
  }
  return sections;
}

/** Without what it says about versions: `libtree-sitter.so=0-64`, `glibc>=2.39`. */
function nameOf(relation: string): string {
  return relation.replace(/[<>=].*$/, '');
}

function addPackage(
  desc: Sections,
  file: FileEntry,
  { finds, context }: { readonly finds: Finds; readonly context: CatalogContext },
): Component | undefined {
  const first = (name: string) => desc.get(name)?.[0];
  const [name, version] = [first('NAME'), first('VERSION')];
  if (name === undefined || version === undefined) {
    throw new AppError(
      'invalid-input',
      `${file.path}: expected %NAME% and %VERSION%, found ${[...desc.keys()].join(' ')}`,
    );
  }
  const [base, packager] = [first('BASE'), first('PACKAGER')];
  const distro = context.distro;
  return finds.add(file, {
    name,
    version,
    purl: {
      type: 'alpm',
      namespace: distro?.id ?? 'arch',
      name,
      version,
      qualifiers: {
        arch: first('ARCH'),
        distro: distro?.versionId === undefined ? undefined : `${distro.id}-${distro.versionId}`,
      },
    },
    licences: desc.get('LICENSE') ?? [],
    ...linksOf(first('URL')),
    ...(packager === undefined ? {} : { supplier: packager }),
    ...(base === undefined || base === name ? {} : { source: { name: base, version } }),
  });
}
