import type { EcosystemCases } from './table.ts';

export const binary: EcosystemCases = {
  rules: {
    'syft-binary_custom_extra': String.raw`{
      rules: [{ name: foo, files: '**/foo', patterns: '(?m)foobar\s(?P<version>[0-9]+\.[0-9]+\.[0-9]+)', purl: pkg:generic/foo@version }],
    }`,
  },
  notYet: [],
};
