import type { EcosystemCases } from './table.ts';

export const githubActions: EcosystemCases = {
  cases: [[/workflow/, '.github/workflows/{name}']],
  notYet: [],
};
