import type { EcosystemCases } from './table.ts';

export const conan: EcosystemCases = {
  notYet: [
    'scalibr-cpp_conanlock_nested-dependencies.v1.revisions.json',
    'scalibr-cpp_conanlock_nested-dependencies.v2.json',
    'scalibr-cpp_conanlock_no-name.v1.json',
    'scalibr-cpp_conanlock_no-name.v1.revisions.json',
    'scalibr-cpp_conanlock_null.v2.jsontest',
    'scalibr-cpp_conanlock_old-format-0.1.json',
    'scalibr-cpp_conanlock_old-format-0.2.json',
    'scalibr-cpp_conanlock_old-format-0.3.json',
    'scalibr-cpp_conanlock_one-package-dev.v1.json',
    'scalibr-cpp_conanlock_one-package-dev.v1.revisions.json',
    'scalibr-cpp_conanlock_one-package-dev.v2.json',
    'scalibr-cpp_conanlock_one-package.v1.json',
    'scalibr-cpp_conanlock_one-package.v1.revisions.json',
    'scalibr-cpp_conanlock_two-packages.v1.json',
    'syft-cpp_conan.lock',
    'syft-cpp_conanfile-comment-in-requires.txt',
    'syft-cpp_conanfile.txt',
    'syft-cpp_conaninfo_mfast_1.2.2_my_user_my_channel_package_9d1f076b471417647c2022a78d5e2c1f834289ac_conaninfo.t',
    'syft-cpp_conanlock-v2_conan.lock',
    'trivy-c_conan_happy',
    'trivy-c_conan_happy_v1_case1.lock',
    'trivy-c_conan_happy_v1_case2.lock',
  ],
};
