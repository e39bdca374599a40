import type { EcosystemCases } from './table.ts';

export const bitnami: EcosystemCases = {
  notYet: [],
};
