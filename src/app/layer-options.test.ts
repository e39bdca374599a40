import assert from 'node:assert/strict';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { createHandlerHttp } from '../artifacts/testing.ts';
import { parseReference } from '../core/index.ts';
import type { Ports } from '../core/index.ts';
import { createTestPorts } from '../io/testing.ts';
import { importAdvisories } from './advisories.ts';
import { BASE_NAME } from './base-image.ts';
import type { LayerOptions } from './layer-options.ts';
import { formatScanTable, toSarif, toVulnPredicate } from './scan-report.ts';
import { openRepository } from './registry.ts';
import { createSbom, formatSbom, openSbom } from './sbom.ts';
import { scanSource } from './scan.ts';
import { createTestRegistry, pushTestImage } from './testing.ts';
import type { TestImage } from './testing.ts';

const BASE = 'localhost:5000/base:1';
const OTHER = 'localhost:5000/other:1';
const APP = 'localhost:5000/app:1';
const npm = (name: string) => ({
  path: `app/node_modules/${name}/package.json`,
  content: JSON.stringify({ name, version: '1.0.0' }),
});
const base: TestImage = { layers: [[npm('low')], [npm('gone')]] };
const app: TestImage = {
  layers: [...base.layers, [npm('own')], [{ path: 'app/node_modules/.wh.gone', content: '' }]],
  annotations: { [BASE_NAME]: BASE },
};
const other: TestImage = { layers: [[npm('other')]] };
const COMMAND = { created_by: 'CMD ["sh"]', empty_layer: true };
const STEP = { created_by: 'COPY . /app' };
/** Its history tells the base, its annotation names it. */
const guessable: TestImage = { ...app, history: [STEP, STEP, COMMAND, STEP, STEP] };

let ports: Ports;
before(async () => {
  const plain = createTestPorts();
  ports = { ...plain, http: createHandlerHttp({ 'localhost:5000': createTestRegistry(plain) }) };
  for (const [reference, image] of Object.entries({ [BASE]: base, [APP]: app, [OTHER]: other }))
    await pushTestImage(ports, reference, image);
  const advisories = ['low', 'gone', 'own'].map((name) => ({
    id: `X-${name}`,
    modified: '2026-01-01T00:00:00Z',
    affected: [{ package: { ecosystem: 'npm', name }, versions: ['1.0.0'] }],
  }));
  for (const advisory of advisories) {
    const path = join(ports.home, `${advisory.id}.json`);
    await ports.files.writeAtomic(path, JSON.stringify(advisory));
    await importAdvisories(ports, [path]);
  }
});

async function stored(options: LayerOptions, { form = 'cyclonedx-json', source = APP } = {}): Promise<string> {
  const path = join(ports.home, 'stored');
  await ports.files.writeAtomic(path, formatSbom(await createSbom(ports, source, options), form));
  return path;
}

async function scanned(source: string, options: LayerOptions) {
  const result = await scanSource(ports, source, options);
  return { result, names: result.findings.map(({ component }) => component.name).sort() };
}

test('a scan takes what sbom takes, of an image and of its stored SBOM', async () => {
  const cases: readonly (readonly [LayerOptions, readonly string[]])[] = [
    [{}, ['low', 'own']],
    [{ base: BASE, excludesBase: true }, ['own']],
    [{ scope: 'all-layers' }, ['gone', 'low', 'own']],
    [{ scope: 'all-layers', base: BASE, excludesBase: true }, ['own']],
  ];
  for (const form of ['cyclonedx-json', 'spdx-json', 'spdx-json@3.0', 'spdx-tag-value', 'cyclonedx-xml'])
    for (const [options, names] of cases) {
      assert.deepEqual((await scanned(APP, options)).names, names);
      assert.deepEqual((await scanned(await stored(options, { form }), {})).names, names, form);
      const all = await stored({ scope: 'all-layers' }, { form });
      assert.deepEqual((await scanned(all, { scope: 'squashed', ...options })).names, names, form);
    }
});

test('a report says what is there no more, and that the base was not judged', async () => {
  const { result } = await scanned(APP, { scope: 'all-layers' });
  assert.match(formatScanTable(result), /gone +1\.0\.0 gone in 3 /);
  assert.match(JSON.stringify(toSarif(result)), /gone 1\.0\.0 gone in 3: /);
  const { result: partial } = await scanned(APP, { base: BASE, excludesBase: true });
  assert.match(formatScanTable(partial), /^not judged: what the base image localhost:5000\/base:1 brought$/m);
  for (const report of [toSarif(partial), toVulnPredicate(partial)])
    assert.match(JSON.stringify(report), /"isExcluded":true/);
});

