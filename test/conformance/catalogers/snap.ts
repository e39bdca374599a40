import type { EcosystemCases } from './table.ts';

export const snap: EcosystemCases = {
  notYet: [
    'scalibr-snap_missing-version.yaml',
    'scalibr-snap_multi-arch.yaml',
    'scalibr-snap_single-arch.yaml',
    'syft-snap_dpkg.yaml',
    'syft-snap_manifest.yaml',
  ],
};
