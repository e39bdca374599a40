import type { EcosystemCases } from './table.ts';

export const spack: EcosystemCases = {
  notYet: ['scalibr-spack_invalidspec.jsontest'],
};
