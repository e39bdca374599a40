import type { EcosystemCases } from './table.ts';

export const lua: EcosystemCases = {
  notYet: [
    'syft-lua_rockspec_build-first-1.0-1.rockspec',
    'syft-lua_rockspec_kong-3.7.0-0.rockspec',
    'syft-lua_rockspec_lpeg-1.0.2-1.rockspec',
    'syft-lua_rockspec_luasyslog-2.0.1-1.rockspec',
  ],
};
