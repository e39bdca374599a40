import type { EcosystemCases } from './table.ts';

export const r: EcosystemCases = {
  notYet: [
    'scalibr-r_renvlock_one-package.lock',
    'scalibr-r_renvlock_two-packages.lock',
    'scalibr-r_renvlock_with-mixed-sources.lock',
    'syft-r_installed',
  ],
};
