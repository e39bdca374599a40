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
  exceptions: {
    'scalibr-golang_gomod_replace-local.mod':
      'a module that a folder replaces keeps its own name, for a folder is no module path (Go modules reference, "replace directive")',
    'trivy-golang_mod_go116_go.mod':
      'below Go 1.17 indirect modules are in go.sum alone (Go modules reference, "go directive")',
  },
  notYet: [],
};
