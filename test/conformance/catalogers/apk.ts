import type { EcosystemCases } from './table.ts';

export const apk: EcosystemCases = {
  treatAs: {
    apk: 'lib/apk/db/installed',
  },
  cases: [[/./, 'lib/apk/db/installed']],
  notYet: [],
};
