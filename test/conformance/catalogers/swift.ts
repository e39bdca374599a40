import type { EcosystemCases } from './table.ts';

export const swift: EcosystemCases = {
  treatAs: {
    packageresolved: 'app/Package.resolved',
    'Package.resolved': 'app/Package.resolved',
    podfilelock: 'app/Podfile.lock',
  },
  cases: [[/Package(?:V3)?\.resolved$/, 'app/Package.resolved']],
  notYet: [],
};
