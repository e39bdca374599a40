import type { EcosystemCases } from './table.ts';

export const rpm: EcosystemCases = {
  notYet: [
    'derived-mariner-bdb',
    'gorpmdb-cbl-mariner-2.0-sqlite',
    'gorpmdb-libuuid-bdb',
    'gorpmdb-sle15-bci-ndb',
    'scalibr-rpm_Packages_epoch',
    'scalibr-rpm_empty.sqlite',
    'scalibr-rpm_invalid',
    'syft-redhat_Packages',
    'trivy-buildinfo_content_manifests_broken.json',
  ],
};
