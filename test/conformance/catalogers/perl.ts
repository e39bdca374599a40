import type { EcosystemCases } from './table.ts';

export const perl: EcosystemCases = {
  notYet: [
    'scalibr-perl_cpan_META_correct.yml',
    'scalibr-perl_cpan_META_correct1.json',
    'scalibr-perl_cpan_invalid_json.jsontest',
    'scalibr-perl_cpan_invalid_yml.yml',
  ],
};
