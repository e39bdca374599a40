import type { EcosystemCases } from './table.ts';

export const osRelease: EcosystemCases = {
  cases: [
    [/ubuntu_esm/, 'var/lib/ubuntu-advantage/status.json'],
    [/-release_(?!no)|release_no-version/, 'etc/os-release'],
    [/./, 'etc/{name}'],
  ],
  notYet: [],
};
