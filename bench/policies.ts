/** Two policies that the languages' benches share: over a statement of provenance, and over an SBOM of 500 components. */

export const STATEMENT = {
  _type: 'https://in-toto.io/Statement/v1',
  predicateType: 'https://slsa.dev/provenance/v1',
  predicate: {
    buildDefinition: {
      resolvedDependencies: [
        { uri: 'git+https://github.com/example/tools' },
        { uri: 'git+https://github.com/example/app' },
      ],
    },
    runDetails: { builder: { id: 'https://github.com/actions/runner' } },
  },
};

export const SBOM = {
  predicate: {
    components: Array.from({ length: 500 }, (_, i) => ({
      name: `component-${i}`,
      version: `${i % 7}.${i % 10}.0`,
      purl: `pkg:${i % 3 === 0 ? 'npm' : 'deb/debian'}/component-${i}@${i % 7}.${i % 10}.0`,
      license: i % 2 === 0 ? 'MIT' : 'Apache-2.0',
    })),
  },
};
