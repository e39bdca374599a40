import type { EcosystemCases } from './table.ts';

export const chisel: EcosystemCases = {
  cases: [[/./, 'var/lib/chisel/manifest.wall']],
  notYet: [],
};
