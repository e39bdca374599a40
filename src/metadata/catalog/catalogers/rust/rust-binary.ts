/** Crates in a program that was built with cargo-auditable, from the list that it holds. */
import { AppError, anything, arrayOf, isRecord, natural, object, optional, string } from '../../../../core/index.ts';
import type { FileEntry } from '../../../../core/index.ts';
import { SKIP } from '../../cataloger.ts';
import type { Cataloger } from '../../cataloger.ts';
import { catalogFiles } from '../../components.ts';
import type { Finds } from '../../components.ts';
import { EXECUTABLE, mayRun, readFacts } from '../../executable/executable.ts';

export const rustBinary: Cataloger = {
  id: 'rust-binary',
  evidence: 'installed',
  names: ['+x'],
  select: (file) => (mayRun(file) ? EXECUTABLE : SKIP),
  catalog: async (tree, files, context) =>
    await catalogFiles(files, { tree, context, finder: { foundBy: 'rust-binary', evidence: 'binary' } }, addCrates),
};

const decodeList = object({
  packages: arrayOf(
    object({
      name: string,
      version: string,
      source: optional(string),
      kind: optional(string),
      dependencies: optional(arrayOf(natural)),
      root: optional(anything),
    }),
  ),
});

function addCrates(condensed: Uint8Array, file: FileEntry, finds: Finds): void {
  const facts = readFacts(condensed, file.path, 'rust');
  if (facts === undefined) return;
  if (isRecord(facts) && typeof facts.damaged === 'string') {
    throw new AppError('invalid-input', `${file.path}: expected the crates of cargo-auditable, ${facts.damaged}`);
  }
  const { packages } = decodeList(facts, `${file.path}: crates`);
  const components = packages.map(({ name, version, source, kind, root }) =>
    finds.add(file, {
      name,
      version,
      kind: root === true ? 'application' : 'library',
      // a crate of the program's own tree is published by nobody under that name
      ...(source === 'local' ? {} : { purl: { type: 'cargo', name, version } }),
      scope: kind === 'build' ? 'development' : 'runtime',
      properties: source === undefined || source === 'crates.io' ? {} : { 'cargo:source': source },
    }),
  );
  packages.forEach(({ dependencies }, index) => {
    finds.depend(
      components[index],
      (dependencies ?? []).map((position) => components[position]),
    );
  });
}
