import type { EcosystemCases } from './table.ts';

export const portage: EcosystemCases = {
  notYet: [
    'scalibr-portage_invalid',
    'scalibr-portage_nopackage',
    'scalibr-portage_valid',
    'syft-gentoo_layout',
    'syft-gentoo_layout-license-groups',
  ],
};
