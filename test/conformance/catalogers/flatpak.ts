import type { EcosystemCases } from './table.ts';

export const flatpak: EcosystemCases = {
  notYet: ['scalibr-flatpak_bad.xml', 'scalibr-flatpak_noversion.xml', 'scalibr-flatpak_valid.xml'],
};
