import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TarSpec } from '../artifacts/image/testing.ts';
import { createHandlerHttp } from '../artifacts/testing.ts';
import { createTestPorts } from '../io/testing.ts';
import { createSbom, formatSbom, parseSbom } from './sbom.ts';
import { createTestRegistry, pushTestImage } from './testing.ts';

const IMAGE = 'localhost:5000/app:1';
type Layer = readonly TarSpec[];

/** `name@version` of each component with the layer that brought it, and the one that took it away. */
async function layersOf(layers: readonly Layer[], scope?: 'all-layers') {
  const plain = createTestPorts();
  const ports = { ...plain, http: createHandlerHttp({ 'localhost:5000': createTestRegistry(plain) }) };
  await pushTestImage(ports, IMAGE, { layers });
  const sbom = await createSbom(ports, IMAGE, { scope });
  for (const form of ['spdx-json', 'cyclonedx-json']) assert.deepEqual(parseSbom(formatSbom(sbom, form)), sbom, form);
  return Object.fromEntries(
    sbom.components.map(({ name, version, introducedBy, deletedBy }) => [
      `${name}@${version}`,
      deletedBy === undefined ? introducedBy?.index : `${introducedBy?.index} to ${deletedBy.index}`,
    ]),
  );
}

const dpkg = (...packages: readonly string[]): TarSpec => ({
  path: 'var/lib/dpkg/status',
  content: packages
    .map((text) => text.split('@'))
    .map(([name, version = '1']) => `Package: ${name}\nStatus: install ok installed\nVersion: ${version}\n\n`)
    .join(''),
});
const apk = (...names: readonly string[]): TarSpec => ({
  path: 'lib/apk/db/installed',
  content: names.map((name) => `P:${name}\nV:1\n\n`).join(''),
});
const npm = (name: string, version = '1.0.0', mode = 0o644): TarSpec => ({
  path: `app/node_modules/${name}/package.json`,
  content: JSON.stringify({ name, version }),
  mode,
});
const composer = (...packages: readonly string[]): TarSpec => ({
  path: 'app/vendor/composer/installed.json',
  content: JSON.stringify({
    packages: packages.map((text) => ({
      name: `vendor/${text.split('@')[0]}`,
      version: text.split('@')[1] ?? '1.0.0',
    })),
  }),
});

test('a database that each layer writes anew: a package is of the layer that installed it, upgraded ones of that of the upgrade', async () => {
  assert.deepEqual(
    await layersOf([[dpkg('base', 'libc')], [dpkg('base', 'libc', 'curl')], [dpkg('base', 'libc@2', 'curl', 'git')]]),
    { 'base@1': 0, 'curl@1': 1, 'git@1': 2, 'libc@2': 2 },
  );
});

test('what was removed and came back is of the layer that brought it back', async () => {
  assert.deepEqual(await layersOf([[apk('base', 'tool')], [apk('base')], [apk('base', 'tool')]]), {
    'base@1': 0,
    'tool@1': 2,
  });
  assert.deepEqual(await layersOf([[npm('a')], [{ path: 'app/node_modules/.wh.a' }], [npm('a')]]), { 'a@1.0.0': 2 });
  const emptied = { path: 'lib/apk/db/installed', content: '' };
  assert.deepEqual(await layersOf([[apk('base')], [emptied], [apk('base')]]), { 'base@1': 2 });
});

test('a folder that a layer hides takes its database along, and one that the layer writes anew goes on', async () => {
  const opaque = { path: 'lib/apk/db/.wh..wh..opq' };
  assert.deepEqual(await layersOf([[apk('base')], [apk('base', 'tool'), opaque]]), { 'base@1': 0, 'tool@1': 1 });
  assert.deepEqual(await layersOf([[apk('base')], [{ path: '.wh.lib' }]]), {});
  assert.deepEqual(await layersOf([[apk('base')], [opaque], [apk('base')]]), { 'base@1': 2 });
});

test('files that a layer writes again as they are, as chown does, bring nothing', async () => {
  assert.deepEqual(await layersOf([[npm('a')], [npm('a', '1.0.0', 0o600), npm('b')]]), { 'a@1.0.0': 0, 'b@1.0.0': 1 });
  assert.deepEqual(await layersOf([[npm('a')], [npm('a', '2.0.0')], [npm('a', '2.0.0', 0o600)]]), { 'a@2.0.0': 1 });
});

test('packages of languages that share a file are told apart by its earlier versions', async () => {
  assert.deepEqual(await layersOf([[composer('a', 'b')], [composer('a', 'b@2.0.0', 'c')], [composer('a', 'c')]]), {
    'vendor/a@1.0.0': 0,
    'vendor/c@1.0.0': 1,
  });
});

test('of all layers, what is gone is listed with the layer that took it away', async () => {
  const layers: readonly Layer[] = [
    [dpkg('base', 'gcc'), npm('secret'), composer('a')],
    [dpkg('base', 'gcc', 'tool')],
    [dpkg('base', 'tool@2'), { path: 'app/node_modules/.wh.secret' }],
    [{ path: 'app/vendor/.wh..wh..opq' }],
  ];
  assert.deepEqual(await layersOf(layers), { 'base@1': 0, 'tool@2': 2 });
  assert.deepEqual(await layersOf(layers, 'all-layers'), {
    'base@1': 0,
    'gcc@1': '0 to 2',
    'secret@1.0.0': '0 to 2',
    'tool@1': '1 to 2',
    'tool@2': 2,
    'vendor/a@1.0.0': '0 to 3',
  });
});

test('of all layers, a file in the place of a folder takes away what was in it', async () => {
  const file = { path: 'app', content: 'x' };
  assert.deepEqual(await layersOf([[npm('a')], [file], [{ path: 'other', content: '' }]], 'all-layers'), {
    'a@1.0.0': '0 to 1',
  });
  // what came back is not gone
  assert.deepEqual(await layersOf([[npm('a')], [{ path: '.wh.app' }], [npm('a')]], 'all-layers'), { 'a@1.0.0': 2 });
});
