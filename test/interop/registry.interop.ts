/**
 * Registries in both directions with released crane, oras and skopeo: they against our registry, our commands against ours, crane's and
 * Distribution's, and the conformance suite of the distribution specification against ours. What is stored is compared byte for byte.
 */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { checkConformancePart } from '../conformance-page.ts';
import {
  createBench,
  makeLayout,
  makeTar,
  missingPeers,
  peer,
  PLIMSOLL,
  sha256,
  startCrane,
  startPeer,
  type Bench,
  type Host,
  type MadeImage,
  type Server,
} from './support.ts';

const crane = peer('PEER_CRANE');
const skopeo = peer('PEER_SKOPEO', '--insecure-policy');
const ours = (...args: readonly string[]): readonly string[] => [PLIMSOLL, ...args];

/** oras takes 127.0.0.1 for a host with TLS unless told. */
function oras(...args: readonly string[]): readonly string[] {
  return peer('PEER_ORAS')(...args, '--plain-http');
}

const REPORT = 'application/vnd.example.report';
const NOT_FOUND = 4;
const UNAUTHORIZED = 5;

const ACCEPTED = ['application/vnd.oci.image.index.v1+json', 'application/vnd.oci.image.manifest.v1+json', '*/*'];

/** Everything that an image is made of lies in a repository, byte for byte. */
async function assertStored(url: string, name: string, image: MadeImage): Promise<void> {
  for (const [digest, expected] of image.contents) {
    const isManifest = digest === image.digest || [...image.platforms.values()].includes(digest);
    const headers = { accept: ACCEPTED.join(', ') };
    const response = await fetch(`${url}/v2/${name}/${isManifest ? 'manifests' : 'blobs'}/${digest}`, { headers });
    assert.equal(response.status, 200, `${name}@${digest}`);
    assert.deepEqual(Buffer.from(await response.arrayBuffer()), expected);
  }
}

/** The blobs of a layout folder, by digest. */
async function readLayout(folder: string): Promise<ReadonlyMap<string, Buffer>> {
  const blobs = join(folder, 'blobs/sha256');
  const names = await readdir(blobs);
  return new Map(
    await Promise.all(names.map(async (name) => [`sha256:${name}`, await readFile(join(blobs, name))] as const)),
  );
}

async function assertLayout(folder: string, image: MadeImage): Promise<void> {
  const found = await readLayout(folder);
  for (const [digest, expected] of image.contents) assert.deepEqual(found.get(digest), expected, digest);
}

function lines(text: string): readonly string[] {
  return text.trim().split('\n').toSorted();
}

/** Digests of all that refers to something, whichever of our tree and oras's discovery printed them. */
function referrersOf(printed: string): readonly string[] {
  interface Node {
    readonly digest?: string;
    readonly descriptor?: { readonly digest: string };
    readonly referrers?: readonly Node[];
  }
  const walk = ({ referrers = [] }: Node): readonly string[] =>
    referrers.flatMap((node) => [node.digest ?? node.descriptor?.digest ?? '', ...walk(node)]);
  return walk(JSON.parse(printed) as Node).toSorted();
}

async function startOurs(bench: Bench, folder = 'registry'): Promise<Host> {
  const server: Server = await bench.serve(['registry', 'serve', '--address', '127.0.0.1:0', '--dir', folder]);
  const url = server.ready['url'] ?? '';
  return { url, address: new URL(url).host, stop: server.stop };
}

/** The reference implementation, CNCF Distribution, which has no referrers API. */
async function startDistribution(bench: Bench, variable: string): Promise<Host> {
  const file = join(bench.folder, 'distribution.json');
  return await startPeer((addr) => {
    const config = {
      version: '0.1',
      storage: { filesystem: { rootdirectory: join(bench.folder, 'distribution') }, delete: { enabled: true } },
      http: { addr },
    };
    writeFileSync(file, JSON.stringify(config));
    return peer(variable)('serve', file);
  });
}

