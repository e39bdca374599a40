import type { EcosystemCases } from './table.ts';

export const chisel: EcosystemCases = {
  notYet: [
    'scalibr-chisel_chisel_empty.wall',
    'scalibr-chisel_chisel_invalid.wall',
    'scalibr-chisel_chisel_single.wall',
  ],
};
