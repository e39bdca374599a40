import type { EcosystemCases } from './table.ts';

export const portage: EcosystemCases = {
  cases: [[/scalibr/, 'var/db/pkg/dev-perl/{name}/PF']],
  notYet: [],
};
