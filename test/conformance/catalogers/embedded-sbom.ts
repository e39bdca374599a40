import type { EcosystemCases } from './table.ts';

export const embeddedSbom: EcosystemCases = {
  cases: [
    [/invalid_sbom.cdxjson|foo\.ext|trivy-sbom_cdx/, 'app/{name}.cdx.json'],
    [/trivy-sbom_invalid/, 'app/{name}.spdx.json'],
  ],
  notYet: [],
};
