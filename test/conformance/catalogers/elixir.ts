import type { EcosystemCases } from './table.ts';

export const elixir: EcosystemCases = {
  treatAs: { mixlock: 'app/mix.lock', 'mix.lock': 'app/mix.lock' },
  notYet: [],
};
