import type { EcosystemCases } from './table.ts';

export const ruby: EcosystemCases = {
  treatAs: {
    gemfilelock: 'app/Gemfile.lock',
    'Gemfile.lock': 'app/Gemfile.lock',
    gemspec: 'app/{name}',
    'specifications/*.gemspec': 'usr/lib/ruby/gems/specifications/{name}',
  },
  cases: [[/^(?:syft|trivy)-.*gemspec/, 'usr/lib/ruby/gems/specifications/{name}']],
  notYet: [],
};
