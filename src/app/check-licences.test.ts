import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTestPorts } from '../io/testing.ts';
import { checkLicences, loadLicenceExceptions, parseLicencePolicy } from './check-licences.ts';
import { parseSbom } from './sbom.ts';

const sbom = parseSbom(
  JSON.stringify({
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    components: [
      { name: 'a', version: '1', purl: 'pkg:npm/a@1?arch=x', licenses: [{ license: { id: 'GPL-2.0-only' } }] },
      { name: 'b', version: '1', purl: 'pkg:npm/b@1', licenses: [{ expression: 'MIT OR GPL-2.0-only' }] },
      { name: 'c', version: '1', purl: 'pkg:npm/c@1', licenses: [{ license: { id: 'GPL-2.0-only' } }] },
      { name: 'd', version: '1', purl: 'pkg:npm/d@1' },
    ],
  }),
);
const policy = parseLicencePolicy([], ['GPL-*, AGPL-*']);
const at = new Date('2026-05-05T23:59:00Z');

test('checkLicences counts by licence and names what stands in the way', () => {
  const report = checkLicences(sbom, { policy, exceptions: [], at });
  assert.deepEqual(
    report.licences.map(({ licence, outcome, components }) => [licence, outcome, components]),
    [
      ['GPL-2.0-only', 'denied', 2],
      ['MIT OR GPL-2.0-only', 'allowed', 1],
      ['none', 'allowed', 1],
    ],
  );
  assert.deepEqual(
    report.violations.map(({ name, because }) => [name, ...because]),
    [
      ['a', 'GPL-2.0-only'],
      ['c', 'GPL-2.0-only'],
    ],
  );
});

test('exceptions hold for their packages and licences, to the end of their last day', () => {
  const left = (exception: object) =>
    checkLicences(sbom, { policy, exceptions: [{ package: 'pkg:npm/a@*', reason: 'asked', ...exception }], at })
      .violations;
  assert.deepEqual(
    left({}).map(({ name }) => name),
    ['c'],
  );
  assert.deepEqual(
    left({ until: '2026-05-05' }).map(({ name }) => name),
    ['c'],
  );
  assert.deepEqual(
    left({ licences: ['GPL-2*'] }).map(({ name }) => name),
    ['c'],
  );
  assert.deepEqual(
    left({ licences: ['MIT'] }).map(({ name }) => name),
    ['a', 'c'],
  );
  assert.deepEqual(
    left({ package: 'pkg:npm/a@1?arch=y' }).map(({ name }) => name),
    ['a', 'c'],
  );
  const [first] = left({ until: '2026-05-04' });
  assert.equal(first?.expired?.until, '2026-05-04');
});

test('a file of exceptions says why, and until what day', async () => {
  const load = async (text: string) =>
    await loadLicenceExceptions(
      { files: { ...createTestPorts().files, read: () => Promise.resolve(Buffer.from(text)) } },
      'x.yaml',
    );
  assert.deepEqual(await load('exceptions:\n- package: pkg:npm/a@1\n  reason: asked\n  until: 2026-05-05'), [
    { package: 'pkg:npm/a@1', licences: undefined, reason: 'asked', until: '2026-05-05' },
  ]);
  for (const [text, message] of [
    ['exceptions:\n- package: pkg:npm/a@1', /reason/],
    ['exceptions:\n- package: pkg:npm/a@1\n  reason: " "', /exceptions\[0\]\.reason: expected why/],
    ['exceptions:\n- package: pkg:npm/a@1\n  reason: x\n  until: soon', /until: expected a day/],
    ['exceptions:\n- package: pkg:npm/a@1\n  reason: x\n  licence: MIT', /licence/],
  ] as const)
    await assert.rejects(load(text), { kind: 'invalid-input', message });
});
