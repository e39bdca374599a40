import type { EcosystemCases } from './table.ts';

export const apple: EcosystemCases = {
  notYet: [],
};
