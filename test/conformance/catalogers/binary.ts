import type { EcosystemCases } from './table.ts';

export const binary: EcosystemCases = {
  notYet: ['syft-binary_custom_extra'],
};