describe('crane against our registry', missingPeers('PEER_CRANE'), () => {
  let bench: Bench;
  let host: Host;
  let image: MadeImage;
  let at = '';

  before(async () => {
    bench = await createBench();
    host = await startOurs(bench);
    image = await makeLayout(join(bench.folder, 'layout'), 'crane');
    at = `${host.address}/team/crane`;
    await bench.run(crane('push', 'layout', `${at}:v1`));
  });

  after(async () => {
    await host.stop();
    await bench.stop();
  });

  test('what it pushes is stored byte for byte, and pulled back the same', async () => {
    await assertStored(host.url, 'team/crane', image);
    await bench.run(crane('pull', '--format', 'oci', `${at}:v1`, 'pulled'));
    await assertLayout(join(bench.folder, 'pulled'), image);
    await bench.run(crane('validate', '--remote', `${at}:v1`));
  });

  test('it and we see the same digests, manifests and configurations', async () => {
    for (const platform of [[], ['--platform', 'linux/amd64'], ['--platform', 'linux/arm64']]) {
      const mine = await bench.run(ours('digest', ...platform, `${at}:v1`));
      const his = await bench.run(crane('digest', ...platform, `${at}:v1`));
      assert.equal(mine.stdout, his.stdout);
      assert.equal(mine.stdout.trim(), image.platforms.get(platform[1]?.slice(6) ?? '') ?? image.digest);
    }
    const manifest = await bench.run(ours('manifest', `${at}:v1`));
    assert.deepEqual(manifest.bytes, image.contents.get(image.digest));
    assert.equal((await bench.run(crane('manifest', `${at}:v1`))).stdout.trim(), manifest.stdout.trim());
    const wanted = ['--platform', 'linux/arm64', `${at}:v1`];
    const config = await bench.run(ours('config', ...wanted));
    assert.equal((await bench.run(crane('config', ...wanted))).stdout.trim(), config.stdout.trim());
  });

  test('tags, lists and the catalog are the same for both', async () => {
    await bench.run(crane('tag', `${at}:v1`, 'v2'));
    await bench.run(ours('tag', `${at}:v1`, 'v3'));
    const mine = await bench.run(ours('ls', at));
    assert.deepEqual(lines(mine.stdout), ['v1', 'v2', 'v3']);
    assert.deepEqual(lines((await bench.run(crane('ls', at))).stdout), lines(mine.stdout));
    assert.ok(lines((await bench.run(crane('catalog', host.address))).stdout).includes('team/crane'));
  });

  test('it copies within the registry, and what it copies is whole', async () => {
    await bench.run(crane('copy', `${at}:v1`, `${host.address}/mirror/crane:v1`));
    await assertStored(host.url, 'mirror/crane', image);
  });

  test('a tarball of its making and of ours hold the same image', async () => {
    const wanted = ['--platform', 'linux/amd64', `${at}:v1`];
    await bench.run(crane('pull', ...wanted, 'his.tar'));
    await bench.run(ours('pull', ...wanted, 'mine.tar'));
    await bench.run(ours('push', 'his.tar', `${at}:his`));
    await bench.run(crane('push', 'mine.tar', `${at}:mine`));
    const configs = await Promise.all(
      [wanted, [`${at}:his`], [`${at}:mine`]].map(async (of) => (await bench.run(crane('config', ...of))).stdout),
    );
    assert.equal(new Set(configs).size, 1);
    await bench.run(crane('validate', '--remote', `${at}:his`));
    await bench.run(crane('validate', '--remote', `${at}:mine`));
  });

  test('it appends to our image and we to its', async () => {
    await writeFile(join(bench.folder, 'more.tar'), makeTar('more', 'more\n'));
    const base = `${at}@${image.platforms.get('amd64')}`;
    await bench.run(crane('append', '-b', base, '-f', 'more.tar', '-t', `${at}:his-more`));
    await bench.run(ours('append', '-b', base, '-f', 'more.tar', '-t', `${at}:our-more`));
    for (const tag of ['his-more', 'our-more']) {
      await bench.run(crane('validate', '--remote', `${at}:${tag}`));
      const { stdout } = await bench.run(crane('config', `${at}:${tag}`));
      const { rootfs } = JSON.parse(stdout) as { readonly rootfs: { readonly diff_ids: readonly string[] } };
      assert.equal(rootfs.diff_ids.length, 2);
      assert.equal(rootfs.diff_ids[1], sha256(makeTar('more', 'more\n')));
    }
  });

  test('what it deletes is gone for both', async () => {
    await bench.run(crane('copy', `${at}:v1`, `${host.address}/gone:v1`));
    await bench.run(crane('delete', `${host.address}/gone@${image.digest}`));
    const missing = `${host.address}/gone:v1`;
    assert.equal((await bench.attempt(ours('digest', missing))).code, NOT_FOUND);
    assert.notEqual((await bench.attempt(crane('digest', missing))).code, 0);
  });

  test('a missing tag, repository and digest are refused by both', async () => {
    const other = `sha256:${'0'.repeat(64)}`;
    for (const missing of [`${at}:nope`, `${host.address}/nope:v1`, `${at}@${other}`]) {
      assert.equal((await bench.attempt(ours('manifest', missing))).code, NOT_FOUND, missing);
      assert.notEqual((await bench.attempt(crane('manifest', missing))).code, 0, missing);
    }
    assert.equal((await bench.attempt(ours('ls', `${host.address}/nope`))).code, NOT_FOUND);
    assert.notEqual((await bench.attempt(crane('ls', `${host.address}/nope`))).code, 0);
  });
});

