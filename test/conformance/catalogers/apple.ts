import type { EcosystemCases } from './table.ts';

export const apple: EcosystemCases = {
  notYet: ['syft-apple_install-example', 'syft-apple_native-app-example'],
};
