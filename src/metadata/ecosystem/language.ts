/** What the ecosystems of programming languages have in common: one list of names for all releases. */
import type { Ecosystem } from './ecosystem.ts';

interface Language extends Pick<Ecosystem, 'purlType' | 'compare'> {
  readonly osvName: string;
  /** Between namespace and name; `/` when absent. */
  readonly separator?: string;
  readonly normalizeName?: (name: string) => string;
  readonly advisoryVersion?: (version: string) => string;
}

export function language(given: Language): Ecosystem {
  const { purlType, osvName, compare, separator = '/' } = given;
  return {
    purlType,
    osvNames: [osvName],
    compare,
    normalizeName: given.normalizeName ?? ((name) => name),
    packageName: ({ namespace, name }) => (namespace === undefined ? name : `${namespace}${separator}${name}`),
    advisoryEcosystems: () => [osvName],
    advisoryVersion: given.advisoryVersion ?? ((version) => version),
  };
}
