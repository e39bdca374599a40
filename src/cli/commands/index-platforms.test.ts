/** What `audit` and `admit` look at of an index, as `serve` does. */
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { join } from 'node:path';
import { test } from 'node:test';
import { openRepository } from '../../app/registry.ts';
import { createTestRegistry } from '../../app/testing.ts';
import { createHandlerHttp } from '../../artifacts/testing.ts';
import { createMemoryApi } from '../../cluster/testing.ts';
import { parseReference } from '../../core/index.ts';
import { createTestPorts } from '../../io/testing.ts';
import { policyText } from '../../policies/testing.ts';
import { pushImage } from '../../trust/images/testing.ts';
import { runCommand } from '../testing.ts';

const HOST = 'localhost:5000';
const API = 'https://api.test';
const INDEX = 'application/vnd.oci.image.index.v1+json';
const pair = generateKeyPairSync('ec', {
  namedCurve: 'P-256',
  publicKeyEncoding: { format: 'pem', type: 'spki' },
  privateKeyEncoding: { format: 'pem', type: 'pkcs8' },
});
const PROOFS = '--accept-platform-proofs';

/** An index whose image for linux/amd64 alone is signed, in a pod; a cluster with a node of an architecture. */
async function setUp(architecture: string) {
  const plain = createTestPorts({ environment: { KEY: pair.privateKey } });
  const api = createMemoryApi();
  const registry = createHandlerHttp({ [HOST]: createTestRegistry(plain) });
  const ports = {
    ...plain,
    http: async (request) => await (request.url.startsWith(API) ? api.http(request) : registry(request)),
  } satisfies typeof plain;
  const repository = openRepository(ports, parseReference(`${HOST}/app`));
  const [amd64, arm64] = [await pushImage(repository, 'amd64'), await pushImage(repository, 'arm64')];
  const signed = await runCommand(ports, ['sign', '--key', 'env://KEY', `${HOST}/app@${amd64.digest}`]);
  assert.equal(signed.code, 0, signed.stderr);
  const manifests = [
    { ...amd64, platform: { os: 'linux', architecture: 'amd64' } },
    { ...arm64, platform: { os: 'linux', architecture: 'arm64' } },
  ];
  const index = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: INDEX, manifests }));
  await repository.pushManifest(index, INDEX, 'v1');
  api.put('/api/v1/nodes', 'one', {
    metadata: { labels: { 'kubernetes.io/os': 'linux', 'kubernetes.io/arch': architecture } },
  });
  const files = {
    'policy.yaml': policyText([{ key: { data: pair.publicKey } }], { images: [{ glob: '**' }] }),
    'pod.json': JSON.stringify({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'app' },
      spec: { containers: [{ name: 'c', image: `${HOST}/app:v1` }] },
    }),
    kubeconfig: JSON.stringify({
      'current-context': 'a',
      contexts: [{ name: 'a', context: { cluster: 'a', user: 'a' } }],
      clusters: [{ name: 'a', cluster: { server: API } }],
      users: [{ name: 'a', user: { token: 't' } }],
    }),
  };
  const path = (name: string) => join(plain.home, name);
  for (const [name, text] of Object.entries(files)) await ports.files.writeAtomic(path(name), text);
  const given = ['-f', path('pod.json'), '--policy', path('policy.yaml')];
  const run = async (name: string, ...words: readonly string[]) => await runCommand(ports, [name, ...given, ...words]);
  return { run, kubeconfig: path('kubeconfig') };
}

test('audit and admit take the platforms that are named, and their proofs where that is accepted', async () => {
  const { run } = await setUp('amd64');
  for (const name of ['audit', 'admit'])
    for (const [code, ...words] of [
      [0, PROOFS, '--platforms', 'linux/amd64'],
      [1, PROOFS, '--platforms', 'linux/amd64,linux/arm64'],
      [1, PROOFS],
      [1, '--platforms', 'linux/amd64'],
      [2, PROOFS, '--platforms', 'amd64'],
      [2, PROOFS, '--platforms', 'nodes'],
    ] as const) {
      const ran = await run(name, ...words);
      assert.equal(ran.code, code, `${name} ${words.join(' ')}: ${ran.stdout}${ran.stderr}`);
    }
  assert.match((await run('admit', '--platforms', 'nodes')).stderr, /nodes: expected a cluster whose nodes to ask/);
});

test('audit asks which platforms nodes have', async () => {
  for (const [architecture, code] of [
    ['amd64', 0],
    ['arm64', 1],
  ] as const) {
    const { run, kubeconfig } = await setUp(architecture);
    const ran = await run('audit', '--kubeconfig', kubeconfig, '--platforms', 'nodes', PROOFS);
    assert.equal(ran.code, code, ran.stdout + ran.stderr);
  }
});
