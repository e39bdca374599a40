import type { EcosystemCases } from './table.ts';

export const alpm: EcosystemCases = {
  notYet: ['scalibr-pacman_valid_no_dep', 'scalibr-pacman_valid_one_dep', 'syft-arch_installed'],
};
