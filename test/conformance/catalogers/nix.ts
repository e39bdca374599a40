import type { EcosystemCases } from './table.ts';

export const nix: EcosystemCases = {
  notYet: ['syft-nix_fixture-1'],
};
