import type { EcosystemCases } from './table.ts';

export const embeddedSbom: EcosystemCases = {
  notYet: [
    'scalibr-cdx_invalid_sbom.cdxjson',
    'scalibr-cdx_sbom-with-nested-comps.cdx.json',
    'scalibr-cdx_sbom.cdx.json.foo.ext',
    'scalibr-cdx_sbom.cdx.xml',
    'scalibr-spdx_ancestor_of.spdx.json',
    'scalibr-spdx_descendant_of.spdx.json',
    'scalibr-spdx_external_refs.spdx.json',
    'scalibr-spdx_independent_packages_descendant.spdx.json',
    'scalibr-spdx_invalid_sbom.spdx',
    'scalibr-spdx_multi_descendant.spdx.json',
    'scalibr-spdx_overlapping_refs.spdx.json',
    'scalibr-spdx_purl_and_cpe.spdx.json',
    'scalibr-spdx_sbom.spdx.json',
    'scalibr-spdx_sbom.spdx.rdf',
    'scalibr-spdx_sbom.spdx.yml',
    'trivy-sbom_ca-certificates.spdx.json',
    'trivy-sbom_cdx.json',
    'trivy-sbom_elasticsearch.spdx.json',
    'trivy-sbom_invalid_spdx.json',
    'trivy-sbom_postgresql.spdx.json',
    'trivy-sbom_sbom-without-app-component.spdx.json',
  ],
};
