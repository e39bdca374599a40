import type { EcosystemCases } from './table.ts';

export const dpkg: EcosystemCases = {
  cases: [
    [/dpkg_status\.d/, 'var/lib/dpkg/status.d/{name}'],
    [/opkg_/, 'usr/lib/opkg/status'],
    [/common-license/, 'usr/share/doc/adduser/copyright'],
    [/./, 'var/lib/dpkg/status'],
  ],
  notYet: ['scalibr-dpkg_dpkg_statusfield'],
};
