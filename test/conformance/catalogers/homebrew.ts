import type { EcosystemCases } from './table.ts';

export const homebrew: EcosystemCases = {
  notYet: ['scalibr-homebrew_Caskroom_android-platform-tools_35.0.2_platform-tools_source.properties'],
};
