import type { EcosystemCases } from './table.ts';

export const snap: EcosystemCases = {
  cases: [
    [/scalibr/, 'snap/core/17200/meta/snap.yaml'],
    [/dpkg/, 'usr/share/snappy/dpkg.yaml'],
    [/manifest/, 'snap/manifest.yaml'],
  ],
  notYet: [],
};
