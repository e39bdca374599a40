import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Ajv } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import fc from 'fast-check';
import { dataSet, needsSharedData } from '../../../test/shared-data.ts';
import { arrangeSbom, findSbomForm, parseSbom, parseSbomDocument, readSbom, sbomFormats, writeSbom } from './index.ts';
import type { Sbom } from './index.ts';
import { createComponent, fullSbom, smallSbom } from './testing.ts';

const fixtures = [fullSbom, smallSbom];

/** Printable texts with what each spelling treats in a way of its own. */
const line = fc.stringMatching(/^[ -~é€😀]{1,20}$/u).map((text) => `x${text}x`);

function sbomOf(): fc.Arbitrary<Sbom> {
  const text = fc.option(line, { nil: undefined });
  return fc
    .record({
      name: line,
      version: line,
      supplier: text,
      originator: text,
      description: text,
      copyright: text,
      licence: text,
    })
    .map(({ name, version, licence, ...facts }) => {
      const given = Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined));
      const component = createComponent({
        ...given,
        name,
        version,
        purl: 'pkg:npm/x@1',
        licences: licence === undefined ? [] : [licence],
      });
      return { ...smallSbom, subject: { kind: 'folder', name }, components: [component] };
    });
}

/** By the official schema, of documents in the shape of JSON, whatever they were spelled in. */
function validator(family: string, version: string): (document: unknown) => readonly unknown[] {
  const load = (...path: string[]) => JSON.parse(readFileSync(join(...path), 'utf8')) as object;
  const options = { strict: false, allErrors: true, formats: { 'iri-reference': true, 'idn-email': true } } as const;
  const ajv = version === '3.0' ? new Ajv2020(options) : new Ajv(options);
  addFormats.default(ajv);
  let schema = join(
    dataSet('spdx'),
    `schema/spdx-${{ '2.2': '2.2.2', '2.3': '2.3', '3.0': '3.0.1' }[version]}.schema.json`,
  );
  if (family === 'cyclonedx') {
    for (const name of ['spdx.schema.json', 'jsf-0.82.schema.json', 'cryptography-defs.schema.json']) {
      ajv.addSchema(load(dataSet('cyclonedx'), 'schema', name), `http://cyclonedx.org/schema/${name}`);
    }
    schema = join(dataSet('cyclonedx'), `schema/bom-${version}.schema.json`);
  }
  const validate = ajv.compile(load(schema));
  return (document) => (validate(document) ? [] : (validate.errors ?? []));
}

const forms = sbomFormats
  .filter(({ id }) => id !== 'github-json')
  .flatMap((format) => format.versions.map((version) => ({ name: `${format.id}@${version}`, format, version })));

for (const { name, format, version } of forms) {
  const write = (sbom: Sbom) => format.write(sbom, version);

  test(`${name}: output is valid by the official schema`, needsSharedData, () => {
    const validate = validator(format.id.split('-', 1)[0] ?? '', version);
    for (const sbom of fixtures) assert.deepEqual(validate(parseSbomDocument(write(sbom))), []);
    assert.notDeepEqual(validate({}), []);
  });

  test(`${name}: reading what was written gives the same model`, () => {
    for (const sbom of fixtures) assert.deepEqual(parseSbom(write(sbom)), arrangeSbom(sbom));
  });

  test(`${name}: order of input does not matter, content does`, () => {
    const shuffled = { ...fullSbom, components: [...fullSbom.components].reverse() };
    assert.equal(write(shuffled), write(fullSbom));
    const later = { ...fullSbom, created: '2027-01-01T00:00:00Z' };
    const identity = (text: string) => /plimsoll-([-\da-f]{36})|urn:uuid:([-\da-f]{36})/.exec(text)?.[0];
    assert.ok(identity(write(later)));
    assert.equal(identity(write(later)), identity(write(fullSbom)));
    assert.notEqual(identity(write(smallSbom)), identity(write(fullSbom)));
  });

  test(`${name}: skipped files are said in the document`, () => {
    assert.match(write(fullSbom), /usr\/bin\/huge/);
  });

  test(`${name}: any text in any field is read as it was written`, () => {
    fc.assert(
      fc.property(sbomOf(), (sbom) => {
        assert.deepEqual(parseSbom(write(sbom)), arrangeSbom(sbom));
      }),
      { numRuns: 60 },
    );
  });
}

for (const id of ['spdx-json', 'spdx-json@3.0', 'cyclonedx-json', 'spdx-yaml']) {
  test(`${id}: a document with a broken field is refused with its path`, () => {
    const broken = writeSbom(fullSbom, id).replaceAll(/("?name"?): "[^"]*left-pad"/g, '$1: 7');
    assert.throws(() => parseSbom(broken), { kind: 'invalid-input', message: /name: expected a string, found 7/ });
  });
}

test('parseSbom reads the predicate of a statement and refuses what is no SBOM', () => {
  const document: unknown = JSON.parse(writeSbom(fullSbom, 'spdx-json'));
  assert.deepEqual(
    readSbom({ predicateType: 'https://spdx.dev/Document', predicate: document }),
    arrangeSbom(fullSbom),
  );
  assert.deepEqual(readSbom({ predicateType: 'x', predicate: { Data: document } }), arrangeSbom(fullSbom));
  assert.throws(() => parseSbom('{}'), { kind: 'invalid-input' });
  assert.throws(() => parseSbom('not json'), { kind: 'invalid-input' });
  assert.throws(() => findSbomForm('xml'), { kind: 'usage' });
});

for (const folder of ['spec-2.2.2', 'spec-2.3']) {
  test(`${folder}: the official example is the same document in each of its spellings`, needsSharedData, () => {
    const path = join(dataSet('spdx'), 'examples', folder);
    const read = (name: string) => parseSbom(readFileSync(join(path, name)), name);
    const [first, ...others] = readdirSync(path).map(read);
    assert.ok(first?.components.some(({ name }) => name === 'Saxon'));
    assert.equal(others.length, 3);
    for (const other of others) assert.deepEqual(other, first);
  });
}

test('every valid document of CycloneDX, and every example of SPDX, is read', needsSharedData, () => {
  const spdx = readdirSync(join(dataSet('spdx'), 'examples'), { recursive: true, encoding: 'utf8' });
  const cyclonedx = readdirSync(join(dataSet('cyclonedx'), 'docs'), { recursive: true, encoding: 'utf8' });
  const paths = [
    ...spdx
      .filter((path) => /\.(?:json|yaml|xml|spdx)$/.test(path))
      .map((path) => join(dataSet('spdx'), 'examples', path)),
    ...cyclonedx.filter((path) => /(?:^|\/)valid-/.test(path)).map((path) => join(dataSet('cyclonedx'), 'docs', path)),
  ];
  assert.ok(paths.length > 390);
  for (const path of paths) parseSbom(readFileSync(path), path);
});
