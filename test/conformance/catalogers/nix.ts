import type { EcosystemCases } from './table.ts';

export const nix: EcosystemCases = {
  notYet: [],
};
