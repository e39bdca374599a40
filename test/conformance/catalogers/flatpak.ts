import type { EcosystemCases } from './table.ts';

export const flatpak: EcosystemCases = {
  cases: [[/./, 'var/lib/flatpak/app/org.gimp.GIMP/x86_64/stable/0/export/share/metainfo/org.gimp.GIMP.metainfo.xml']],
  notYet: [],
};
