/** Dependencies of packages that name what they need. */
import type { Dependency } from '../../../sbom/index.ts';

interface Related {
  readonly id: string;
  readonly provides: readonly string[];
  readonly requires: readonly string[];
}

/** Installed twice for two architectures, kernels some more times; beyond that nobody knows which one is meant. */
const MAX_PROVIDERS = 8;

/** `findElse` resolves what no package provides by name, such as the path of a file. */
export function resolveByName(
  packages: readonly Related[],
  findElse: (name: string) => string | undefined = () => undefined,
): readonly Dependency[] {
  const providers = new Map<string, string[]>();
  for (const { id, provides } of packages) {
    for (const name of new Set(provides)) {
      const known = providers.get(name);
      if (known === undefined) providers.set(name, [id]);
      else if (known.length < MAX_PROVIDERS) known.push(id);
    }
  }
  return packages.map(({ id, requires }) => ({
    from: id,
    to: requires.flatMap((name) => providers.get(name) ?? findElse(name) ?? []),
  }));
}
