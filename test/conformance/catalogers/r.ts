import type { EcosystemCases } from './table.ts';

export const r: EcosystemCases = {
  treatAs: { renvlock: 'app/renv.lock' },
  notYet: [],
};
