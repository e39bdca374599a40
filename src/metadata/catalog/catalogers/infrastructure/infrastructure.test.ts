import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMemoryTree } from '../../../../core/testing.ts';
import { catalogSelector, catalogTree } from '../../index.ts';

const catalog = async (path: string, content: string) =>
  await catalogTree(createMemoryTree({ [path]: content }, catalogSelector), { declared: true });

const COMMIT = '11bd71901bbe5b1630ceea73d27597364c9af683';

test('an action that is pinned has the version in the comment behind it, and keeps its commit', async () => {
  const steps = [
    `actions/checkout@${COMMIT} # v4.2.2`,
    'a/b/folder@main # latest',
    'docker://ghcr.io/o/alpine:3.20',
    './local',
    'broken',
  ];
  const found = await catalog(
    '.github/workflows/ci.yml',
    `jobs:\n  a:\n    steps:\n${steps.map((uses) => `      - uses: ${uses}\n`).join('')}`,
  );
  assert.deepEqual(
    found.components.map(({ id, locations, properties }) => [
      id,
      locations[0]?.lines?.[0],
      properties['github:commit'],
    ]),
    [
      ['pkg:github/actions/checkout@v4.2.2', 4, COMMIT],
      ['pkg:github/a/b@main#folder', 5, undefined],
      ['pkg:docker/ghcr.io/o/alpine@3.20', 6, undefined],
      ['github-actions:./local@', 7, undefined],
    ],
  );
  assert.match(found.skipped[0]?.reason ?? '', /expected an action and its reference, found "broken"/);
});

test('providers of Terraform have their version and their lines; files of YAML elsewhere and in packages are not read as workflows', async () => {
  const provider = (name: string) => `provider "registry.opentofu.org/${name}" {\n  version = "1.0.0"\n}\n`;
  const found = await catalog('.terraform.lock.hcl', `# note\n${provider('a/one')}${provider('a/two')}`);
  assert.deepEqual(
    found.components.map(({ id, locations }) => [id, locations[0]?.lines]),
    [
      ['pkg:terraform/registry.opentofu.org/a/one@1.0.0', [2, 3]],
      ['pkg:terraform/registry.opentofu.org/a/two@1.0.0', [5, 6]],
    ],
  );
  const other = await catalog('deploy/ci.yml', 'jobs: {a: {steps: [{uses: a/b@v1}]}}');
  assert.deepEqual([other.components.length, other.skipped.length], [0, 0]);
  const published = 'node_modules/p/.github/workflows/ci.yml';
  assert.deepEqual((await catalog(published, 'jobs: {a: {steps: [{uses: a/b@v1}]}}')).components, []);
});
