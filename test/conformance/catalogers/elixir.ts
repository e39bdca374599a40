import type { EcosystemCases } from './table.ts';

export const elixir: EcosystemCases = {
  notYet: [
    'scalibr-elixir_mixlock_invalid',
    'scalibr-elixir_mixlock_valid',
    'scalibr-erlang_mixlock_git.lock',
    'scalibr-erlang_mixlock_many.lock',
    'scalibr-erlang_mixlock_two-packages.lock',
    'syft-elixir_mix.lock',
    'trivy-hex_mix_happy.mix.lock',
  ],
};
