import type { EcosystemCases } from './table.ts';

export const dart: EcosystemCases = {
  treatAs: { pubspec: 'app/pubspec.lock', 'pubspec.lock': 'app/pubspec.lock' },
  cases: [[/^syft-/, 'app/pubspec.yaml']],
  notYet: [],
};
