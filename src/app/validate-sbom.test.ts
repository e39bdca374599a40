import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { dataSet, needsSharedData } from '../../test/shared-data.ts';
import { createTestPorts } from '../io/testing.ts';
import { sbomFormats } from '../metadata/sbom/index.ts';
import { fullSbom, smallSbom } from '../metadata/sbom/testing.ts';
import { createSbomValidator } from './validate-sbom.ts';

const ports = createTestPorts({
  loadPackage: async (name) => (await import(name)) as Readonly<Record<string, unknown>>,
});

interface Expected {
  readonly file: string;
  readonly valid?: boolean | string;
  readonly schemaValid?: boolean;
}

/** Valid by the schema alone: two elements have one id. */
const BROKEN = new Set(['examples/spdx-examples/ai/example01/spdx3.0/simplehtr-example.json']);

for (const set of ['cyclonedx', 'spdx']) {
  test(`${set}: every official document is judged as it is meant`, needsSharedData, async () => {
    const root = dataSet(set);
    const wrong: string[] = [];
    const rows = JSON.parse(readFileSync(join(root, 'expected.json'), 'utf8')) as readonly Expected[];
    assert.ok(rows.length > 40);
    const validate = createSbomValidator(ports);
    for (const { file, valid, schemaValid } of rows) {
      const expected = BROKEN.has(file) ? false : (valid ?? schemaValid ?? true);
      const { faults } = await validate(join(root, file));
      if ((faults.length === 0) !== (expected === true)) wrong.push(`${file}: ${JSON.stringify(faults.slice(0, 3))}`);
    }
    assert.deepEqual(wrong, []);
  });
}

for (const format of sbomFormats.filter(({ id }) => id !== 'github-json')) {
  test(`what is written as ${format.id} is valid, in every version`, async () => {
    const validate = createSbomValidator(ports);
    const path = join(ports.home, 'written');
    for (const version of format.versions) {
      for (const sbom of [fullSbom, smallSbom]) {
        await ports.files.writeAtomic(path, format.write(sbom, version));
        assert.deepEqual((await validate(path)).faults, [], version);
      }
    }
  });
}
