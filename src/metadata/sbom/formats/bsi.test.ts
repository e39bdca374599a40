import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  arrangeSbom,
  createValidator,
  findSbomProfile,
  parseSbom,
  parseSbomDocument,
  scoreSbom,
  writeSbom,
} from '../index.ts';
import type { Sbom } from '../index.ts';
import { createComponent, fullSbom, smallSbom } from '../testing.ts';
import { parseSbomAuthor } from '../author.ts';
import { checkBsiForm, writeBsiSbom } from './bsi.ts';

/** A file that was seen, a package of a system's database with one that it needs, and what nothing is known of. */
const sbom: Sbom = arrangeSbom({
  ...smallSbom,
  author: parseSbomAuthor('Jane Doe <jane@example.com>'),
  subject: { kind: 'image', name: 'shop', version: '1' },
  components: [
    createComponent({
      name: 'shop.jar',
      version: '1',
      licences: ['Apache-2.0'],
      originator: 'ACME (https://acme.example)',
      homepage: 'https://acme.example/shop',
      locations: [{ path: 'opt/my shop.jar' }],
      hashes: [{ algorithm: 'sha512', value: 'ab'.repeat(64) }],
      properties: {
        'bsi:component:archive': 'archive',
        'bsi:component:executable': 'non-executable',
        'bsi:component:filename': 'my shop.jar',
        'bsi:component:structured': 'structured',
      },
    }),
    createComponent({
      name: 'libc',
      version: '2',
      licences: ['MIT OR GPL-2.0-only'],
      supplier: 'Jane Doe <jane@example.com>',
      evidence: 'installed-db',
      foundBy: 'dpkg',
    }),
    createComponent({
      name: 'zlib',
      version: '3',
      licences: ['some words'],
      evidence: 'installed-db',
      foundBy: 'dpkg',
    }),
    createComponent({ name: 'torn', version: '4', licences: ['MIT'], detectedLicences: ['GPL-3.0-only'] }),
  ],
  dependencies: [{ from: 'pkg:npm/libc@2', to: ['pkg:npm/zlib@3'] }],
});

function pointsOf(text: string, profile: string): number | undefined {
  return scoreSbom(parseSbomDocument(text), [findSbomProfile(profile)], { what: 'x' })[0]?.points;
}

interface Written {
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly components: readonly Readonly<Record<string, unknown>>[];
  readonly dependencies: readonly unknown[];
  readonly compositions: readonly unknown[];
}

const document = JSON.parse(writeBsiSbom(sbom, 'cyclonedx-json')) as Written;
const find = (name: string) => document.components.find((component) => component.name === name) ?? {};

for (const form of ['cyclonedx-json', 'cyclonedx-json@1.7', 'cyclonedx-xml', 'cyclonedx-xml@1.7', 'spdx-json@3.0']) {
  test(`${form}: the model is read as it was written, and the document is valid`, async () => {
    const schemas = join(import.meta.dirname, '../schemas');
    const validate = createValidator((name) =>
      Promise.resolve(JSON.parse(readFileSync(join(schemas, name), 'utf8')) as unknown),
    );
    for (const one of [sbom, fullSbom, smallSbom]) {
      const text = writeBsiSbom(one, form);
      assert.deepEqual(parseSbom(text), arrangeSbom(one));
      if (form.includes('json')) assert.deepEqual((await validate(parseSbomDocument(text))).faults, []);
    }
  });
}

test('the file that was seen is told with its SHA-512, and licences with who says so', () => {
  assert.deepEqual(find('shop.jar').externalReferences, [
    { type: 'website', url: 'https://acme.example/shop' },
    { type: 'distribution', url: 'file:///opt/my%20shop.jar', hashes: [{ alg: 'SHA-512', content: 'ab'.repeat(64) }] },
  ]);
  assert.deepEqual(find('shop.jar').licenses, [
    { license: { id: 'Apache-2.0', acknowledgement: 'declared' } },
    { license: { id: 'Apache-2.0', acknowledgement: 'concluded' } },
  ]);
  assert.deepEqual(find('shop.jar').manufacturer, { name: 'ACME', url: ['https://acme.example'] });
  assert.deepEqual(find('libc').licenses, [{ expression: 'MIT OR GPL-2.0-only', acknowledgement: 'concluded' }]);
  assert.deepEqual(find('libc').manufacturer, { name: 'Jane Doe', contact: [{ email: 'jane@example.com' }] });
  assert.equal(find('zlib').manufacturer, undefined);
});

test('nothing is concluded where the files say otherwise', () => {
  assert.deepEqual(find('torn').licenses, [{ license: { id: 'MIT', acknowledgement: 'declared' } }]);
});

