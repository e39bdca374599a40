import type { EcosystemCases } from './table.ts';

export const conda: EcosystemCases = {
  apart: [
    [/conda_meta/, 'opt/conda/conda-meta/{name}'],
    [/environment/, 'app/environment.yaml'],
  ],
  notYet: [],
};
