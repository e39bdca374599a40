import type { EcosystemCases } from './table.ts';

export const go: EcosystemCases = {
  treatAs: {
    gobinary: 'usr/bin/{name}',
    'Go executable': 'usr/bin/{name}',
    gomod: 'app/go.mod',
    'go.mod': 'app/go.mod',
    'go.sum': 'app/go.sum',
    vendormodules: 'app/vendor/modules.txt',
  },
  cases: [
    [/vendormodules/, 'app/vendor/modules.txt'],
    [/binary/, 'usr/bin/{name}'],
    [/go-mod/, 'app/go.mod'],
  ],
  notYet: [],
};
