import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import { dataSet, needsSharedData } from '../../../test/shared-data.ts';
import { arrangeSbom, getSbomFormat, parseSbom, readSbom, sbomFormats } from './index.ts';
import { fullSbom, smallSbom } from './testing.ts';

const fixtures = [fullSbom, smallSbom];

function validator(formatId: string): (document: unknown) => readonly unknown[] {
  const ajv = new Ajv({ strict: false, allErrors: true, formats: { 'iri-reference': true, 'idn-email': true } });
  addFormats.default(ajv);
  const load = (...path: string[]) => JSON.parse(readFileSync(join(...path), 'utf8')) as object;
  if (formatId === 'cyclonedx-json') {
    for (const name of ['spdx.schema.json', 'jsf-0.82.schema.json', 'cryptography-defs.schema.json']) {
      ajv.addSchema(load(dataSet('cyclonedx'), 'schema', name), `http://cyclonedx.org/schema/${name}`);
    }
  }
  const schema =
    formatId === 'cyclonedx-json'
      ? load(dataSet('cyclonedx'), 'schema/bom-1.6.schema.json')
      : load(dataSet('spdx'), 'schema/spdx-2.3.schema.json');
  const validate = ajv.compile(schema);
  return (document) => (validate(document) ? [] : (validate.errors ?? []));
}

for (const format of sbomFormats) {
  test(`${format.id}: output is valid by the official schema`, needsSharedData, () => {
    const validate = validator(format.id);
    for (const sbom of fixtures) assert.deepEqual(validate(JSON.parse(format.write(sbom))), []);
    assert.notDeepEqual(validate({}), []);
  });

  test(`${format.id}: reading what was written gives the same model`, () => {
    for (const sbom of fixtures) assert.deepEqual(parseSbom(format.write(sbom)), arrangeSbom(sbom));
  });

  test(`${format.id}: order of input does not matter, content does`, () => {
    const shuffled = { ...fullSbom, components: [...fullSbom.components].reverse() };
    assert.equal(format.write(shuffled), format.write(fullSbom));
    const later = { ...fullSbom, created: '2027-01-01T00:00:00Z' };
    const identity = (text: string) => /"(?:serialNumber|documentNamespace)": "([^"]+)"/.exec(text)?.[1];
    assert.equal(identity(format.write(later)), identity(format.write(fullSbom)));
    assert.notEqual(identity(format.write(smallSbom)), identity(format.write(fullSbom)));
  });

  test(`${format.id}: skipped files are said in the document`, () => {
    assert.match(format.write(fullSbom), /usr\/bin\/huge/);
  });

  test(`${format.id}: a document with a broken field is refused with its path`, () => {
    const broken = format.write(fullSbom).replaceAll(/"name": "[^"]*left-pad"/g, '"name": 7');
    assert.throws(() => parseSbom(broken), { kind: 'invalid-input', message: /name: expected a string, found 7/ });
  });
}

test('parseSbom reads the predicate of a statement and refuses what is no SBOM', () => {
  const document: unknown = JSON.parse(getSbomFormat('spdx-json').write(fullSbom));
  assert.deepEqual(
    readSbom({ predicateType: 'https://spdx.dev/Document', predicate: document }),
    arrangeSbom(fullSbom),
  );
  assert.deepEqual(readSbom({ predicateType: 'x', predicate: { Data: document } }), arrangeSbom(fullSbom));
  assert.throws(() => parseSbom('{}'), { kind: 'invalid-input' });
  assert.throws(() => parseSbom('not json'), { kind: 'invalid-input' });
  assert.throws(() => getSbomFormat('xml'), { kind: 'usage' });
});

test('official example documents are read', needsSharedData, () => {
  const expected = JSON.parse(readFileSync(join(dataSet('spdx'), 'expected.json'), 'utf8')) as unknown;
  assert.ok(expected);
  const spec = parseSbom(readFileSync(join(dataSet('spdx'), 'examples/spec-2.3/SPDXJSONExample-v2.3.spdx.json')));
  assert.ok(spec.components.some((component) => component.name === 'Saxon'));
});
