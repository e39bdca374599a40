import type { EcosystemCases } from './table.ts';

export const spack: EcosystemCases = {
  cases: [[/./, 'opt/spack/zlib/.spack/spec.json']],
  notYet: [],
};
