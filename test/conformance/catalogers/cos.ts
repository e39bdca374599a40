import type { EcosystemCases } from './table.ts';

export const cos: EcosystemCases = {
  notYet: ['scalibr-cos_invalid', 'scalibr-cos_multiple.json', 'scalibr-cos_single.json'],
};
