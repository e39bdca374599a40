import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { openRepository } from '../../app/registry.ts';
import { createTestRegistry, pushTestImage } from '../../app/testing.ts';
import { createHandlerHttp } from '../../artifacts/testing.ts';
import { parseReference } from '../../core/index.ts';
import { createTestPorts } from '../../io/testing.ts';
import { runCommand } from '../testing.ts';

const HOST = 'localhost:5000';
const OCI_INDEX = 'application/vnd.oci.image.index.v1+json';
const IMAGE = `${HOST}/app:1`;

/** An index of two images and an attestation, and a lone image. */
async function setUp() {
  const plain = createTestPorts();
  const ports = { ...plain, http: createHandlerHttp({ [HOST]: createTestRegistry(plain) }) };
  const manifests = [];
  for (const architecture of ['amd64', 'arm64']) {
    const content = `P:for-${architecture}\nV:1\n\n`;
    const image = { layers: [[{ path: 'lib/apk/db/installed', content }]], architecture };
    const descriptor = await pushTestImage(ports, `${HOST}/app:${architecture}`, image);
    manifests.push({ ...descriptor, platform: { os: 'linux', architecture } });
  }
  const attestation = { ...manifests[0], platform: { os: 'unknown', architecture: 'unknown' } };
  const index = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [...manifests, attestation] };
  const repository = openRepository(ports, parseReference(IMAGE));
  await repository.pushManifest(Buffer.from(JSON.stringify(index)), OCI_INDEX, '1');
  const path = (name: string) => join(ports.home, name);
  const read = async (name: string) => Buffer.from(await ports.files.read(path(name))).toString();
  return { ports, path, read, run: (...words: readonly string[]) => runCommand(ports, words) };
}

test('all platforms of an index give a document each, and their tables together', async () => {
  const { run, path, read } = await setUp();
  const target = `spdx-json=${path('app.v1/x.spdx.json')}`;
  const { code, stdout } = await run('sbom', '--platform', 'all', '-o', target, '-o', 'table', IMAGE);
  assert.equal(code, 0);
  for (const architecture of ['amd64', 'arm64']) {
    assert.match(await read(`app.v1/x-linux-${architecture}.spdx.json`), new RegExp(`"for-${architecture}"`));
    assert.match(stdout, new RegExp(`^linux/${architecture}\n${IMAGE}: 1 components`, 'm'));
  }
  const json = JSON.parse((await run('sbom', '--platform', 'all', '--json', IMAGE)).stdout) as object;
  assert.deepEqual(Object.keys(json), ['linux/amd64', 'linux/arm64']);
});

