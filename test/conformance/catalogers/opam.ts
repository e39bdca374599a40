import type { EcosystemCases } from './table.ts';

export const opam: EcosystemCases = {
  treatAs: { opam: 'root/.opam/default/.opam-switch/install' },
  notYet: [],
};
