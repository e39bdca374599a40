/** Our commands over artifacts beside those of released crane and oras: the same images, compared by what they come to. */
import assert from 'node:assert/strict';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import {
  createBench,
  makeLayout,
  missingPeers,
  peer,
  PLIMSOLL,
  startCrane,
  type Bench,
  type Host,
  type MadeImage,
} from './support.ts';

const crane = peer('PEER_CRANE');
const ours = (...args: readonly string[]): readonly string[] => [PLIMSOLL, ...args];
const oras = (...args: readonly string[]): readonly string[] => peer('PEER_ORAS')(...args, '--plain-http');

type Json = Readonly<Record<string, unknown>>;

describe('our commands beside crane and oras', missingPeers('PEER_CRANE', 'PEER_ORAS'), () => {
  let bench: Bench;
  let ourHost: Host;
  let craneHost: Host;
  let image: MadeImage;
  let at = '';
  let two = '';

  before(async () => {
    bench = await createBench();
    const server = await bench.serve(['registry', 'serve', '--address', '127.0.0.1:0', '--dir', 'registry']);
    const url = server.ready['url'] ?? '';
    ourHost = { url, address: new URL(url).host, stop: server.stop };
    craneHost = await startCrane();
    image = await makeLayout(join(bench.folder, 'layout'), 'commands');
    at = `${ourHost.address}/team/app`;
    await bench.run(crane('push', 'layout', `${at}:v1`));
    await pushLayers();
    two = `${at}:two`;
  });

  after(async () => {
    await ourHost.stop();
    await craneHost.stop();
    await bench.stop();
  });

  const json = async (command: readonly string[]): Promise<Json> =>
    JSON.parse((await bench.run(command)).stdout) as Json;

  /** Two layers with a whiteout and a replaced file, pushed by crane. */
  async function pushLayers(): Promise<void> {
    const [lower, upper] = [join(bench.folder, 'lower'), join(bench.folder, 'upper')];
    await mkdir(join(lower, 'etc'), { recursive: true });
    await mkdir(join(upper, 'etc'), { recursive: true });
    for (const name of ['kept', 'gone', 'changed']) await writeFile(join(lower, 'etc', name), name);
    await symlink('kept', join(lower, 'etc/link'));
    await writeFile(join(upper, 'etc/.wh.gone'), '');
    await writeFile(join(upper, 'etc/changed'), 'new');
    for (const name of ['lower', 'upper']) await bench.run(['tar', '-C', name, '-cf', `${name}.tar`, 'etc']);
    await bench.run(crane('append', '-f', 'lower.tar', '-t', `${at}:base`));
    await bench.run(crane('append', '-b', `${at}:base`, '-f', 'upper.tar', '-t', `${at}:two`));
  }

  test('export gives the same files, with owners, modes and times, as crane export', async () => {
    await bench.run(crane('export', two, 'his.tar'));
    await bench.run(ours('export', two, 'mine.tar'));
    const list = async (path: string) =>
      (await bench.run(['tar', '-tvf', path])).stdout.replaceAll(/\/$/gm, '').trim().split('\n').toSorted();
    assert.deepEqual(await list('mine.tar'), await list('his.tar'));
    const content = (await bench.run(['tar', '-xOf', 'mine.tar', 'etc/changed'])).stdout;
    assert.equal(content, 'new');
    const streamed = await bench.run(ours('export', two, '-'));
    assert.deepEqual(streamed.bytes, await readFile(join(bench.folder, 'mine.tar')));
  });

  test('flatten keeps the file system; crane finds the result whole', async () => {
    const { stdout } = await bench.run(ours('flatten', two, '-t', `${at}:flat`));
    await bench.run(crane('validate', '--remote', stdout.trim()));
    const names = async (reference: string) => {
      await bench.run(crane('export', reference, 'flat.tar'));
      return (await bench.run(['tar', '-tf', 'flat.tar'])).stdout.replaceAll(/\/$/gm, '').trim().split('\n').toSorted();
    };
    assert.deepEqual(await names(`${at}:flat`), await names(two));
  });

  test('mutate makes the same configuration and annotations as crane mutate', async () => {
    const flags = ['-l', 'a=b', '-e', 'PATH=/x', '--entrypoint', '/bin/sh,-c', '--cmd', 'a', '-w', '/w', '-a', 'k=v'];
    await bench.run(ours('mutate', two, ...flags, '-t', `${at}:mine`));
    await bench.run(crane('mutate', two, ...flags, '-t', `${at}:his`));
    const partsOf = async (tag: string) => [
      (await json(crane('config', `${at}:${tag}`)))['config'],
      (await json(crane('manifest', `${at}:${tag}`)))['annotations'],
    ];
    assert.deepEqual(await partsOf('mine'), await partsOf('his'));
  });

  test('rebase stacks the same layers and notes the same base as crane rebase', async () => {
    await bench.run(crane('append', '-f', 'upper.tar', '-t', `${at}:base2`));
    const flags = ['--old_base', `${at}:base`, '--new_base', `${at}:base2`];
    await bench.run(ours('rebase', two, ...flags, '-t', `${at}:mine`));
    await bench.run(crane('rebase', two, ...flags, '-t', `${at}:his`));
    const partsOf = async (tag: string) => {
      const { rootfs, history } = await json(crane('config', `${at}:${tag}`));
      return [rootfs, history, (await json(crane('manifest', `${at}:${tag}`)))['annotations']];
    };
    assert.deepEqual(await partsOf('mine'), await partsOf('his'));
  });

  test('a mirror into a registry without a referrers API is complete, and the second run sends nothing', async () => {
    await writeFile(join(bench.folder, 'report.txt'), 'report');
    await bench.run(oras('attach', `${at}:v1`, '--artifact-type', 'application/vnd.example.report', 'report.txt'));
    const target = `${craneHost.address}/team/mirror`;
    const copy = ours('copy', '--include', 'v*', at, target, '--json');
    assert.equal((await json(copy))['equal'], true);
    const again = (await json(copy)) as { copies: readonly { sent: { manifests: number; blobs: number } }[] };
    assert.ok(again.copies.length > 0);
    for (const { sent } of again.copies) assert.deepEqual([sent.manifests, sent.blobs], [0, 0]);
    assert.equal((await bench.run(crane('digest', `${target}:v1`))).stdout.trim(), image.digest);
    const referrersOf = async (name: string) =>
      ((await json(oras('discover', `${name}:v1`, '--format', 'json')))['referrers'] as readonly Json[]).map(
        (entry) => entry['digest'],
      );
    assert.deepEqual(await referrersOf(target), await referrersOf(at));
  });

  test('garbage finds and deletes what is left of an image that crane deleted, with the list of referrers', async () => {
    const target = `${craneHost.address}/team/garbage`;
    await bench.run(ours('copy', `${at}:v1`, `${target}:v1`));
    await bench.run(ours('copy', two, `${target}:two`));
    // its registry keeps tags of deleted manifests
    for (const name of [`${target}@${image.digest}`, `${target}:v1`]) await bench.run(crane('delete', name));
    const found = (await json(ours('garbage', target, '--json')))['garbage'] as readonly Json[];
    assert.ok(found.length >= 2);
    await bench.run(ours('garbage', '--delete', target));
    assert.deepEqual((await json(ours('garbage', target, '--json')))['garbage'], []);
    assert.equal((await bench.run(crane('ls', target))).stdout, 'two\n');
  });

  test('discover writes the JSON of oras, with more besides', async () => {
    const pick = ({ reference, mediaType, digest, size, artifactType, referrers }: Json): Json => ({
      reference,
      mediaType,
      digest,
      size,
      artifactType,
      referrers: (referrers as readonly Json[]).map(pick),
    });
    const mine = pick(await json(ours('discover', `${at}:v1`, '-o', 'json')));
    assert.deepEqual(mine, pick(await json(oras('discover', `${at}:v1`, '--format', 'json'))));
  });

  test('an index has the entries that oras gives it, and changes as with oras', async () => {
    const digests = [image.platforms.get('amd64') ?? '', image.platforms.get('arm64') ?? ''];
    const manifestsOf = async (tag: string) =>
      ((await json(crane('manifest', `${at}:${tag}`)))['manifests'] as readonly Json[]).map(({ digest, platform }) => ({
        digest,
        platform,
      }));
    await bench.run(ours('manifest', 'index', 'create', `${at}:index-mine`, ...digests));
    await bench.run(oras('manifest', 'index', 'create', `${at}:index-his`, ...digests));
    assert.deepEqual(await manifestsOf('index-mine'), await manifestsOf('index-his'));
    const change = ['--remove', digests[0] ?? '', '--add', 'two'];
    await bench.run(ours('manifest', 'index', 'update', `${at}:index-mine`, ...change));
    await bench.run(oras('manifest', 'index', 'update', `${at}:index-his`, ...change));
    const digestsOf = async (tag: string) => (await manifestsOf(tag)).map(({ digest }) => digest);
    assert.deepEqual(await digestsOf('index-mine'), await digestsOf('index-his'));
  });

  test('archives go both ways: oras reads the OCI archive that we write, and we read the one that it writes', async () => {
    await bench.run(ours('copy', `${at}:v1`, 'oci-archive:mine.oci.tar:v1'));
    const target = `${ourHost.address}/team/archived`;
    await bench.run(peer('PEER_ORAS')('cp', '--from-oci-layout', 'mine.oci.tar:v1', `${target}:v1`, '--to-plain-http'));
    assert.equal((await bench.run(crane('digest', `${target}:v1`))).stdout.trim(), image.digest);
    await bench.run(crane('pull', '--platform', 'linux/amd64', `${at}:v1`, 'his.tar'));
    await bench.run(['gzip', '-kf', 'his.tar']);
    await bench.run(ours('copy', 'his.tar.gz', `${target}:docker`));
    await bench.run(crane('validate', '--remote', `${target}:docker`));
  });

  test('manifest delete answers as oras does, for what is there and for what is not', async () => {
    await bench.run(ours('tag', `${at}:two`, 'doomed'));
    const reference = `${at}:doomed`;
    assert.equal((await bench.run(ours('manifest', 'delete', '-f', reference))).stdout, `Deleted ${reference}\n`);
    for (const command of [ours('manifest', 'delete', '-f', reference), oras('manifest', 'delete', '-f', reference)]) {
      assert.equal((await bench.run(command)).stdout, `Missing ${reference}\n`);
    }
  });
});