test('a stored SBOM is placed on the base that it names, where it tells', async () => {
  await pushTestImage(ports, 'localhost:5000/guessable:1', guessable);
  const guessed = await stored({}, { source: 'localhost:5000/guessable:1' });
  assert.equal((await openSbom(ports, guessed)).base?.foundBy, 'history');
  const { base: named, layers } = await openSbom(ports, guessed, { base: 'auto' });
  assert.deepEqual([named?.foundBy, named?.name], ['annotations', BASE]);
  assert.deepEqual(
    layers?.map(({ isBase }) => isBase),
    [true, true, false, false],
  );
  const known = await stored({ base: 'auto' });
  assert.equal((await openSbom(ports, known, { base: 'auto' })).base?.foundBy, 'annotations');
});

test('a stored SBOM says its platform, of which its base is where that is for several', async () => {
  const manifests = [];
  for (const architecture of ['amd64', 'arm64']) {
    const own: TestImage = { layers: [[npm(architecture)]], architecture };
    const descriptor = await pushTestImage(ports, `localhost:5000/many:${architecture}`, own);
    manifests.push({ ...descriptor, platform: { os: 'linux', architecture } });
    const built = { ...own, layers: [...own.layers, [npm('added')]] };
    await pushTestImage(ports, `localhost:5000/built:${architecture}`, built);
  }
  const type = 'application/vnd.oci.image.index.v1+json';
  const many = parseReference('localhost:5000/many:1');
  const index = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: type, manifests }));
  await openRepository(ports, many).pushManifest(index, type, '1');
  for (const form of ['cyclonedx-json', 'spdx-json', 'spdx-json@3.0', 'spdx-tag-value', 'cyclonedx-xml']) {
    const path = await stored({}, { form, source: 'localhost:5000/built:arm64' });
    const { subject, components } = await openSbom(ports, path, { base: 'localhost:5000/many:1', excludesBase: true });
    assert.deepEqual([subject.platform, components.map(({ name }) => name)], ['linux/arm64', ['added']], form);
    const other = { base: 'localhost:5000/many:1', platform: 'linux/amd64' };
    await assert.rejects(openSbom(ports, path, other), { kind: 'invalid-input', message: /not based on it/ });
  }
});

test('a stored SBOM says which layers were looked into, also where nothing is gone', async () => {
  for (const form of ['cyclonedx-json', 'spdx-json', 'spdx-json@3.0', 'spdx-tag-value', 'cyclonedx-xml']) {
    const path = await stored({ scope: 'all-layers' }, { form, source: OTHER });
    assert.equal((await openSbom(ports, path, { scope: 'all-layers' })).layerScope, 'all-layers', form);
    assert.equal((await openSbom(ports, path, { scope: 'squashed' })).layerScope, 'squashed', form);
    assert.equal((await openSbom(ports, await stored({}, { form }))).layerScope, 'squashed', form);
  }
});

test('what a stored SBOM does not tell is a usage error, and another base is refused', async () => {
  const refused = async (source: string, options: LayerOptions, kind: string, message: RegExp) =>
    await assert.rejects(scanSource(ports, source, options), { kind, message });
  const plain = await stored({});
  await refused(plain, { scope: 'all-layers' }, 'usage', /--scope: expected an SBOM with what upper layers took away/);
  await refused(plain, { base: 'auto' }, 'usage', /--base auto: expected an SBOM that says which base/);
  await refused(plain, { excludesBase: true }, 'usage', /expected a base image, found no trace/);
  await refused(plain, { base: OTHER }, 'invalid-input', /not based on it: expected layer 0 of localhost:5000\/other@/);
  await refused(await stored({ base: BASE }), { base: 'auto' }, 'usage', /--base auto/);
  const without = await stored({ base: BASE, excludesBase: true });
  await refused(without, { base: BASE }, 'usage', /--base: expected an SBOM with what the base image brought/);
  assert.deepEqual((await scanned(without, { excludesBase: true })).names, ['own']);
  const flat = join(ports.home, 'flat.cdx.json');
  await ports.files.writeAtomic(flat, '{"bomFormat":"CycloneDX","specVersion":"1.6","components":[]}');
  for (const options of [{ base: BASE }, { excludesBase: true }, { scope: 'all-layers' as const }])
    for (const source of [flat, 'pkg:npm/own@1.0.0'])
      await refused(source, options, 'usage', /expected an image with its layers, found none/);
});
