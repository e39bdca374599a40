import type { EcosystemCases } from './table.ts';

export const perl: EcosystemCases = {
  cases: [
    [/_json\.jsontest$/, 'app/META.json'],
    [/\.json$/, 'app/META.json'],
    [/\.yml$/, 'app/META.yml'],
  ],
  beside: {
    'scalibr-perl_cpan_META_correct1.yml': { 'app/META.json': '{"name":"ExtUtils-Helpers","version":"0.028"}' },
  },
  notYet: [],
};
