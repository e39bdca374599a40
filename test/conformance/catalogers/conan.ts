import type { EcosystemCases } from './table.ts';

export const conan: EcosystemCases = {
  treatAs: { conanlock: 'app/conan.lock', 'conan.lock': 'app/conan.lock' },
  cases: [
    [/conanfile/, 'app/conanfile.txt'],
    [
      /conaninfo/,
      'root/.conan/data/mfast/1.2.2/my_user/my_channel/package/9d1f076b471417647c2022a78d5e2c1f834289ac/conaninfo.txt',
    ],
  ],
  notYet: [],
};
