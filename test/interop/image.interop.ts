/** The program as a container image, run by a released container runtime as the chart has it run: no rights, nothing writable but its data. */
import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createBench, missingPeers, peer, PLIMSOLL, type Bench } from './support.ts';

const SCRIPT = join(import.meta.dirname, '../../scripts/image.ts');
const USER = 65_532;

interface ImageConfig {
  readonly config: { readonly Entrypoint: readonly string[]; readonly Env: readonly string[]; readonly User: string };
}

describe('the image of the program', missingPeers('PEER_RUNC'), () => {
  let bench: Bench;
  let image: string;
  const runc = peer('PEER_RUNC');
  before(async () => {
    bench = await createBench();
    image = await makeImage('oci:image');
    await bench.run([PLIMSOLL, 'export', 'oci:image', 'root.tar']);
    await mkdir(join(bench.folder, 'root'));
    await bench.run(['tar', '-C', 'root', '-xf', 'root.tar']);
  });
  after(async () => await bench.stop());

  const makeImage = async (target: string) =>
    (await bench.run([process.execPath, SCRIPT, target], { env: { INIT_CWD: bench.folder } })).stdout.trim();

  /** The image's program with these words, as a container named so. */
  const container = async (name: string, words: readonly string[]): Promise<readonly string[]> => {
    const folder = join(bench.folder, name);
    await mkdir(folder);
    await bench.run(runc('spec', '--bundle', folder));
    const { config } = JSON.parse((await bench.run([PLIMSOLL, 'config', 'oci:image'])).stdout) as ImageConfig;
    assert.equal(config.User, `${USER}:${USER}`);
    const path = join(folder, 'config.json');
    const spec = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown> & {
      readonly mounts: readonly object[];
      readonly linux: { readonly namespaces: readonly { readonly type: string }[] };
    };
    const data = { destination: '/var/lib/plimsoll', type: 'tmpfs', source: 'tmpfs', options: ['mode=0777'] };
    const policies = {
      destination: '/policies',
      type: 'bind',
      source: join(bench.folder, 'policies'),
      options: ['ro', 'bind'],
    };
    const restricted = {
      ...spec,
      process: {
        user: { uid: USER, gid: USER },
        args: [...config.Entrypoint, ...words],
        env: [...config.Env, 'PLIMSOLL_DATA_DIR=/var/lib/plimsoll/data', 'PLIMSOLL_CACHE_DIR=/var/lib/plimsoll/cache'],
        cwd: '/',
        capabilities: {},
        noNewPrivileges: true,
      },
      root: { path: join(bench.folder, 'root'), readonly: true },
      mounts: [...spec.mounts, data, policies],
      // the host's network, where the test can ask
      linux: { ...spec.linux, namespaces: spec.linux.namespaces.filter(({ type }) => type !== 'network') },
    };
    await writeFile(path, JSON.stringify(restricted));
    return runc('--root', join(bench.folder, 'runc'), 'run', '--bundle', folder, `${name}-${process.pid}`);
  };

  test('is the same whenever it is made', async () => {
    const digest = (made: string) => made.split('@')[1];
    assert.match(image, /@sha256:[0-9a-f]{64}$/);
    assert.equal(digest(await makeImage('oci:again')), digest(image));
  });

  test('says to scanners what is in it', async () => {
    const { stdout } = await bench.run([PLIMSOLL, 'sbom', 'oci-dir:image', '-o', 'cyclonedx-json']);
    const { components } = JSON.parse(stdout) as {
      readonly components: readonly { readonly name: string; readonly licenses?: readonly object[] }[];
    };
    const named = new Map(components.map((component) => [component.name, component]));
    for (const name of ['libc6', 'node', 'hono', 'libxml2-wasm']) assert.ok(named.has(name), name);
    // its documentation is a link to that of another package
    assert.notEqual(named.get('libstdc++6')?.licenses?.length ?? 0, 0);
  });

  test('serves without rights, and ends in peace', async () => {
    await mkdir(join(bench.folder, 'policies'));
    await bench.run([PLIMSOLL, 'generate-key-pair']);
    const policy = await bench.run([PLIMSOLL, 'policy', 'init', 'signed', '--key', 'cosign.pub']);
    await writeFile(join(bench.folder, 'policies/policy.yaml'), policy.stdout);
    const words = ['serve', '--policy', '/policies', '--listen', '127.0.0.1:0', '--json'];
    const server = await bench.serve([], { command: await container('server', words) });
    try {
      assert.equal(await statusOf(`${server.ready.url}/readyz`), 200);
    } finally {
      await server.stop('SIGTERM');
    }
  });
});

/** The server's certificate is its own. */
async function statusOf(url: string): Promise<number | undefined> {
  return await new Promise((resolve, reject) => {
    request(url, { rejectUnauthorized: false }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    })
      .on('error', reject)
      .end();
  });
}
