import type { EcosystemCases } from './table.ts';

export const cos: EcosystemCases = {
  cases: [[/./, 'etc/cos-package-info.json']],
  notYet: [],
};
