import type { EcosystemCases } from './table.ts';

export const erlang: EcosystemCases = {
  notYet: ['syft-erlang_rabbitmq.app', 'syft-erlang_rebar-2.lock'],
};
