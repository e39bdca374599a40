/** What people type who come from crane and oras: the same words give the same things. */
import assert from 'node:assert/strict';
import { chmod, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createBench, makeLayout, missingPeers, peer, PLIMSOLL, type Bench } from './support.ts';

const crane = peer('PEER_CRANE');
const ours = (...args: readonly string[]): readonly string[] => [PLIMSOLL, ...args];
const oras = (...args: readonly string[]): readonly string[] => peer('PEER_ORAS')(...args, '--plain-http');

describe('switching from crane and oras', missingPeers('PEER_CRANE', 'PEER_ORAS'), () => {
  let bench: Bench;
  let stop: () => Promise<void>;
  let host = '';
  let at = '';

  before(async () => {
    bench = await createBench();
    const server = await bench.serve(['registry', 'serve', '--address', '127.0.0.1:0', '--disk', 'registry']);
    host = new URL(server.ready['url'] ?? '').host;
    stop = server.stop;
    at = `${host}/team/app`;
    await makeLayout(join(bench.folder, 'layout'), 'switching');
    await bench.run(crane('push', 'layout', `${at}:v1`));
    await mkdir(join(bench.folder, 'tree/etc'), { recursive: true });
    await writeFile(join(bench.folder, 'tree/etc/file'), 'x');
    await bench.run(['tar', '-C', 'tree', '-cf', 'one.tar', 'etc']);
  });

  after(async () => {
    await stop();
    await bench.stop();
  });

  const textOf = async (command: readonly string[]) => (await bench.run(command)).stdout;

  test('the same words print the same', async () => {
    for (const words of [
      ['ls', at],
      ['ls', '--full-ref', at],
      ['digest', `${at}:v1`],
      ['digest', '--full-ref', `${at}:v1`],
      ['digest', '--platform', 'linux/arm64', `${at}:v1`],
      ['manifest', `${at}:v1`],
      ['config', `${at}:v1`],
      ['catalog', host],
      ['catalog', '--full-ref', host],
    ]) {
      assert.equal(await textOf(ours(...words)), await textOf(crane(...words)), words.join(' '));
    }
    for (const words of [
      ['repo', 'tags', at],
      ['resolve', `${at}:v1`],
      ['resolve', '-l', `${at}:v1`],
      ['manifest', 'fetch', `${at}:v1`],
      ['manifest', 'fetch-config', '--platform', 'linux/amd64', `${at}:v1`],
      ['manifest', 'fetch', '--descriptor', '--pretty', `${at}:v1`],
    ]) {
      assert.equal((await textOf(ours(...words))).trim(), (await textOf(oras(...words))).trim(), words.join(' '));
    }
  });

  test('indexes are appended and filtered to the same digests as with crane', async () => {
    await bench.run(crane('append', '-f', 'one.tar', '-t', `${at}:one`));
    await bench.run(crane('mutate', `${at}:one`, '--set-platform', 'windows/amd64', '-t', `${at}:win`));
    for (const [name, run] of [
      ['mine', ours],
      ['his', crane],
    ] as const) {
      await bench.run(run('index', 'append', `${at}:v1`, '-m', `${at}:win`, '-t', `${host}/${name}/index:all`));
      const filter = ['--platform', 'windows', '--platform', 'linux/arm64', '-t', `${host}/${name}/index:some`];
      await bench.run(run('index', 'filter', `${host}/${name}/index:all`, ...filter));
    }
    for (const tag of ['all', 'some']) {
      const [mine, his] = await Promise.all(
        ['mine', 'his'].map((name) => textOf(crane('manifest', `${host}/${name}/index:${tag}`))),
      );
      const entries = (text = '') => (JSON.parse(text) as { readonly manifests: readonly object[] }).manifests;
      assert.deepEqual(entries(mine), entries(his), tag);
    }
  });

  test('folders, annotation files and configurations go from either to the other', async () => {
    await mkdir(join(bench.folder, 'rules/sub'), { recursive: true });
    await writeFile(join(bench.folder, 'rules/sub/rule'), 'rule');
    await writeFile(join(bench.folder, 'rules/run'), '#!/bin/sh\n');
    await chmod(join(bench.folder, 'rules/run'), 0o755);
    await writeFile(join(bench.folder, 'config.json'), '{"a":1}');
    await writeFile(join(bench.folder, 'notes.json'), '{"$manifest":{"m":"1"},"rules":{"r":"2"}}');
    const flags = ['--annotation-file', 'notes.json', '--artifact-type', 'a/b'];
    await bench.run(ours('push', `${host}/rules:1,2`, 'rules', ...flags, '--manifest-config', 'config.json:a/config'));
    await bench.run(oras('push', `${host}/rules:3`, 'rules', ...flags, '--config', 'config.json:a/config'));
    for (const [folder, command] of [
      ['his', oras('pull', `${host}/rules:2`, '-o', 'his', '--config', 'c.json')],
      ['mine', ours('pull', `${host}/rules:3`, '-o', 'mine', '--manifest-config', 'c.json')],
    ] as const) {
      await bench.run(command);
      assert.equal(await readFile(join(bench.folder, folder, 'rules/sub/rule'), 'utf8'), 'rule');
      assert.equal(await readFile(join(bench.folder, folder, 'c.json'), 'utf8'), '{"a":1}');
      assert.notEqual((await stat(join(bench.folder, folder, 'rules/run'))).mode & 0o100, 0);
    }
    const notesOf = async (tag: string) => {
      const { annotations, layers, artifactType, config } = JSON.parse(
        await textOf(oras('manifest', 'fetch', `${host}/rules:${tag}`)),
      ) as Readonly<Record<string, Record<string, unknown>>> & { layers: readonly { annotations: object }[] };
      const names = Object.keys(layers[0]?.annotations ?? {}).toSorted();
      return [annotations?.['m'], names, artifactType, config];
    };
    assert.deepEqual(await notesOf('1'), await notesOf('3'));
  });

  test('backups are restored by either', async () => {
    await writeFile(join(bench.folder, 'report.txt'), 'report');
    await bench.run(ours('attach', `${at}:v1`, '--artifact-type', 'a/report', 'report.txt'));
    await bench.run(ours('backup', '-o', 'mine.tar', `${at}:v1`));
    await bench.run(oras('backup', '-o', 'his.tar', '--include-referrers', `${at}:v1`));
    await bench.run(oras('restore', '--input', 'mine.tar', `${host}/restored/his`));
    await bench.run(ours('restore', '--input', 'his.tar', `${host}/restored/mine`));
    const treeOf = async (name: string) => {
      const found = JSON.parse(await textOf(oras('discover', '--format', 'json', `${name}:v1`))) as {
        readonly digest: string;
        readonly referrers: readonly { readonly digest: string }[];
      };
      return [found.digest, found.referrers.map(({ digest }) => digest)];
    };
    for (const name of ['his', 'mine']) assert.deepEqual(await treeOf(`${host}/restored/${name}`), await treeOf(at));
  });

  test('all images of a layout are pushed as the index that crane pushes', async () => {
    await bench.run(crane('pull', '--format', 'oci', `${at}:one`, `${at}:win`, 'both'));
    await bench.run(crane('push', '--index', 'both', `${host}/both/his:1`));
    await bench.run(ours('push', '--index', 'both', `${host}/both/mine:1`));
    const digests = await Promise.all(['his', 'mine'].map((name) => textOf(crane('digest', `${host}/both/${name}:1`))));
    assert.equal(digests[0], digests[1]);
  });
});
