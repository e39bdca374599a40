import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Files } from '../core/index.ts';
import { createTestPorts } from '../io/testing.ts';
import { createSbom, formatSbom } from './sbom.ts';

/** The disk with a process whose root is the folder; the link to it reads as it does for a container. */
function withProcess(files: Files, folder: string): Files {
  const at = (path: string) => path.replace(/^\/proc\/7\/root/, folder);
  return {
    ...files,
    stat: (path, options) => files.stat(at(path), options),
    list: (path) => files.list(at(path)),
    read: (path, maxBytes) => files.read(at(path), maxBytes),
    stream: (path, range) => files.stream(at(path), range),
    readLink: (path) => files.readLink(at(path)),
    realPath: async (path) => (path === '/proc/7/root' ? '/' : await files.realPath(at(path))),
  };
}

test('a running container is what is installed below the root of its process', async () => {
  const plain = createTestPorts();
  const folder = join(plain.home, 'container');
  const lock = { lockfileVersion: 3, packages: { '': {}, 'node_modules/wanted': { version: '1.0.0' } } };
  const write = (path: string, text: string) => plain.files.writeAtomic(join(folder, path), text);
  await write('etc/os-release', 'ID=alpine\nVERSION_ID=3.20.1\n');
  await write('lib/apk/db/installed', 'P:musl\nV:1\n\n');
  await write('app/package-lock.json', JSON.stringify(lock));
  await write('proc/1/root/node_modules/other/package.json', '{"name":"other","version":"1.0.0"}');
  const ports = { ...plain, files: withProcess(plain.files, folder) };
  for (const source of ['proc:7', '/proc/7/root', 'dir:/proc/7/root/']) {
    const sbom = await createSbom(ports, source);
    assert.deepEqual(sbom.subject, { kind: 'container', name: 'proc:7' }, source);
    assert.deepEqual(
      sbom.components.map(({ name }) => name),
      ['musl'],
    );
    assert.match(formatSbom(sbom, 'cyclonedx-json'), /"phase": "operations"/);
    assert.match(formatSbom(sbom, 'spdx-json@3.0'), /"runtime"/);
  }
  await assert.rejects(createSbom(ports, 'proc:8000000000'), { kind: 'not-found' });
  await assert.rejects(createSbom(ports, 'proc:../1'), { kind: 'usage' });
});
