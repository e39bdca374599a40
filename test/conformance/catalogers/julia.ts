import type { EcosystemCases } from './table.ts';

export const julia: EcosystemCases = {
  treatAs: {
    manifesttoml: 'app/Manifest.toml',
    'Manifest.toml': 'app/Manifest.toml',
    projecttoml: 'app/Project.toml',
  },
  notYet: [],
};
