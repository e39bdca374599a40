import type { EcosystemCases } from './table.ts';

export const rpm: EcosystemCases = {
  treatAs: {
    'var/lib/rpm/Packages': 'var/lib/rpm/Packages',
    'var/lib/rpm/rpmdb.sqlite': 'var/lib/rpm/rpmdb.sqlite',
    'usr/lib/sysimage/rpm/Packages.db': 'usr/lib/sysimage/rpm/Packages.db',
    'root/buildinfo content manifests': 'root/buildinfo/content_manifests/{name}',
  },
  cases: [
    [/sqlite/, 'var/lib/rpm/rpmdb.sqlite'],
    [/./, 'var/lib/rpm/Packages'],
  ],
  notYet: [],
};
