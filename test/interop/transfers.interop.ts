/**
 * Transfers that break, and TLS on both sides, with released registries: what is lost with a session, what a proxy in
 * between refuses, and whether the content is there in the end.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer, request as startRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { startFaultProxy, type Faults } from '../e2e/fault-proxy.ts';
import {
  createBench,
  missingPeers,
  peer,
  PLIMSOLL,
  sha256,
  startCrane,
  startPeer,
  type Bench,
  type Host,
} from './support.ts';

const SIZE = 20 * 1024 * 1024;
const TENTHS = Array.from({ length: 10 }, (_, index) => Math.floor((SIZE * (index + 0.5)) / 10));

/** Distribution with this configuration of its HTTP side. */
async function startDistribution(bench: Bench, variable: string, http: object = {}): Promise<Host> {
  const file = join(bench.folder, 'distribution.json');
  return await startPeer((addr) => {
    const storage = { filesystem: { rootdirectory: join(bench.folder, 'distribution') } };
    writeFileSync(file, JSON.stringify({ version: '0.1', storage, http: { addr, ...http } }));
    return peer(variable)('serve', file);
  });
}

/** A proxy that lets no request through that is larger than its limit, as nginx does. */
async function startLimit(target: string, limit: number): Promise<Host> {
  const server = createServer((request, response) => {
    const { method, url, headers } = request;
    if (Number(headers['content-length'] ?? 0) > limit) {
      response.writeHead(413, { connection: 'close', 'content-type': 'text/html' }).end('<h1>413 Too Large</h1>');
      return;
    }
    const onward = startRequest(new URL(url ?? '', target), { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    request.pipe(onward);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const stop = async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  };
  return { url: `http://${address}`, address, stop };
}

const HOSTS = [
  { name: "crane's registry", variable: 'PEER_CRANE', start: startCrane },
  {
    name: 'Distribution 2',
    variable: 'PEER_DOCKER_REGISTRY',
    start: async (bench: Bench) => await startDistribution(bench, 'PEER_DOCKER_REGISTRY'),
  },
  {
    name: 'Distribution 3',
    variable: 'PEER_DISTRIBUTION3',
    start: async (bench: Bench) => await startDistribution(bench, 'PEER_DISTRIBUTION3'),
  },
];

for (const { name, variable, start } of HOSTS) {
  describe(`broken transfers to and from ${name}`, missingPeers(variable), () => {
    let bench: Bench;
    let host: Host;

    before(async () => {
      bench = await createBench();
      host = await start(bench);
    });
    after(async () => {
      await host.stop();
      await bench.stop();
    });

    /** Pushes new content by one address and fetches it by the other. */
    async function assertThrough(push: string, fetch: string): Promise<void> {
      const content = randomBytes(SIZE);
      await writeFile(join(bench.folder, 'content'), content);
      await bench.run([PLIMSOLL, 'blob', 'push', `${push}/team/app`, 'content']);
      const reference = `${fetch}/team/app@${sha256(content)}`;
      await bench.run([PLIMSOLL, 'blob', 'fetch', reference, '--output', 'fetched']);
      assert.ok(content.equals(await readFile(join(bench.folder, 'fetched'))));
    }

    async function withFaults(faults: Faults, use: (address: string) => Promise<void>): Promise<void> {
      const proxy = await startFaultProxy(host.url, faults);
      try {
        await use(proxy.address);
        assert.equal(proxy.cuts(), (faults.up?.length ?? 0) + (faults.down?.length ?? 0));
      } finally {
        await proxy.close();
      }
    }

    test('an upload that is cut arrives', async () => {
      await withFaults({ up: [SIZE / 2] }, (address) => assertThrough(address, host.address));
    });

    test('a download that is cut ten times arrives', async () => {
      await withFaults({ down: TENTHS }, (address) => assertThrough(host.address, address));
    });

    test('an upload passes a proxy that takes a mebibyte at a time', async () => {
      const limit = await startLimit(host.url, 1024 * 1024);
      await assertThrough(limit.address, host.address);
      await limit.stop();
    });
  });
}

describe('Distribution that asks for client certificates', missingPeers('PEER_DOCKER_REGISTRY'), () => {
  let bench: Bench;
  let host: Host;

  before(async () => {
    bench = await createBench();
    for (const [name, subject, extra] of [
      ['server', '/CN=localhost', ['-addext', 'subjectAltName=IP:127.0.0.1']],
      ['client', '/CN=robot', []],
    ] as const) {
      const files = ['-keyout', `${name}.key`, '-out', `${name}.crt`];
      await bench.run([
        'openssl',
        'req',
        '-x509',
        '-newkey',
        'rsa:2048',
        '-nodes',
        '-subj',
        subject,
        ...files,
        ...extra,
      ]);
    }
    const path = (name: string) => join(bench.folder, name);
    const tls = { certificate: path('server.crt'), key: path('server.key'), clientcas: [path('client.crt')] };
    host = await startDistribution(bench, 'PEER_DOCKER_REGISTRY', { tls });
    await writeFile(path('content'), 'content');
  });
  after(async () => {
    await host.stop();
    await bench.stop();
  });

  test('takes ours from flags and from its folder, and without it says what it wants', async () => {
    const push = [PLIMSOLL, 'blob', 'push', `${host.address}/team/app`, 'content'];
    const own = ['--cert-file', 'client.crt', '--key-file', 'client.key'];
    await bench.run([...push, '--ca-file', 'server.crt', ...own]);
    const refused = await bench.attempt([...push, '--ca-file', 'server.crt']);
    assert.match(refused.stderr, /certificate required\nhint: .*--cert-file/);
    const folder = join(bench.folder, '.config/docker/certs.d', host.address);
    await bench.run(['mkdir', '-p', folder]);
    await bench.run(['cp', 'server.crt', join(folder, 'ca.crt')]);
    await bench.run(['cp', 'client.crt', join(folder, 'client.cert')]);
    await bench.run(['cp', 'client.key', join(folder, 'client.key')]);
    await bench.run(push);
  });
});
