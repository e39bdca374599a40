import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMemoryTree } from '../../../../core/testing.ts';
import { elfFile, packageNote } from '../../executable/testing.ts';
import { catalogSelector, catalogTree } from '../../index.ts';
import { ndbFile, rpmHeader } from '../os/rpm/testing.ts';

const catalog = async (files: Readonly<Record<string, string | Uint8Array>>) =>
  await catalogTree(createMemoryTree(files, catalogSelector), { declared: false });
const purls = (found: Awaited<ReturnType<typeof catalog>>) => found.components.map(({ purl }) => purl);

/** Sees the chunks as a layer's stream gives them. */
function condensed(path: string, chunks: readonly string[]): string | undefined {
  const size = chunks.join('').length;
  const selection = catalogSelector.select({ path, mode: 0o644, size });
  assert.equal(selection.kind, 'condense');
  if (selection.kind !== 'condense') return undefined;
  const condenser = selection.open(Buffer.from(chunks.join('').slice(0, 16), 'latin1'), size);
  for (const chunk of chunks) condenser?.write(Buffer.from(chunk, 'latin1'));
  const kept = condenser?.end();
  return kept === undefined ? undefined : Buffer.from(kept).toString();
}

test('a program is told by its name and the text in it, with a package URL and names of the CPE dictionary', async () => {
  const { components } = await catalog({ 'opt/java/bin/java': 'x\0openjdk\0java\x000.0\x0011.0.17+8-LTS\0' });
  assert.deepEqual(
    components.map(({ name, version, purl, cpes, kind }) => ({ name, version, purl, cpes, kind })),
    [
      {
        name: 'openjdk',
        version: '11.0.17+8-LTS',
        purl: 'pkg:generic/oracle/openjdk@11.0.17%2B8-LTS',
        cpes: [String.raw`cpe:2.3:a:oracle:openjdk:11.0.17\+8-LTS:*:*:*:*:*:*:*`],
        kind: 'application',
      },
    ],
  );
});

test('wherever a stream is cut, the version found is the same', () => {
  const text = `${'x'.repeat(700)}\0BusyBox v1.36.15 (2023)\0${'y'.repeat(700)}`;
  for (let at = 690; at < 730; at++) {
    assert.match(condensed('bin/busybox', [text.slice(0, at), text.slice(at)]) ?? '', /"1\.36\.15"/, `cut at ${at}`);
  }
  assert.match(condensed('bin/busybox', ['BusyBox v1.2.3']) ?? '', /"1\.2\.3"/);
});

test('files whose names no rule knows are not looked into, nor is another name taken for one', () => {
  for (const path of ['usr/bin/bashful', 'usr/share/doc/bash/README', 'etc/node.conf']) {
    assert.equal(catalogSelector.select({ path, mode: 0o644, size: 10 }).kind, 'skip');
  }
});

test('what says that it is something else is not taken for what it stands in for', async () => {
  const text = '\0valkey9.0.0buildkitsandbox-1764887574000000000\0';
  assert.deepEqual(purls(await catalog({ 'usr/bin/redis-server': text })), ['pkg:generic/valkey@9.0.0']);
  assert.deepEqual(purls(await catalog({ 'usr/bin/python3.11': '\x003.9.1\0x\x003.11.2\0' })), [
    'pkg:generic/python@3.11.2',
  ]);
});

test("a program in an OS package's file list is not told of again, and its copy elsewhere is", async () => {
  const found = await catalog({
    'lib/apk/db/installed': 'P:bash\nV:5.1.16-r2\nF:bin\nR:bash\n\n',
    'usr/bin/bash': '@(#)Bash version 5.1.16(1) release\0',
    'opt/bash': '@(#)Bash version 5.1.8(1) release\0',
  });
  assert.deepEqual(purls(found), ['pkg:apk/alpine/bash@5.1.16-r2', 'pkg:generic/bash@5.1.8']);
});

test('a program that says whose package it is is that package, and the same one as in the package database', async () => {
  const note = {
    type: 'rpm',
    os: 'fedora',
    osVersion: '40',
    name: 'bash',
    version: '5.2.26-3.fc40',
    architecture: 'x86_64',
  };
  const file = { content: elfFile('.note.package', packageNote(note)), mode: 0o755 };
  const header = rpmHeader({ 1000: 'bash', 1001: '5.2.26', 1002: '3.fc40', 1022: 'x86_64' });
  const tree = createMemoryTree(
    {
      'etc/os-release': 'ID=fedora\nVERSION_ID=40\n',
      'var/lib/rpm/Packages.db': ndbFile([header]),
      'usr/bin/other': file,
    },
    catalogSelector,
  );
  const { components } = await catalogTree(tree, { declared: false });
  assert.deepEqual(
    components.map(({ purl, foundBy, locations }) => [purl, foundBy, locations.length]),
    [['pkg:rpm/fedora/bash@5.2.26-3.fc40?arch=x86_64&distro=fedora-40', 'rpm', 2]],
  );
});

test('a note that is damaged or of an unknown type says nothing', async () => {
  for (const content of [
    packageNote({ type: 'unheard-of', name: 'a', version: '1' }),
    packageNote({ type: 'rpm', name: 'a' }),
    packageNote('text'),
    packageNote({ type: 'rpm', name: 'a', version: '1' }).subarray(0, 30),
  ]) {
    const file = { content: elfFile('.note.package', content), mode: 0o755 };
    const found = await catalogTree(createMemoryTree({ 'usr/bin/x': file }, catalogSelector), { declared: false });
    assert.deepEqual(found.components, []);
  }
});
