import type { EcosystemCases } from './table.ts';

export const julia: EcosystemCases = {
  notYet: [
    'scalibr-julia_manifesttoml_git-dependency-with-commit.toml',
    'scalibr-julia_manifesttoml_more-than-two-dependencies.toml',
    'scalibr-julia_projecttoml_project.toml',
    'trivy-julia_manifest_dep_ext_v1.9_Manifest.toml',
    'trivy-julia_manifest_julia_v1.0_format_Manifest.toml',
    'trivy-julia_manifest_missed-child-dep_Manifest.toml',
    'trivy-julia_manifest_multiple-same-deps_Manifest.toml',
    'trivy-julia_manifest_primary_Manifest_v1.6.toml',
    'trivy-julia_manifest_primary_Manifest_v1.8.toml',
    'trivy-julia_manifest_shadowed_dep_v1.9_Manifest.toml',
    'trivy-julia_pkg_happy',
  ],
};
