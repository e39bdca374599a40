import type { EcosystemCases } from './table.ts';

export const dpkg: EcosystemCases = {
  cases: [
    [/dpkg_status\.d/, 'var/lib/dpkg/status.d/{name}'],
    [/opkg_/, 'usr/lib/opkg/status'],
    [/common-license/, 'usr/share/doc/adduser/copyright'],
    [/./, 'var/lib/dpkg/status'],
  ],
  exceptions: {
    'scalibr-dpkg_dpkg_statusfield':
      'packages that are unpacked or half-installed count, for their files are there (dpkg(1), "Package states"); only what has none left does not',
  },
  notYet: [],
};
