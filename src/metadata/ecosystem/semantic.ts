/** Ecosystems whose versions are semantic and whose names need nothing but their spelling. */
import { language } from './language.ts';
import { compareSemver } from './semver.ts';

const withoutV = (version: string) => version.replace(/^v(?=\d)/i, '');

export const cargo = language({ purlType: 'cargo', osvName: 'crates.io', compare: compareSemver });
export const hex = language({ purlType: 'hex', osvName: 'Hex', compare: compareSemver });
export const julia = language({ purlType: 'julia', osvName: 'Julia', compare: compareSemver });
export const bitnami = language({ purlType: 'bitnami', osvName: 'Bitnami', compare: compareSemver });
/** User and channel are no part of the name. */
export const conan = {
  ...language({ purlType: 'conan', osvName: 'ConanCenter', compare: compareSemver }),
  packageName: ({ name }: { readonly name: string }) => name,
};
/** Named by the address of their repository, without scheme: `github.com/apple/swift-nio`. */
export const swift = language({
  purlType: 'swift',
  osvName: 'SwiftURL',
  compare: compareSemver,
  normalizeName: (name) => name.toLowerCase().replace(/\.git$/, ''),
  advisoryVersion: withoutV,
});
/** Actions are named by owner and repository; a branch or commit has no order. */
export const githubActions = {
  ...language({
    purlType: 'github',
    osvName: 'GitHub Actions',
    compare: compareSemver,
    normalizeName: (name) => name.toLowerCase(),
    advisoryVersion: withoutV,
  }),
  whyIncomparable: (version: string) =>
    /^v?\d+(?:\.\d+){0,3}(?:[-+].*)?$/.test(version) ? undefined : `"${version}" of an action is a branch or a commit`,
};