test('of one platform the document is written as it is asked for', async () => {
  const { run, path, read } = await setUp();
  const platform = ['--platform', 'linux/arm64'];
  assert.match((await run('sbom', ...platform, '-o', 'spdx-json', IMAGE)).stdout, /^\{[^]*"for-arm64"/);
  assert.equal((await run('sbom', ...platform, '-o', `spdx-json=${path('x.json')}`, IMAGE)).code, 0);
  assert.match(await read('x.json'), /"for-arm64"/);
});

test('of a lone image all platforms are the one that it is for', async () => {
  const { run } = await setUp();
  const { code, stdout } = await run('sbom', '--platform', 'all', `${HOST}/app:arm64`);
  assert.equal(code, 0);
  assert.match(stdout, /^localhost:5000\/app:arm64: 1 components\n[^]*for-arm64/);
});

test('several documents are not written over each other', async () => {
  const { run } = await setUp();
  const { code, stderr } = await run('sbom', '--platform', 'all', '-o', 'spdx-json', IMAGE);
  assert.equal(code, 2);
  assert.match(stderr, /--platform all: expected -o spdx-json=FILE/);
});

test('an SBOM as the source is written anew; what it has not is refused', async () => {
  const { run, path, read } = await setUp();
  assert.equal((await run('sbom', '-o', `cyclonedx-json=${path('a.cdx.json')}`, IMAGE)).code, 0);
  const source = path('a.cdx.json');
  const document = JSON.parse(await read('a.cdx.json')) as object;
  await run('sbom', '-o', `spdx-json=${path('b.spdx.json')}`, source);
  assert.match(await read('b.spdx.json'), /"for-amd64"/);
  const { ports } = await setUp();
  await ports.files.writeAtomic(source, JSON.stringify({ ...document, services: [{ name: 'x' }] }));
  assert.match((await run('sbom', `sbom:${source}`)).stderr, /not kept: services \(1\)/);
  for (const [expected, ...words] of [
    ['an SBOM that says which base', '--base', 'auto'],
    ['a base image', '--exclude-base'],
    ['an SBOM with what upper layers took away', '--scope', 'all-layers'],
    ['an image or files, found an SBOM', '--platform', 'all'],
  ] as const) {
    const { code, stderr } = await run('sbom', ...words, source);
    assert.equal(code, 2);
    assert.ok(stderr.includes(`expected ${expected}`), stderr);
  }
});

test('layers that are known without the rules of the user are read anew with them', async () => {
  const { ports, run, path } = await setUp();
  const content = 'acme-server version 1.2.3';
  await pushTestImage(ports, `${HOST}/app:2`, { layers: [[{ path: 'opt/acme-server', content }]] });
  const rule = { name: 'acme-server', files: '/opt/*', patterns: String.raw`version (?P<version>\d[\d.]+)` };
  await ports.files.writeAtomic(path('rules.yaml'), JSON.stringify({ rules: [rule] }));
  const list = async (...flags: readonly string[]) => (await run('sbom', ...flags, `${HOST}/app:2`)).stdout;
  const rules = ['--binary-rules', path('rules.yaml')] as const;
  assert.match(await list(), /: 0 components/);
  assert.match(await list(...rules), /^acme-server +1\.2\.3 +generic/m);
  await ports.files.writeAtomic(path('rules.yaml'), JSON.stringify({ rules: [{ ...rule, name: 'other' }] }));
  assert.match(await list(...rules), /^other +1\.2\.3/m);
  assert.equal((await run('sbom', '--binary-rules', path('none.yaml'), '.')).code, 4);
  await ports.files.writeAtomic(path('rules.yaml'), '{}');
  const refused = await run('sbom', ...rules, '.');
  assert.equal(refused.code, 3);
  assert.match(refused.stderr, /rules\.yaml\.rules: expected a list, found nothing/);
});

test('a scan judges programs that only rules of the user find, and refuses the rules where there are no files', async () => {
  const { ports, run, path } = await setUp();
  await pushTestImage(ports, `${HOST}/app:3`, { layers: [[{ path: 'opt/acme', content: 'acme version 1.2.3' }]] });
  const rule = { name: 'acme', files: 'acme', patterns: String.raw`version (?P<version>[\d.]+)`, purl: 'pkg:npm/acme' };
  const affected = [{ package: { ecosystem: 'npm', name: 'acme' }, versions: ['1.2.3'] }];
  await ports.files.writeAtomic(path('rules.yaml'), JSON.stringify({ rules: [rule] }));
  await ports.files.writeAtomic(
    path('X-1.json'),
    JSON.stringify({ id: 'X-1', modified: '2026-01-01T00:00:00Z', affected }),
  );
  assert.equal((await run('db', 'import', path('X-1.json'))).code, 0);
  const rules = ['--binary-rules', path('rules.yaml')] as const;
  assert.match((await run('scan', ...rules, `${HOST}/app:3`)).stdout, /X-1/);
  assert.doesNotMatch((await run('scan', `${HOST}/app:3`)).stdout, /X-1/);
  await run('sbom', ...rules, '-o', `spdx-json=${path('app.spdx.json')}`, `${HOST}/app:3`);
  for (const source of [path('app.spdx.json'), 'pkg:npm/acme@1.2.3']) {
    assert.match((await run('scan', source)).stdout, /X-1/);
    const refused = await run('scan', ...rules, source);
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /expected an image or files to find programs in, found none/);
  }
});

test('the bill of a cluster is made from each manifest of a folder, as kubectl takes them', async () => {
  const { ports, path, run } = await setUp();
  const pod = (name: string) =>
    `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"${name}"},"spec":{"containers":[]}}`;
  for (const name of ['b.yaml', 'a.json', 'notes.txt', 'deep/c.yaml'])
    await ports.files.writeAtomic(path(`manifests/${name}`), name === 'notes.txt' ? 'no manifest' : pod(name));
  const { code, stdout } = await run('sbom', 'cluster', '-f', path('manifests'), '--json');
  assert.equal(code, 0);
  const { components } = JSON.parse(stdout) as { components: readonly { locations: readonly { path: string }[] }[] };
  assert.deepEqual(
    components.flatMap(({ locations }) => locations.map((location) => location.path)),
    [path('manifests/a.json'), path('manifests/b.yaml')],
  );
  await ports.files.writeAtomic(path('none/notes.txt'), '');
  const none = await run('sbom', 'cluster', '-f', path('none'));
  assert.equal(none.code, 3);
  assert.match(none.stderr, /expected 1 to 2000 files that end in \.json, \.yaml or \.yml, found 0/);
});
