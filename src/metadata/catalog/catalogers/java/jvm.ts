/** Java virtual machines by the `release` file in their folder (JEP 223 and before). */
import type { FileEntry, FileTree } from '../../../../core/index.ts';
import { formatCpe } from '../../../ecosystem/index.ts';
import { SKIP } from '../../cataloger.ts';
import type { Cataloger } from '../../cataloger.ts';
import { catalogFiles, textOf } from '../../components.ts';
import type { Finds } from '../../components.ts';

/** They have some KiB; modules are listed in them. */
const MAX_BYTES = 64 * 1024;

export const jvm: Cataloger = {
  id: 'jvm',
  evidence: 'installed',
  names: ['release'],
  select: ({ size }) => (size <= MAX_BYTES ? { kind: 'keep', maxBytes: MAX_BYTES } : SKIP),
  catalog: async (tree, files, context) =>
    await catalogFiles(
      files,
      { tree, context, finder: { foundBy: 'jvm', evidence: 'installed-metadata' } },
      (content, file, finds) => read(textOf(content), { tree, file, finds }),
    ),
};

function read(
  text: string,
  { tree, file, finds }: { readonly tree: FileTree; readonly file: FileEntry; readonly finds: Finds },
): void {
  const fields = new Map(
    text.split(/\r?\n/).flatMap((line) => {
      const match = /^([A-Z_]+)="?([^"]*)"?$/.exec(line.trim());
      return match?.[1] === undefined ? [] : [[match[1], match[2] ?? ''] as const];
    }),
  );
  const version = ['JAVA_RUNTIME_VERSION', 'FULL_VERSION', 'SEMANTIC_VERSION', 'JAVA_VERSION']
    .map((name) => fields.get(name))
    .find(Boolean);
  // other programs have a file of this name too
  if (version === undefined || !fields.has('JAVA_VERSION')) return;
  const isKit =
    fields.get('IMAGE_TYPE') === 'JDK' ||
    /(?:^|\/)jdk[^/]*\/release$/.test(file.path) ||
    tree.find(file.path.replace(/release$/, 'bin/javac')) !== undefined;
  const { vendor, product } = whose(fields.get('IMPLEMENTOR') ?? '', { path: file.path, isKit });
  const repository = fields.get('SOURCE_REPO');
  const cpe = formatCpe(vendor, product, version);
  finds.add(file, {
    name: product,
    version,
    kind: 'application',
    supplier: fields.get('IMPLEMENTOR') ?? vendor,
    purl: {
      type: 'generic',
      namespace: vendor,
      name: product,
      version,
      ...(repository === undefined ? {} : { qualifiers: { repository_url: repository } }),
    },
    ...(cpe === undefined ? {} : { cpes: [cpe] }),
  });
}

/** Under which name flaws are filed: builds of OpenJDK by others are OpenJDK. */
function whose(
  implementor: string,
  { path, isKit }: { readonly path: string; readonly isKit: boolean },
): { readonly vendor: string; readonly product: string } {
  const product = isKit ? 'jdk' : 'jre';
  const [maker, place] = [implementor.toLowerCase(), path.toLowerCase()];
  if (maker.includes('azul') || place.includes('zulu')) return { vendor: 'azul', product: 'zulu' };
  if (maker.includes('ibm')) return { vendor: 'ibm', product: 'java' };
  if (maker.startsWith('sun ')) return { vendor: 'sun', product };
  // Oracle's own builds of Java 8 name no implementor
  if (maker.includes('oracle') || place.includes('oracle') || maker === '') return { vendor: 'oracle', product };
  return { vendor: 'oracle', product: 'openjdk' };
}
