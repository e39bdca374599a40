import type { EcosystemCases } from './table.ts';

export const rust: EcosystemCases = {
  treatAs: {
    'Cargo.lock': 'app/Cargo.lock',
    cargolock: 'app/Cargo.lock',
    cargotoml: 'app/Cargo.toml',
    cargoauditable: 'usr/bin/{name}',
    'cargo-auditable executable': 'usr/bin/{name}',
  },
  cases: [
    [/lock/i, 'app/Cargo.lock'],
    [/executable/, 'usr/bin/{name}'],
  ],
  notYet: [],
};
