import type { EcosystemCases } from './table.ts';

export const osRelease: EcosystemCases = {
  cases: [
    [/-release_(?!no)|release_no-version/, 'etc/os-release'],
    [/./, 'etc/{name}'],
  ],
  notYet: ['trivy-ubuntu_esm_enabled_status.json'],
};
