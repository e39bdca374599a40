import type { EcosystemCases } from './table.ts';

export const dart: EcosystemCases = {
  notYet: [
    'scalibr-dart_pubspec_empty.lock',
    'scalibr-dart_pubspec_mixed-packages.lock',
    'scalibr-dart_pubspec_one-package-dev.lock',
    'scalibr-dart_pubspec_one-package.lock',
    'scalibr-dart_pubspec_source-git.lock',
    'scalibr-dart_pubspec_source-path.lock',
    'scalibr-dart_pubspec_source-sdk.lock',
    'scalibr-dart_pubspec_two-packages.lock',
    'syft-dart_pubspecs_appainter.pubspec.yaml',
    'syft-dart_pubspecs_macros.pubspec.yaml',
    'trivy-dart_pub_broken',
    'trivy-dart_pub_broken.lock',
    'trivy-dart_pub_empty',
    'trivy-dart_pub_happy',
    'trivy-dart_pub_happy.lock',
  ],
};
