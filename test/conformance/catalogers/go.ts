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
    [/binary/, 'usr/bin/{name}'],
    [/go-mod/, 'app/go.mod'],
  ],
  notYet: [
    'scalibr-golang_gomod_replace-local.mod',
    'scalibr-golang_vendormodules_valid_vendor_modules.txt',
    'trivy-golang_binary_semver-main-module-version.macho',
    'trivy-golang_mod_go116_go.mod',
    'trivy-golang_mod_replaced-with-local-path-and-version_go.mod',
    'trivy-golang_sum_gomod_emptyline.sum',
    'trivy-golang_sum_gomod_many.sum',
    'trivy-golang_sum_gomod_normal.sum',
    'trivy-golang_sum_gomod_trivy.sum',
  ],
};