test('everything is listed with what it needs; complete is what a package database tells, unless something was skipped', () => {
  assert.deepEqual(document.dependencies.slice(2), [
    { ref: 'pkg:npm/shop.jar@1', dependsOn: [] },
    { ref: 'pkg:npm/torn@4', dependsOn: [] },
    { ref: 'pkg:npm/zlib@3', dependsOn: [] },
  ]);
  assert.deepEqual(document.compositions, [
    { aggregate: 'complete', dependencies: ['pkg:npm/libc@2', 'pkg:npm/zlib@3'] },
    { aggregate: 'unknown', dependencies: ['subject', 'pkg:npm/shop.jar@1', 'pkg:npm/torn@4'] },
  ]);
  const skipping = { ...sbom, skipped: [{ path: 'a', reason: 'b' }] };
  assert.doesNotMatch(writeBsiSbom(skipping, 'cyclonedx-json'), /"complete"/);
});

test('an author needs an address', () => {
  assert.deepEqual(document.metadata.authors, [{ name: 'Jane Doe', email: 'jane@example.com' }]);
  assert.deepEqual(parseSbomAuthor('ACME <https://acme.example>'), {
    kind: 'organization',
    name: 'ACME',
    url: 'https://acme.example',
  });
  assert.deepEqual(parseSbomAuthor('jane@example.com'), { kind: 'person', email: 'jane@example.com' });
  for (const text of ['Jane', 'Jane <jane>', '<jane@example.com>'])
    assert.throws(() => parseSbomAuthor(text), { kind: 'usage', message: /^--author: expected an e-mail address/ });
});

interface Graph {
  readonly '@graph': readonly (Readonly<Record<string, unknown>> & {
    readonly spdxId: string;
    readonly to?: string[];
  })[];
}

test('in SPDX 3 the file, its kinds, who can be asked, what is concluded and what is complete stand in elements', () => {
  const graph = (JSON.parse(writeBsiSbom(sbom, 'spdx-json@3.0')) as Graph)['@graph'];
  const idOf = (name: string) => graph.find((raw) => raw.name === name && raw.type === 'software_Package')?.spdxId;
  const out = (name: string, type: string) =>
    graph.filter(({ from, relationshipType }) => from === idOf(name) && relationshipType === type);
  const target = (name: string, type: string) =>
    graph.find(({ spdxId }) => out(name, type)[0]?.to?.includes(spdxId) === true);
  const file = target('shop.jar', 'hasDistributionArtifact');
  assert.equal(file?.name, 'my shop.jar');
  assert.deepEqual(file.verifiedUsing, [{ type: 'Hash', algorithm: 'sha512', hashValue: 'ab'.repeat(64) }]);
  assert.deepEqual([file.software_primaryPurpose, file.software_additionalPurpose], ['archive', ['container']]);
  assert.deepEqual(out('libc', 'hasDistributionArtifact'), []);
  assert.deepEqual(target('shop.jar', 'hasConcludedLicense'), target('shop.jar', 'hasDeclaredLicense'));
  assert.deepEqual(out('torn', 'hasConcludedLicense'), []);
  const makers = graph.find(({ spdxId }) => spdxId === idOf('libc'))?.originatedBy;
  assert.deepEqual(
    graph.filter(({ spdxId }) => Array.isArray(makers) && makers.includes(spdxId)).map((raw) => raw.externalIdentifier),
    [[{ type: 'ExternalIdentifier', externalIdentifierType: 'email', identifier: 'jane@example.com' }]],
  );
  const needs = (name: string) => out(name, 'dependsOn').map(({ to, completeness }) => [to, completeness]);
  const terms = 'https://spdx.org/rdf/3.0.1/terms/Core/';
  assert.deepEqual(needs('libc'), [[[idOf('zlib')], 'complete']]);
  assert.deepEqual(needs('zlib'), [[[`${terms}NoneElement`], 'complete']]);
  assert.deepEqual(needs('torn'), [[[`${terms}NoAssertionElement`], 'noAssertion']]);
  const [document] = graph.filter(({ type }) => type === 'SpdxDocument');
  assert.deepEqual(new Set(document?.element as string[]).size, graph.length - 2);
});

test('other forms are refused', () => {
  for (const form of ['spdx-json', 'cyclonedx-json@1.5', 'spdx-tag-value'])
    assert.throws(() => checkBsiForm(form), { kind: 'usage', message: /^--profile bsi: expected cyclonedx-json/ });
});

test('the score of what is written here does not get worse', () => {
  const written = [
    ...['cyclonedx-json', 'spdx-json', 'spdx-json@3.0'].map((form) => writeSbom(sbom, form)),
    ...['cyclonedx-json', 'spdx-json@3.0'].map((form) => writeBsiSbom(sbom, form)),
  ];
  const profiles = ['sbomqs', 'ntia', 'cisa', 'bsi', 'cra'];
  const points = written.map((text) => profiles.map((profile) => pointsOf(text, profile)));
  assert.deepEqual(points, [
    [6.53, 9, 8.33, 4.85, 9.88],
    [6.93, 9, 7.67, 4.55, 9.88],
    [6.62, 9, 8.5, 4.89, 9.88],
    [6.48, 9, 8.33, 6.33, 9.88],
    [6.84, 9, 8.5, 6.53, 9.88],
  ]);
});
