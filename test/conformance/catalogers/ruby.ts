import type { EcosystemCases } from './table.ts';

export const ruby: EcosystemCases = {
  notYet: [
    'scalibr-ruby_gemfilelock_has-git-gem.lock',
    'scalibr-ruby_gemfilelock_has-local-gem.lock',
    'scalibr-ruby_gemfilelock_one-gem.lock',
    'scalibr-ruby_gemfilelock_rails.lock',
    'scalibr-ruby_gemfilelock_rubocop.lock',
    'scalibr-ruby_gemfilelock_source-section-at-end.lock',
    'scalibr-ruby_gemspec_invalid.gemspec',
    'scalibr-ruby_gemspec_version_inline.gemspec',
    'scalibr-ruby_gemspec_version_load_path_version_load_path.gemspec',
    'scalibr-ruby_gemspec_version_method_version_method.gemspec',
    'syft-ruby_bundler.gemspec',
    'syft-ruby_formatador.gemspec',
    'trivy-ruby_bundler_Gemfile_malformed.lock',
    'trivy-ruby_gemspec_empty_name.gemspec',
    'trivy-ruby_gemspec_multiple_licenses.gemspec',
    'trivy-ruby_gemspec_multiple_licenses.gemspec-2',
    'trivy-ruby_gemspec_normal00.gemspec',
    'trivy-ruby_gemspec_normal01.gemspec',
  ],
};