describe('oras against our registry', missingPeers('PEER_ORAS'), () => {
  let bench: Bench;
  let host: Host;
  let image: MadeImage;
  let at = '';
  const text = 'a report\n';

  before(async () => {
    bench = await createBench();
    host = await startOurs(bench);
    image = await makeLayout(join(bench.folder, 'layout'), 'oras');
    at = `${host.address}/team/oras`;
    await writeFile(join(bench.folder, 'report.txt'), text);
    const layout = ['--from-oci-layout', 'layout:v1', `${at}:v1`, '--to-plain-http'];
    await bench.run(peer('PEER_ORAS')('cp', ...layout));
  });

  after(async () => {
    await host.stop();
    await bench.stop();
  });

  test('what it copies from a layout is stored byte for byte, and copied back the same', async () => {
    await assertStored(host.url, 'team/oras', image);
    await bench.run(peer('PEER_ORAS')('cp', '--from-plain-http', `${at}:v1`, '--to-oci-layout', 'back:v1'));
    await assertLayout(join(bench.folder, 'back'), image);
  });

  test('files go both ways', async () => {
    await bench.run(oras('push', `${at}:his-file`, 'report.txt:text/plain', '--artifact-type', REPORT));
    await bench.run(ours('push', `${at}:our-file`, 'report.txt:text/plain', '--artifact-type', REPORT));
    await bench.run(ours('pull', `${at}:his-file`, '-o', 'one'));
    await bench.run(oras('pull', `${at}:our-file`, '-o', 'two'));
    for (const folder of ['one', 'two'])
      assert.equal(await readFile(join(bench.folder, folder, 'report.txt'), 'utf8'), text);
    const [his, mine] = await Promise.all(
      ['his-file', 'our-file'].map(async (tag) => {
        const { stdout } = await bench.run(oras('manifest', 'fetch', `${at}:${tag}`));
        const { config, ...rest } = JSON.parse(stdout) as { readonly config: object };
        // times differ, and the contents of the empty configuration may be embedded in its descriptor or not
        return { ...rest, annotations: {}, config: { ...config, data: undefined } };
      }),
    );
    assert.deepEqual(mine, his);
  });

  test('what each attaches, both find', async () => {
    await bench.run(oras('attach', `${at}:v1`, 'report.txt', '--artifact-type', REPORT));
    await bench.run(ours('push', at, 'report.txt', '--artifact-type', REPORT, '--subject', `${at}:v1`));
    await bench.run(ours('generate-key-pair', '--output-key-prefix', 'ours'));
    await bench.run(ours('sign', '--key', 'ours.key', `${at}:v1`));
    const mine = referrersOf((await bench.run(ours('tree', `${at}:v1`, '--json'))).stdout);
    const his = referrersOf((await bench.run(oras('discover', `${at}:v1`, '--format', 'json'))).stdout);
    assert.equal(mine.length, 3);
    assert.deepEqual(mine, his);
    const only = ['--artifact-type', REPORT];
    const ourReports = referrersOf((await bench.run(ours('tree', `${at}:v1`, ...only, '--json'))).stdout);
    const hisReports = referrersOf((await bench.run(oras('discover', `${at}:v1`, ...only, '--format', 'json'))).stdout);
    assert.equal(ourReports.length, 2);
    assert.deepEqual(ourReports, hisReports);
  });

  test('it copies an image with all that refers to it, as we do', async () => {
    const [his, mine] = [`${host.address}/mirror/his`, `${host.address}/mirror/mine`];
    const plain = ['--from-plain-http', '--to-plain-http'];
    await bench.run(peer('PEER_ORAS')('cp', '-r', ...plain, `${at}:v1`, `${his}:v1`));
    await bench.run(ours('copy', `${at}:v1`, `${mine}:v1`));
    const trees = await Promise.all(
      [at, his, mine].map(async (of) => referrersOf((await bench.run(ours('tree', `${of}:v1`, '--json'))).stdout)),
    );
    assert.equal(trees[0]?.length, 3);
    assert.deepEqual(trees[1], trees[0]);
    assert.deepEqual(trees[2], trees[0]);
    await bench.run(ours('verify', '--key', 'ours.pub', `${his}:v1`));
  });

  test('blobs and manifests come as they were put', async () => {
    for (const [digest, expected] of image.contents) {
      const isManifest = digest === image.digest || [...image.platforms.values()].includes(digest);
      const kind = isManifest ? 'manifest' : 'blob';
      const { bytes } = await bench.run(oras(kind, 'fetch', '--output', '-', `${at}@${digest}`));
      assert.deepEqual(bytes, expected);
    }
    const index = image.contents.get(image.digest) ?? Buffer.alloc(0);
    await writeFile(join(bench.folder, 'index-again.json'), index);
    await bench.run(oras('manifest', 'push', `${at}:again`, 'index-again.json'));
    assert.equal((await bench.run(ours('digest', `${at}:again`))).stdout.trim(), image.digest);
    await bench.run(oras('blob', 'push', at, 'report.txt'));
    const blob = await bench.run(oras('blob', 'fetch', '--output', '-', `${at}@${sha256(Buffer.from(text))}`));
    assert.equal(blob.stdout, text);
  });

  test('tags, names and lists are the same for both', async () => {
    await bench.run(oras('tag', `${at}:v1`, 'v2'));
    await bench.run(ours('tag', `${at}:v1`, 'v3'));
    for (const tag of ['v1', 'v2', 'v3'])
      assert.equal((await bench.run(oras('resolve', `${at}:${tag}`))).stdout.trim(), image.digest);
    const his = lines((await bench.run(oras('repo', 'tags', at))).stdout);
    assert.deepEqual(lines((await bench.run(ours('ls', at))).stdout), his);
    assert.ok(lines((await bench.run(oras('repo', 'ls', host.address))).stdout).includes('team/oras'));
  });

  test('what either deletes is gone for both, the referrer too', async () => {
    const before = referrersOf((await bench.run(oras('discover', `${at}:v1`, '--format', 'json'))).stdout);
    await bench.run(oras('manifest', 'delete', '--force', `${at}@${before[0]}`));
    await bench.run(ours('delete', `${at}@${before[1]}`));
    const mine = referrersOf((await bench.run(ours('tree', `${at}:v1`, '--json'))).stdout);
    const his = referrersOf((await bench.run(oras('discover', `${at}:v1`, '--format', 'json'))).stdout);
    assert.deepEqual(mine, before.slice(2));
    assert.deepEqual(his, mine);
    const gone = `${at}@${before[0]}`;
    assert.equal((await bench.attempt(ours('manifest', gone))).code, NOT_FOUND);
    assert.notEqual((await bench.attempt(oras('manifest', 'fetch', gone))).code, 0);
  });

  test('a manifest under a digest that is not its own is refused', async () => {
    const wrong = `${at}@sha256:${'0'.repeat(64)}`;
    assert.notEqual((await bench.attempt(oras('manifest', 'push', wrong, 'index-again.json'))).code, 0);
    const index = image.contents.get(image.digest) ?? Buffer.alloc(0);
    const response = await fetch(`${host.url}/v2/team/oras/manifests/sha256:${'0'.repeat(64)}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/vnd.oci.image.index.v1+json' },
      body: Uint8Array.from(index),
    });
    assert.equal(response.status, 400);
  });
});

describe('skopeo against our registry', missingPeers('PEER_SKOPEO'), () => {
  let bench: Bench;
  let host: Host;
  let image: MadeImage;
  let at = '';
  const to = ['copy', '--all', '--dest-tls-verify=false'];
  const from = ['copy', '--all', '--src-tls-verify=false'];

  before(async () => {
    bench = await createBench();
    host = await startOurs(bench);
    image = await makeLayout(join(bench.folder, 'layout'), 'skopeo');
    at = `${host.address}/team/skopeo`;
    await mkdir(join(bench.folder, '.tmp'));
    await bench.run(skopeo(...to, 'oci:layout:v1', `docker://${at}:v1`));
  });

  after(async () => {
    await host.stop();
    await bench.stop();
  });

  test('what it copies from a layout is stored byte for byte, and copied back the same', async () => {
    await assertStored(host.url, 'team/skopeo', image);
    await bench.run(skopeo(...from, `docker://${at}:v1`, 'oci:back:v1'));
    await assertLayout(join(bench.folder, 'back'), image);
  });

  test('through a folder of its own form nothing changes', async () => {
    await bench.run(skopeo(...from, `docker://${at}:v1`, 'dir:folder'));
    await bench.run(skopeo(...to, 'dir:folder', `docker://${host.address}/from-dir:v1`));
    await assertStored(host.url, 'from-dir', image);
  });

  test('it reads the layout that we write, and we the one that it writes', async () => {
    await bench.run(ours('pull', '--format', 'oci', `${at}:v1`, 'mine'));
    await bench.run(skopeo(...to, 'oci:mine:v1', `docker://${host.address}/from-mine:v1`));
    await assertStored(host.url, 'from-mine', image);
    await bench.run(skopeo(...from, `docker://${at}:v1`, 'oci:his:v1'));
    await bench.run(ours('push', 'his', `${host.address}/from-his:v1`));
    await assertStored(host.url, 'from-his', image);
  });

  test('docker archives of both hold the same image', async () => {
    const amd64 = `${at}@${image.platforms.get('amd64')}`;
    await bench.run(ours('pull', '--platform', 'linux/amd64', `${at}:v1`, 'mine.tar'));
    const single = ['copy', '--src-tls-verify=false', `docker://${amd64}`, 'docker-archive:his.tar:app:v1'];
    await bench.run(skopeo(...single));
    await bench.run(skopeo('copy', '--dest-tls-verify=false', 'docker-archive:mine.tar', `docker://${at}:mine`));
    await bench.run(ours('push', 'his.tar', `${at}:his`));
    const configs = await Promise.all(
      [amd64, `${at}:mine`, `${at}:his`].map(async (of) => {
        const { stdout } = await bench.run(ours('config', of));
        return (JSON.parse(stdout) as { readonly rootfs: unknown }).rootfs;
      }),
    );
    assert.deepEqual(configs[1], configs[0]);
    assert.deepEqual(configs[2], configs[0]);
  });

  test('inspection and lists are the same for both', async () => {
    const { stdout } = await bench.run(skopeo('inspect', '--tls-verify=false', `docker://${at}:v1`));
    const { Digest, RepoTags } = JSON.parse(stdout) as { readonly Digest: string; readonly RepoTags: string[] };
    assert.equal((await bench.run(ours('digest', `${at}:v1`))).stdout.trim(), Digest);
    assert.deepEqual(lines((await bench.run(ours('ls', at))).stdout), RepoTags.toSorted());
    const raw = await bench.run(skopeo('inspect', '--raw', '--tls-verify=false', `docker://${at}:v1`));
    assert.deepEqual(raw.bytes, (await bench.run(ours('manifest', `${at}:v1`))).bytes);
    const list = await bench.run(skopeo('list-tags', '--tls-verify=false', `docker://${at}`));
    assert.deepEqual((JSON.parse(list.stdout) as { readonly Tags: string[] }).Tags.toSorted(), RepoTags.toSorted());
  });

  test('what it deletes is gone for both', async () => {
    await bench.run(skopeo('delete', '--tls-verify=false', `docker://${host.address}/from-dir:v1`));
    const missing = `${host.address}/from-dir:v1`;
    assert.equal((await bench.attempt(ours('digest', missing))).code, NOT_FOUND);
    assert.notEqual((await bench.attempt(skopeo('inspect', '--tls-verify=false', `docker://${missing}`))).code, 0);
  });
});

interface HostKind {
  readonly name: string;
  readonly start: (bench: Bench) => Promise<Host>;
  readonly needs: readonly string[];
  /** Where not, a DELETE of a tag is refused, which the specification permits. */
  readonly deletesTags: boolean;
}

const HOSTS: readonly HostKind[] = [
  { name: 'our registry', start: startOurs, needs: [], deletesTags: true },
  { name: "crane's registry", start: startCrane, needs: [], deletesTags: true },
  {
    name: 'Distribution 2',
    start: async (bench) => await startDistribution(bench, 'PEER_DOCKER_REGISTRY'),
    needs: ['PEER_DOCKER_REGISTRY'],
    deletesTags: false,
  },
  {
    name: 'Distribution 3',
    start: async (bench) => await startDistribution(bench, 'PEER_DISTRIBUTION3'),
    needs: ['PEER_DISTRIBUTION3'],
    deletesTags: true,
  },
];

for (const { name, start, needs, deletesTags } of HOSTS) {
  const missing = missingPeers('PEER_CRANE', 'PEER_ORAS', ...needs);
  describe(`our commands over ${name}, beside crane and oras`, missing, () => {
    let bench: Bench;
    let host: Host;
    let image: MadeImage;
    let at = '';

    before(async () => {
      bench = await createBench();
      host = await start(bench);
      image = await makeLayout(join(bench.folder, 'layout'), 'ours');
      at = `${host.address}/team/ours`;
      await bench.run(ours('push', 'layout', `${at}:v1`));
      await writeFile(join(bench.folder, 'report.txt'), 'a report\n');
      await bench.run(ours('generate-key-pair', '--output-key-prefix', 'ours'));
    });

    after(async () => {
      await host.stop();
      await bench.stop();
    });

    test('what we push is stored byte for byte, and pulled back the same', async () => {
      await assertStored(host.url, 'team/ours', image);
      await bench.run(crane('validate', '--remote', `${at}:v1`));
      await bench.run(ours('pull', '--format', 'oci', `${at}:v1`, 'back'));
      await assertLayout(join(bench.folder, 'back'), image);
    });

    test('digests, manifests and tags are those that crane sees', async () => {
      await bench.run(ours('tag', `${at}:v1`, 'v2', 'v3'));
      for (const tag of ['v1', 'v2', 'v3']) {
        const { stdout } = await bench.run(ours('digest', `${at}:${tag}`));
        assert.equal(stdout, (await bench.run(crane('digest', `${at}:${tag}`))).stdout);
      }
      assert.deepEqual((await bench.run(ours('manifest', `${at}:v1`))).bytes, image.contents.get(image.digest));
      const his = lines((await bench.run(crane('ls', at))).stdout);
      assert.deepEqual(lines((await bench.run(ours('ls', at))).stdout), his);
    });

    test('what each attaches, both find', async () => {
      await bench.run(oras('attach', `${at}:v1`, 'report.txt', '--artifact-type', REPORT));
      await bench.run(ours('push', at, 'report.txt', '--artifact-type', REPORT, '--subject', `${at}:v1`));
      await bench.run(ours('sign', '--key', 'ours.key', `${at}:v1`));
      const mine = referrersOf((await bench.run(ours('tree', `${at}:v1`, '--json'))).stdout);
      const his = referrersOf((await bench.run(oras('discover', `${at}:v1`, '--format', 'json'))).stdout);
      assert.equal(mine.length, 3);
      assert.deepEqual(mine, his);
    });

    test('a copy brings all that refers to the image', async () => {
      await bench.run(ours('copy', `${at}:v1`, `${host.address}/mirror:v1`));
      await assertStored(host.url, 'mirror', image);
      const [source, copy] = await Promise.all(
        [at, `${host.address}/mirror`].map(async (of) =>
          referrersOf((await bench.run(oras('discover', `${of}:v1`, '--format', 'json'))).stdout),
        ),
      );
      assert.equal(source?.length, 3);
      assert.deepEqual(copy, source);
      await bench.run(ours('verify', '--key', 'ours.pub', `${host.address}/mirror:v1`));
    });

    test('an appended layer makes a valid image', async () => {
      await writeFile(join(bench.folder, 'more.tar'), makeTar('more', 'more\n'));
      const base = `${at}@${image.platforms.get('arm64')}`;
      await bench.run(ours('append', '-b', base, '-f', 'more.tar', '-t', `${at}:more`));
      await bench.run(crane('validate', '--remote', `${at}:more`));
    });

    test('what we delete is gone for both', async () => {
      const gone = `${host.address}/gone`;
      await bench.run(ours('copy', '--only', `${at}:v1`, `${gone}:v1`));
      const deletions = [
        await bench.attempt(ours('delete', `${gone}:v1`)),
        await bench.attempt(crane('delete', `${gone}:v1`)),
      ];
      assert.deepEqual(
        deletions.map(({ code }) => code === 0),
        [deletesTags, false],
      );
      if (deletesTags) assert.equal((await bench.attempt(ours('digest', `${gone}:v1`))).code, NOT_FOUND);
      await bench.run(ours('delete', `${gone}@${image.digest}`));
      assert.equal((await bench.attempt(ours('delete', `${gone}@${image.digest}`))).code, NOT_FOUND);
      assert.equal((await bench.attempt(ours('digest', `${gone}:v1`))).code, NOT_FOUND);
      assert.notEqual((await bench.attempt(crane('digest', `${gone}:v1`))).code, 0);
    });

    test('a missing tag, repository and digest are refused by all three', async () => {
      for (const missing of [`${at}:nope`, `${host.address}/nope:v1`, `${at}@sha256:${'0'.repeat(64)}`]) {
        assert.equal((await bench.attempt(ours('manifest', missing))).code, NOT_FOUND, missing);
        assert.notEqual((await bench.attempt(crane('manifest', missing))).code, 0, missing);
        assert.notEqual((await bench.attempt(oras('manifest', 'fetch', missing))).code, 0, missing);
      }
    });
  });
}

describe('a registry of ours with a password', missingPeers('PEER_CRANE', 'PEER_ORAS', 'PEER_SKOPEO'), () => {
  let bench: Bench;
  let server: Server;
  let address = '';
  let at = '';

  before(async () => {
    bench = await createBench();
    const login = ['--username', 'robot', '--password-stdin'];
    const args = ['registry', 'serve', '--address', '127.0.0.1:0', '--dir', 'registry', ...login];
    server = await bench.serve(args, { input: 'secret\n' });
    address = new URL(server.ready['url'] ?? '').host;
    at = `${address}/team/app`;
    await makeLayout(join(bench.folder, 'layout'), 'login');
  });

  after(async () => {
    await server.stop();
    await bench.stop();
  });

  const config = (folder: string) => ({ env: { DOCKER_CONFIG: join(bench.folder, folder) } });
  const good = ['-u', 'robot', '-p', 'secret'];

  test('each logs in, and reads what the other has stored', async () => {
    await bench.run(crane('auth', 'login', address, ...good), config('cranes'));
    await bench.run(crane('push', 'layout', `${at}:v1`), config('cranes'));
    const mine = await bench.run(ours('digest', `${at}:v1`), config('cranes'));
    await bench.run(ours('login', address, '-u', 'robot', '--password-stdin'), {
      ...config('ours'),
      input: 'secret\n',
    });
    await bench.run(ours('push', 'layout', `${at}:v2`), config('ours'));
    const his = await bench.run(crane('digest', `${at}:v2`), config('ours'));
    assert.equal(mine.stdout, his.stdout);
    await bench.run(oras('login', address, ...good), config('orass'));
    assert.equal((await bench.run(oras('resolve', `${at}:v2`), config('orass'))).stdout.trim(), his.stdout.trim());
    assert.equal((await bench.run(ours('digest', `${at}:v2`), config('orass'))).stdout, his.stdout);
    assert.equal((await bench.run(oras('resolve', `${at}:v2`), config('ours'))).stdout.trim(), his.stdout.trim());
    const inspected = ['inspect', '--raw', '--tls-verify=false', `docker://${at}:v2`];
    await bench.run(skopeo(...inspected, '--creds', 'robot:secret'));
    await bench.run(skopeo(...inspected, '--authfile', join(bench.folder, 'ours/config.json')));
  });

  test('nobody comes in without a password or with a wrong one', async () => {
    const wrong = ['-u', 'robot', '-p', 'wrong'];
    for (const credentials of [[], wrong])
      assert.equal(
        (await bench.attempt(ours('digest', `${at}:v1`, ...credentials), config('none'))).code,
        UNAUTHORIZED,
      );
    assert.equal((await bench.attempt(ours('login', address, ...wrong), config('none'))).code, UNAUTHORIZED);
    assert.notEqual((await bench.attempt(crane('digest', `${at}:v1`), config('none'))).code, 0);
    assert.notEqual((await bench.attempt(oras('login', address, ...wrong), config('none'))).code, 0);
    assert.notEqual((await bench.attempt(oras('resolve', `${at}:v1`, ...wrong), config('none'))).code, 0);
    const inspected = ['inspect', '--tls-verify=false', '--creds', 'robot:wrong', `docker://${at}:v1`];
    assert.notEqual((await bench.attempt(skopeo(...inspected))).code, 0);
    await bench.run(crane('auth', 'login', address, ...wrong), config('wrong'));
    assert.notEqual((await bench.attempt(crane('digest', `${at}:v1`), config('wrong'))).code, 0);
    assert.equal((await bench.attempt(ours('digest', `${at}:v1`), config('wrong'))).code, UNAUTHORIZED);
  });
});

describe(
  'a registry of ours with users, rights and tokens',
  missingPeers('PEER_CRANE', 'PEER_ORAS', 'PEER_SKOPEO'),
  () => {
    const config = (bench: Bench, folder: string) => ({ env: { DOCKER_CONFIG: join(bench.folder, folder) } });
    const [writer, reader] = [
      ['-u', 'writer', '-p', 'secret'],
      ['-u', 'reader', '-p', 'hidden'],
    ];

    for (const challenge of ['basic', 'token']) {
      test(`crane, oras, skopeo and we log in, and may do what the rules say, by ${challenge}`, async () => {
        const bench = await createBench();
        await bench.run(ours('registry', 'user', 'users', 'writer', '--password', 'secret'));
        await bench.run(ours('registry', 'user', 'users', 'reader', '--password', 'hidden'));
        const made = await bench.run(ours('registry', 'token', 'ci', '--json'));
        const { token, sha256: digest } = JSON.parse(made.stdout) as {
          readonly token: string;
          readonly sha256: string;
        };
        const rules = {
          users: 'users',
          tokens: [{ name: 'ci', sha256: digest }],
          access: [
            { callers: ['writer', 'ci'], repositories: ['team/**'], rights: ['pull', 'push', 'delete'] },
            { callers: ['reader'], repositories: ['team/**'], rights: ['pull'] },
            { callers: ['anonymous'], repositories: ['team/public'], rights: ['pull'] },
          ],
          challenge,
          immutable: [{ repositories: ['team/*'], tags: ['v*'] }],
          audit: 'audit.jsonl',
        };
        await writeFile(join(bench.folder, 'registry.yaml'), JSON.stringify(rules));
        const serving = [
          'registry',
          'serve',
          '--address',
          '127.0.0.1:0',
          '--dir',
          'registry',
          '--rules',
          'registry.yaml',
        ];
        const server = await bench.serve(serving);
        try {
          const address = new URL(server.ready['url'] ?? '').host;
          const image = await makeLayout(join(bench.folder, 'layout'), challenge);
          const at = `${address}/team/app`;
          const [write, read, none] = [config(bench, 'writer'), config(bench, 'reader'), config(bench, 'none')];

          await bench.run(crane('auth', 'login', address, ...writer), write);
          await bench.run(oras('login', address, ...reader), read);
          await bench.run(crane('push', 'layout', `${at}:v1`), write);
          await bench.run(crane('copy', `${at}:v1`, `${address}/team/public:v1`), write);
          for (const environment of [write, read]) {
            assert.equal((await bench.run(crane('digest', `${at}:v1`), environment)).stdout.trim(), image.digest);
            assert.equal((await bench.run(oras('resolve', `${at}:v1`), environment)).stdout.trim(), image.digest);
            assert.equal((await bench.run(ours('digest', `${at}:v1`), environment)).stdout.trim(), image.digest);
          }
          await bench.run(skopeo('inspect', '--tls-verify=false', '--creds', 'reader:hidden', `docker://${at}:v1`));
          await bench.run(skopeo('inspect', '--tls-verify=false', '--creds', `x:${token}`, `docker://${at}:v1`));

          const refused = [
            [crane('push', 'layout', `${at}:new`), read],
            [crane('push', 'layout', `${address}/other:new`), write],
            [oras('tag', `${at}:v1`, 'new'), read],
            [ours('tag', `${at}:v1`, 'new'), read],
            [ours('delete', `${at}@${image.digest}`), read],
            [crane('digest', `${at}:v1`), none],
            [ours('digest', `${at}:v1`), none],
            [crane('delete', `${at}:v1`), write],
            [oras('tag', `${at}@${image.platforms.get('amd64')}`, 'v1'), write],
          ] as const;
          for (const [command, environment] of refused)
            assert.notEqual((await bench.attempt(command, environment)).code, 0, command.join(' '));

          assert.equal(
            (await bench.run(crane('digest', `${address}/team/public:v1`), none)).stdout.trim(),
            image.digest,
          );
          await bench.run(oras('resolve', `${address}/team/public:v1`), none);
          await bench.run(ours('digest', `${address}/team/public:v1`), none);
          await bench.run(skopeo('inspect', '--tls-verify=false', `docker://${address}/team/public:v1`), none);
          await bench.run(crane('tag', `${at}:v1`, 'latest'), write);
          await bench.run(ours('delete', `${at}:latest`), write);

          const proof = await bench.run(ours('registry', 'audit', 'audit.jsonl', '--json'));
          assert.ok((JSON.parse(proof.stdout) as { readonly lines: number }).lines > 10);
        } finally {
          await server.stop();
          await bench.stop();
        }
      });
    }
  },
);

describe(
  'the conformance suite of the distribution specification',
  missingPeers('PEER_DISTRIBUTION_CONFORMANCE'),
  () => {
    test('finds no fault in our registry, and its results are what the reference page says', async () => {
      const bench = await createBench();
      const host = await startOurs(bench);
      try {
        const env = {
          OCI_ROOT_URL: host.url,
          OCI_NAMESPACE: 'conformance/one',
          OCI_CROSSMOUNT_NAMESPACE: 'conformance/two',
          // a mount without a source opens an upload: what lies in other repositories is told to nobody
          OCI_AUTOMATIC_CROSSMOUNT: '0',
          OCI_TEST_PULL: '1',
          OCI_TEST_PUSH: '1',
          OCI_TEST_CONTENT_DISCOVERY: '1',
          OCI_TEST_CONTENT_MANAGEMENT: '1',
          OCI_REPORT_DIR: bench.folder,
        };
        const { stdout } = await bench.run(peer('PEER_DISTRIBUTION_CONFORMANCE')('-test.v'), { env });
        const results = readResults(await readFile(join(bench.folder, 'junit.xml'), 'utf8'));
        assert.ok(results.filter(({ result }) => result === 'pass').length >= 64, stdout);
        assert.deepEqual(
          results.filter(({ result }) => result === 'fail'),
          [],
        );
        checkConformancePart('Conformance of the registry', conformanceLines(results));
      } finally {
        await host.stop();
        await bench.stop();
      }
    });
  },
);

interface CheckResult {
  readonly check: string;
  readonly result: 'pass' | 'fail' | 'skipped';
}

/** The checks of a JUnit report in its order, without times. */
function readResults(report: string): readonly CheckResult[] {
  const entities: Readonly<Record<string, string>> = {
    '&lt;': '<',
    '&gt;': '>',
    '&amp;': '&',
    '&#34;': '"',
    '&#39;': "'",
  };
  return [...report.matchAll(/<testcase name="([^"]*)"[^>]*?(?:\/>|>(.*?)<\/testcase>)/gs)].map(
    ([, name = '', inside = '']) => ({
      check: name
        .replace('OCI Distribution Conformance Tests ', '')
        .replaceAll(/&(?:lt|gt|amp|#34|#39);/g, (entity) => entities[entity] ?? entity),
      result:
        inside.includes('<failure') || inside.includes('<error')
          ? 'fail'
          : inside.includes('<skipped')
            ? 'skipped'
            : 'pass',
    }),
  );
}

function conformanceLines(results: readonly CheckResult[]): readonly string[] {
  const count = (wanted: CheckResult['result']) => results.filter(({ result }) => result === wanted).length;
  const rows = results.map(({ check, result }) => `| ${check.replaceAll('|', String.raw`\|`)} | ${result} |`);
  return [
    'What the conformance suite of the OCI distribution specification says of `plimsoll registry serve`, all four workflows on:',
    `${count('pass')} pass, ${count('fail')} fail, ${count('skipped')} skipped (settings that replace one of the suite's own steps). The suite is`,
    'the revision of May 2023, of the 1.1 release candidates; what later ones check besides is in `src/artifacts/server/*.test.ts`.',
    '',
    '| check | result |',
    '| --- | --- |',
    ...rows,
  ];
}
