/** Policies as users of ClusterImagePolicies write them: package `sigstore`, rule `isCompliant`, syntax of v0. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { compileRego } from '../index.ts';

const now = new Date('2026-01-02T03:04:05Z');

interface Fixture {
  readonly name: string;
  readonly policy: string;
  /** Input and what `data.sigstore.isCompliant` is for it; undefined where it has no value. */
  readonly cases: readonly (readonly [input: unknown, isCompliant: unknown])[];
}

const vulnerabilities = (...severities: readonly string[]) => ({
  predicateType: 'cosign.sigstore.dev/attestation/vuln/v1',
  predicate: {
    scanner: {
      uri: 'pkg:github/aquasecurity/trivy',
      result: {
        Results: [{ Vulnerabilities: severities.map((Severity, i) => ({ Severity, VulnerabilityID: `CVE-${i}` })) }],
      },
    },
    metadata: { scanFinishedOn: '2026-01-01T00:00:00Z' },
  },
});

const components = (...licenses: readonly string[]) => ({
  predicate: { components: licenses.map((id, i) => ({ name: `c${i}`, licenses: [{ license: { id } }] })) },
});

const FIXTURES: readonly Fixture[] = [
  {
    name: 'the type of a predicate',
    policy: `package sigstore

default isCompliant = false

isCompliant {
  input.predicateType == "cosign.sigstore.dev/attestation/vuln/v1"
}`,
    cases: [
      [vulnerabilities(), true],
      [{ predicateType: 'other' }, false],
      [{}, false],
    ],
  },
  {
    name: 'no critical vulnerabilities',
    policy: `package sigstore

isCompliant {
  count(critical) == 0
}

critical[v.VulnerabilityID] {
  v := input.predicate.scanner.result.Results[_].Vulnerabilities[_]
  v.Severity == "CRITICAL"
}`,
    cases: [
      [vulnerabilities('LOW', 'HIGH'), true],
      [vulnerabilities('LOW', 'CRITICAL'), undefined],
    ],
  },
  {
    name: 'a scan of the last week',
    policy: `package sigstore

nanosecs_per_week = (((7 * 24) * 3600) * 1000) * 1000 * 1000

isCompliant {
  filter := "trivy"
  contains(input.predicate.scanner.uri, filter)
  scanned := time.parse_rfc3339_ns(input.predicate.metadata.scanFinishedOn)
  time.now_ns() - scanned < nanosecs_per_week
}`,
    cases: [
      [vulnerabilities(), true],
      [{ predicate: { scanner: { uri: 'trivy' }, metadata: { scanFinishedOn: '2025-01-01T00:00:00Z' } } }, undefined],
      [{ predicate: { scanner: { uri: 'trivy' }, metadata: { scanFinishedOn: 'yesterday' } } }, undefined],
    ],
  },
  {
    name: 'licences of an SBOM',
    policy: `package sigstore

allowed = {"MIT", "Apache-2.0"}

isCompliant {
  found := {id | id := input.predicate.components[_].licenses[_].license.id}
  count(found - allowed) == 0
}`,
    cases: [
      [components('MIT', 'Apache-2.0'), true],
      [components('MIT', 'GPL-3.0-only'), undefined],
      [components(), true],
    ],
  },
  {
    name: 'answers with reasons',
    policy: `package sigstore

default isCompliant = {"result": false, "error": "no provenance", "warning": ""}

isCompliant = response {
  builder := input.predicate.builder.id
  result := startswith(builder, "https://github.com/slsa-framework/")
  response := {"result": result, "error": message(result), "warning": sprintf("built by %v", [builder])}
}

message(true) = ""

message(false) = "untrusted builder"`,
    cases: [
      [
        { predicate: { builder: { id: 'https://github.com/slsa-framework/x' } } },
        { result: true, error: '', warning: 'built by https://github.com/slsa-framework/x' },
      ],
      [
        { predicate: { builder: { id: 'https://evil.example' } } },
        { result: false, error: 'untrusted builder', warning: 'built by https://evil.example' },
      ],
      [{}, { result: false, error: 'no provenance', warning: '' }],
    ],
  },
  {
    name: 'a set of answers becomes an array',
    policy: `package sigstore

isCompliant[response] {
  image := input.images[_]
  response := {"result": image.signed, "error": concat(" ", ["image", image.name])}
}`,
    cases: [
      [
        {
          images: [
            { name: 'b', signed: true },
            { name: 'a', signed: false },
          ],
        },
        [
          { error: 'image a', result: false },
          { error: 'image b', result: true },
        ],
      ],
      [{}, []],
    ],
  },
  {
    name: 'two of three authorities',
    policy: `package sigstore

matched[name] {
  input.authorityMatches[name].signatures[_]
}

matched[name] {
  input.authorityMatches[name].attestations[_][_]
}

isCompliant {
  count(matched) >= 2
}`,
    cases: [
      [
        {
          authorityMatches: {
            a: { signatures: [{ id: '1' }] },
            b: { attestations: { scan: [{ id: '2' }] } },
            c: { signatures: [] },
          },
        },
        true,
      ],
      [{ authorityMatches: { a: { signatures: [{ id: '1' }] }, b: { signatures: [] } } }, undefined],
    ],
  },
  {
    name: 'the configuration of each platform, with else and not',
    policy: `package sigstore

import input.config as config

isRoot(platform) {
  not platform.config.User
} else {
  platform.config.User == "root"
} else {
  platform.config.User == "0"
}

offending[name] {
  isRoot(config[name])
}

isCompliant {
  count(config) > 0
  count(offending) == 0
}`,
    cases: [
      [{ config: { 'linux/amd64': { config: { User: '1000' } } } }, true],
      [
        { config: { 'linux/amd64': { config: { User: '1000' } }, 'linux/arm64': { config: { User: 'root' } } } },
        undefined,
      ],
      [{ config: { 'linux/amd64': { config: {} } } }, undefined],
      [{ config: {} }, undefined],
    ],
  },
  {
    name: 'words of the future, one by one',
    policy: `package sigstore

import future.keywords.in
import future.keywords.every

isCompliant {
  every layer in input.predicate.materials {
    some prefix in ["git+https://github.com/example/", "pkg:docker/"]
    startswith(layer.uri, prefix)
  }
}`,
    cases: [
      [{ predicate: { materials: [{ uri: 'pkg:docker/a' }, { uri: 'git+https://github.com/example/b' }] } }, true],
      [{ predicate: { materials: [{ uri: 'git+https://elsewhere/b' }] } }, undefined],
    ],
  },
  {
    name: 'a walk over everything, and a regular expression',
    policy: `package sigstore

secrets[path] {
  walk(input.spec, [path, value])
  is_string(value)
  re_match("(?i)password=\\\\S+", value)
}

isCompliant = false { secrets[_] } else = true`,
    cases: [
      [{ spec: { containers: [{ args: ['--x'] }] } }, true],
      [{ spec: { containers: [{ args: ['Password=abc'] }] } }, false],
    ],
  },
];

describe('policies of ClusterImagePolicies', () => {
  for (const { name, policy, cases } of FIXTURES) {
    test(name, () => {
      const program = compileRego([{ file: 'policy.rego', text: policy }], { version: 'v0' });
      for (const [input, expected] of cases) {
        const outcome = program.evaluate('data.sigstore.isCompliant', { input, now });
        assert.notEqual(outcome.kind, 'error', JSON.stringify(outcome));
        const value = outcome.kind === 'value' ? structuredClone(outcome.value) : undefined;
        assert.deepEqual(value, expected, `${name}: ${JSON.stringify(input)}`);
      }
    });
  }
});
