import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { AppError, findPredicateType } from '../../core/index.ts';
import { dataSet, needsSharedData } from '../../../test/shared-data.ts';
import { findPredicate, isPredicateType, predicateFromFile, predicates, predicateTypeOf } from './index.ts';

const examples: Readonly<Record<string, unknown>> = {
  spdxjson: { spdxVersion: 'SPDX-2.3', name: 'app' },
  cyclonedx: { bomFormat: 'CycloneDX', specVersion: '1.6' },
  vuln: { scanner: { uri: 'pkg:x', result: [] }, metadata: { scanFinishedOn: '2026-01-01T00:00:00Z' } },
  openvex: { '@context': 'https://openvex.dev/ns/v0.2.0', statements: [{}] },
  slsaprovenance: { builder: { id: 'https://b' }, buildType: 'https://t', materials: [{ uri: 'git+https://x' }] },
  slsaprovenance1: {
    buildDefinition: { buildType: 'https://t', externalParameters: {}, resolvedDependencies: [{ uri: 'https://x' }] },
    runDetails: { builder: { id: 'https://b' } },
  },
  link: { name: 'build', command: ['make'], materials: {}, byproducts: {} },
  custom: { Data: 'text', Timestamp: '2026-01-01T00:00:00Z' },
};

const context = { what: 'predicate.json', at: new Date('2026-01-02T03:04:05.678Z') };

for (const member of predicates) {
  const [name = ''] = member.shortNames;
  const example = examples[name];

  test(`${name}: unknown fields are kept, a wrong type is refused with its path`, () => {
    assert.ok(typeof example === 'object');
    const extended = { ...example, future: { field: [1] } };
    assert.deepEqual(member.decode(extended, 'predicate'), extended);
    for (const wrong of [null, [], 'text', 7, undefined]) {
      assert.throws(
        () => member.decode(wrong, 'predicate'),
        (error) => error instanceof AppError && error.kind === 'invalid-input' && error.message.startsWith('predicate'),
      );
    }
  });

  test(`${name}: its names give its type, which it accepts`, () => {
    for (const short of member.shortNames) assert.equal(predicateTypeOf(short), member.type);
    assert.ok(member.accepts(member.type));
    assert.equal(findPredicate(member.type), member);
    assert.ok(!member.accepts(`${member.type}-other`));
  });

  test(`${name}: what a file becomes is a valid predicate`, () => {
    const made = predicateFromFile(member.type, new TextEncoder().encode(JSON.stringify(example)), context);
    assert.deepEqual(member.decode(made, 'predicate'), made);
  });
}

test('a wrong field is refused with the whole path', () => {
  const wrong: readonly (readonly [string, unknown, RegExp])[] = [
    [
      'slsaprovenance1',
      { buildDefinition: { buildType: 7, externalParameters: {} } },
      /^p\.buildDefinition\.buildType/,
    ],
    ['slsaprovenance', { builder: { id: 'x' } }, /^p\.buildType: expected a string, found nothing/],
    ['cyclonedx', { bomFormat: 'SPDX', specVersion: '1.6' }, /^p\.bomFormat: expected CycloneDX/],
    ['openvex', { '@context': 'x', statements: [1] }, /^p\.statements\[0\]: expected an object/],
    ['vuln', { scanner: [] }, /^p\.scanner: expected an object/],
  ];
  for (const [name, value, message] of wrong) {
    const member = findPredicate(predicateTypeOf(name));
    assert.throws(
      () => member?.decode(value, 'p'),
      (error) => error instanceof AppError && message.test(error.message),
      name,
    );
  }
});

test('versions of a document type are of its kind, other URIs are not', () => {
  assert.ok(isPredicateType('https://cyclonedx.org/bom/v1.4', 'https://cyclonedx.org/bom'));
  assert.ok(isPredicateType('https://spdx.dev/Document/v2.3', 'https://spdx.dev/Document'));
  assert.ok(isPredicateType('https://example.com/p', 'https://example.com/p'));
  assert.ok(!isPredicateType('https://cyclonedx.org/bom', 'https://cyclonedx.org/bom/v1.4'));
  assert.ok(!isPredicateType('https://cyclonedx.org/bom/v1.4/evil', 'https://cyclonedx.org/bom'));
  assert.ok(!isPredicateType('https://slsa.dev/provenance/v0.2', 'https://slsa.dev/provenance/v1'));
});

test('predicateTypeOf gives a URI back and refuses words that are neither', () => {
  assert.equal(predicateTypeOf('https://example.com/p/v1'), 'https://example.com/p/v1');
  for (const word of ['', 'sbom', 'https://with space', '://x']) {
    assert.throws(
      () => predicateTypeOf(word),
      (error) => error instanceof AppError && error.kind === 'usage',
    );
  }
});

test('a custom predicate holds the text of the file and the time in seconds', () => {
  const made = predicateFromFile(predicateTypeOf('custom'), new TextEncoder().encode('{"a":1}\n'), context);
  assert.deepEqual(made, { Data: '{"a":1}\n', Timestamp: '2026-01-02T03:04:05Z' });
  assert.deepEqual(predicateFromFile('https://x.example/p', new TextEncoder().encode('{"a":1}'), context), { a: 1 });
});

test('published statements decode, with the predicates we know', needsSharedData, () => {
  const folder = dataSet('predicates');
  const index = JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8')) as readonly {
    file: string;
    predicateType: string;
  }[];
  let known = 0;
  for (const entry of index) {
    const value = JSON.parse(readFileSync(join(folder, entry.file), 'utf8')) as { predicate?: unknown };
    const member = findPredicate(entry.predicateType);
    if (member === undefined || value.predicate === undefined) continue;
    known += 1;
    try {
      assert.deepEqual(member.decode(value.predicate, entry.file), value.predicate);
    } catch (error) {
      // Documents in specifications abbreviate digests, which are rightly refused.
      assert.ok(error instanceof AppError && /hex digits, found "[0-9a-f]*\.\.\."/.test(error.message), String(error));
    }
  }
  assert.ok(known > 3);
});

test('policies know the predicates by the same names', () => {
  for (const predicate of predicates) {
    for (const name of predicate.shortNames) assert.equal(findPredicateType(name), predicate.type, name);
  }
});

test('a version is a suffix of numbers; a type that only begins like another is another', () => {
  const wanted = 'https://cyclonedx.org/bom';
  assert.equal(isPredicateType(`${wanted}/v1.5`, wanted), true);
  for (const found of [
    `${wanted}ing/v1`,
    `${wanted}/v`,
    `${wanted}/v1.5/x`,
    `${wanted}/vx`,
    `${wanted}x`,
    `${wanted}xx1`,
  ]) {
    assert.equal(isPredicateType(found, wanted), false, found);
  }
});
