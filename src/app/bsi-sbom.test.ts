import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { dataSet, needsSharedData } from '../../test/shared-data.ts';
import { createTestPorts, temporaryFolder } from '../io/testing.ts';
import { createBsiSbom, listBsiGaps, writeBsiSbom } from './bsi-sbom.ts';

test(
  'a program is told with its file name, what it is, and its SHA-512; what it is made of is not',
  needsSharedData,
  async () => {
    const set = join(dataSet('catalogers'), 'go/trivy-golang_binary_executable_gobinary/input/executable_gobinary.gz');
    const bytes = gunzipSync(readFileSync(set));
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'tool'), bytes);
    chmodSync(join(folder, 'tool'), 0o755);
    const { components } = await createBsiSbom(createTestPorts(), folder);
    const seen = components.filter(({ hashes }) => hashes.some(({ algorithm }) => algorithm === 'sha512'));
    assert.ok(components.length > 1);
    assert.deepEqual(
      seen.map(({ kind, hashes, properties }) => ({ kind, hashes, properties })),
      [
        {
          kind: 'application',
          hashes: [{ algorithm: 'sha512', value: createHash('sha512').update(bytes).digest('hex') }],
          properties: {
            'bsi:component:archive': 'no archive',
            'bsi:component:executable': 'executable',
            'bsi:component:filename': 'tool',
            'bsi:component:structured': 'unstructured',
          },
        },
      ],
    );
  },
);

test('what cannot be known is said by criterion', async () => {
  const folder = temporaryFolder();
  writeFileSync(
    join(folder, 'package-lock.json'),
    JSON.stringify({
      name: 'shop',
      lockfileVersion: 3,
      packages: { '': { name: 'shop' }, 'node_modules/a': { version: '1.0.0', license: 'MIT' } },
    }),
  );
  const gaps = listBsiGaps(writeBsiSbom(await createBsiSbom(createTestPorts(), folder), 'cyclonedx-json'));
  assert.ok(gaps.some((gap) => gap.startsWith('sbom-creator: not known of 1 of 1: an e-mail address or URL')));
  assert.ok(gaps.some((gap) => gap.startsWith('deployable-hash: not known of ')));
});
