import type { EcosystemCases } from './table.ts';

export const homebrew: EcosystemCases = {
  cases: [
    [/Cellar/, 'usr/local/Cellar/rclone/1.67.0/{name}'],
    [/Caskroom/, 'usr/local/Caskroom/android-platform-tools/35.0.2/platform-tools/{name}'],
  ],
  notYet: [],
};
