import type { EcosystemCases } from './table.ts';

export const bitnami: EcosystemCases = {
  notYet: ['syft-bitnami_components-json-mongodb', 'syft-bitnami_json', 'syft-bitnami_mix', 'syft-bitnami_no-rel'],
};
