import type { EcosystemCases } from './table.ts';

export const haskell: EcosystemCases = {
  notYet: [
    'scalibr-haskell_cabal_valid',
    'scalibr-haskell_cabal_valid_2',
    'scalibr-haskell_stacklock_valid',
    'syft-haskell_cabal.project.freeze',
    'syft-haskell_stack.yaml',
  ],
};
