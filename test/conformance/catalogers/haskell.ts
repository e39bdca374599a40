import type { EcosystemCases } from './table.ts';

export const haskell: EcosystemCases = {
  treatAs: { cabal: 'app/cabal.project.freeze', stacklock: 'app/stack.yaml.lock' },
  notYet: [],
};
