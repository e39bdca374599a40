import type { EcosystemCases } from './table.ts';

export const erlang: EcosystemCases = {
  cases: [
    [/rebar/, 'app/rebar.lock'],
    [/\.app$/, 'opt/rabbitmq/plugins/rabbit/ebin/rabbit.app'],
  ],
  notYet: [],
};
