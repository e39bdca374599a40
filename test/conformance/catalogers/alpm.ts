import type { EcosystemCases } from './table.ts';

export const alpm: EcosystemCases = {
  cases: [[/scalibr/, 'var/lib/pacman/local/{name}/desc']],
  notYet: [],
};
