import type { EcosystemCases } from './table.ts';

export const swift: EcosystemCases = {
  notYet: [
    'scalibr-swift_packageresolved_empty',
    'scalibr-swift_packageresolved_invalid',
    'scalibr-swift_packageresolved_valid',
    'scalibr-swift_podfilelock_empty',
    'scalibr-swift_podfilelock_invalid',
    'syft-swift_Package.resolved',
    'syft-swift_PackageV3.resolved',
    'syft-swift_Podfile.lock',
    'trivy-swift_swift_happy-v1-Package.resolved',
    'trivy-swift_swift_happy_Package.resolved',
  ],
};
