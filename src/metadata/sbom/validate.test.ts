import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { createValidator } from './validate.ts';

const validate = createValidator((name) =>
  Promise.resolve(JSON.parse(readFileSync(join(import.meta.dirname, 'schemas', name), 'utf8')) as unknown),
);

async function faultsOf(components: readonly object[]): Promise<readonly string[]> {
  const document = { bomFormat: 'CycloneDX', specVersion: '1.6', version: 1, components };
  return (await validate(document)).faults.map(({ where, message }) => `${where}: ${message}`);
}

test('components that say the same in another order of keys are one too many', async () => {
  const [first, second] = [
    { type: 'library', name: 'a', licenses: [{ license: { id: 'MIT', url: 'https://a.example' } }] },
    { licenses: [{ license: { url: 'https://a.example', id: 'MIT' } }], name: 'a', type: 'library' },
  ];
  assert.deepEqual(await faultsOf([first, second]), ['components: must NOT have duplicate items']);
  assert.deepEqual(await faultsOf([first, { ...second, name: 'b' }]), []);
});

test('a version that is called as something of every object has no schema', async () => {
  await assert.rejects(
    validate({ spdxVersion: 'constructor' }),
    /expected SPDX-2\.2 or SPDX-2\.3, found "constructor"$/,
  );
});
