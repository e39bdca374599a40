/**
 * Signing with keys of all kinds and places, verified by released cosign: PEM of every algorithm, a token of SoftHSM through OpenSC, a plugin
 * program that cosign itself uses too, and a Secret that the real kubectl reads from a server.
 */
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { openRepository } from '../../src/app/registry.ts';
import { parseReference, resolveSettings } from '../../src/core/index.ts';
import { createPorts } from '../../src/io/index.ts';
import { pushImage } from '../../src/trust/images/testing.ts';
import { createBench, missingPeers, peer, PLIMSOLL, type Bench, type Server } from './support.ts';

const SPKI = { format: 'pem', type: 'spki' } as const;
const PKCS8 = { format: 'pem', type: 'pkcs8' } as const;
const IGNORE_LOG = '--insecure-ignore-tlog';

describe('keys, verified by cosign 2 and 3', missingPeers('PEER_COSIGN2', 'PEER_COSIGN3'), () => {
  const cosign2 = peer('PEER_COSIGN2');
  const cosign3 = peer('PEER_COSIGN3');
  const ours = (...words: readonly string[]) => [PLIMSOLL, ...words];
  let bench: Bench;
  let registry: Server;
  let images = 0;

  before(async () => {
    bench = await createBench();
    registry = await bench.serve(['registry', 'serve', '--address', '127.0.0.1:0', '--dir', 'registry']);
    await writeFile(join(bench.folder, 'file'), 'content');
  });
  after(async () => {
    await registry.stop();
    await bench.stop();
  });

  const home = import.meta.dirname;
  const settings = resolveSettings({ flags: {}, file: {} }, {}, home);
  const ports = createPorts({ settings, home, verbose: false, progress: () => undefined });
  const newImage = async (): Promise<string> => {
    images += 1;
    const name = `${new URL(registry.ready['url'] ?? '').host}/app${images}`;
    return `${name}@${(await pushImage(openRepository(ports, parseReference(name)))).digest}`;
  };

  /** Signs an image in both forms and a file with the key; cosign verifies all with its public half, and nothing with another. */
  const works = async (key: string, env: Readonly<Record<string, string>> = {}, publicKey = key) => {
    const [image, unsigned] = [await newImage(), await newImage()];
    await bench.run(ours('public-key', '--key', key, '--outfile', 'key.pub'), { env });
    await bench.run(ours('sign', '--key', key, '--format', 'both', image), { env });
    await bench.run(ours('sign-blob', '--key', key, '--bundle', 'bundle', 'file'), { env });
    const verify = ['verify', '--key', 'key.pub', IGNORE_LOG];
    for (const cosign of [cosign2, cosign3]) {
      await bench.run(cosign(...verify, image));
      assert.notEqual((await bench.attempt(cosign(...verify, unsigned))).code, 0);
    }
    await bench.run(cosign3('verify-blob', '--key', 'key.pub', IGNORE_LOG, '--bundle', 'bundle', 'file'));
    await bench.run(ours('verify', '--key', publicKey, image), { env });
  };

  test('PEM keys of every algorithm sign in both storage forms', async () => {
    const pairs = {
      p256: generateKeyPairSync('ec', { namedCurve: 'P-256', publicKeyEncoding: SPKI, privateKeyEncoding: PKCS8 }),
      p384: generateKeyPairSync('ec', { namedCurve: 'P-384', publicKeyEncoding: SPKI, privateKeyEncoding: PKCS8 }),
      p521: generateKeyPairSync('ec', { namedCurve: 'P-521', publicKeyEncoding: SPKI, privateKeyEncoding: PKCS8 }),
      ed25519: generateKeyPairSync('ed25519', { publicKeyEncoding: SPKI, privateKeyEncoding: PKCS8 }),
      rsa: generateKeyPairSync('rsa', { modulusLength: 3072, publicKeyEncoding: SPKI, privateKeyEncoding: PKCS8 }),
    };
    for (const [name, { privateKey }] of Object.entries(pairs)) {
      await writeFile(join(bench.folder, `${name}.pem`), privateKey);
      await works(`${name}.pem`, {}, 'key.pub');
      await works('env://KEY', { KEY: privateKey }, 'key.pub');
    }
  });

  test('a key in a token of SoftHSM signs', missingPeers('PEER_SOFTHSM', 'PEER_PKCS11_TOOL'), async () => {
    const tool = process.env['PEER_PKCS11_TOOL'] ?? '';
    const unpacked = join(dirname(dirname(process.env['PEER_SOFTHSM'] ?? '')), 'unpacked/softhsm2-util/root');
    const module = join(unpacked, 'usr/lib/softhsm/libsofthsm2.so');
    await mkdir(join(bench.folder, 'tokens'));
    await writeFile(join(bench.folder, 'softhsm.conf'), `directories.tokendir = ${join(bench.folder, 'tokens')}\n`);
    const env = {
      SOFTHSM2_CONF: join(bench.folder, 'softhsm.conf'),
      COSIGN_PKCS11_PIN: '4321',
      COSIGN_PKCS11_MODULE_PATH: module,
      PATH: `${dirname(tool)}:${process.env['PATH'] ?? ''}`,
    };
    const token = ['--init-token', '--free', '--label', 'release', '--so-pin', '1234', '--pin', '4321'];
    await bench.run(peer('PEER_SOFTHSM')('--module', module, ...token), { env });
    const login = ['--module', module, '--token-label', 'release', '--login', '--pin', '4321'];
    for (const [type, id] of [
      ['EC:prime256v1', '01'],
      ['rsa:2048', '02'],
    ] as const) {
      await bench.run([tool, ...login, '--keypairgen', '--key-type', type, '--id', id, '--label', `key${id}`], { env });
      await works(`pkcs11:token=release;object=key${id}`, env);
      await works(`pkcs11:token=release;id=%${id}`, env);
    }
    const sign = ours('sign-blob', '--key', 'pkcs11:token=release;object=key01', 'file');
    assert.equal((await bench.attempt(sign, { env: { ...env, COSIGN_PKCS11_PIN: '1' } })).code, 5);
    assert.equal((await bench.attempt(ours('sign-blob', '--key', 'pkcs11:token=x;object=y', 'file'), { env })).code, 4);
  });

  test('one plugin program serves cosign and us', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('ec', {
      namedCurve: 'P-256',
      publicKeyEncoding: SPKI,
      privateKeyEncoding: PKCS8,
    });
    const program = `#!${process.execPath}
const { sign } = require('node:crypto');
const asked = JSON.parse(process.argv[3]);
const answers = {
  publicKey: () => ({ publicKey: { publicKeyPEM: Buffer.from(${JSON.stringify(publicKey)}).toString('base64') } }),
  signMessage: () => {
    const content = require('node:fs').readFileSync(0);
    const signature = sign('sha256', content, ${JSON.stringify(privateKey)}).toString('base64');
    return { signMessage: { signature } };
  },
};
console.log(JSON.stringify(asked.initOptions.keyResourceID === 'slot/1' ? answers[asked.methodName]() : { errorMessage: 'no such slot' }));
`;
    const path = join(bench.folder, 'sigstore-kms-interop');
    await writeFile(path, program);
    await chmod(path, 0o755);
    const env = { PATH: `${bench.folder}:${process.env['PATH'] ?? ''}` };
    await works('interop://slot/1', env);
    const offline = ['--yes', '--use-signing-config=false', '--tlog-upload=false'];
    await bench.run(cosign3('sign-blob', ...offline, '--key', 'interop://slot/1', '--bundle', 'theirs', 'file'), {
      env,
    });
    await bench.run(ours('verify-blob', '--key', 'interop://slot/1', '--bundle', 'theirs', 'file'), { env });
    const refused = await bench.attempt(ours('sign-blob', '--key', 'interop://slot/2', 'file'), { env });
    assert.equal(refused.code, 6);
    assert.match(refused.stderr, /no such slot/);
  });

  test('a Secret is made and read through kubectl, and cosign takes it too', missingPeers('PEER_KUBECTL'), async () => {
    const api = await startSecrets();
    try {
      const { port } = api.server.address() as AddressInfo;
      const config = {
        apiVersion: 'v1',
        kind: 'Config',
        clusters: [{ name: 'c', cluster: { server: `http://127.0.0.1:${port}` } }],
        contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
        users: [{ name: 'u', user: {} }],
        'current-context': 'c',
      };
      await writeFile(join(bench.folder, 'kubeconfig'), JSON.stringify(config));
      const env = {
        KUBECONFIG: join(bench.folder, 'kubeconfig'),
        PATH: `${dirname(process.env['PEER_KUBECTL'] ?? '')}:${process.env['PATH'] ?? ''}`,
      };
      const words = ['generate-key-pair', '--output-key-prefix', 'secret', 'k8s://signing/release'];
      await bench.run(ours(...words), { env });
      assert.deepEqual([...api.secrets.keys()], ['signing/release']);
      await works('k8s://signing/release', env);
      const [pub, secret] = [
        await readFile(join(bench.folder, 'secret.pub')),
        await readFile(join(bench.folder, 'key.pub')),
      ];
      assert.deepEqual(pub, secret);
      const image = await newImage();
      const key = ['--key', 'k8s://signing/release'];
      await bench.run(cosign2('sign', '--yes', '--tlog-upload=false', ...key, image), { env });
      await bench.run(ours('verify', ...key, image), { env });
      assert.equal((await bench.attempt(ours('public-key', '--key', 'k8s://signing/absent'), { env })).code, 4);
    } finally {
      api.server.closeAllConnections();
      api.server.close();
    }
  });
});

interface Secrets {
  readonly server: HttpServer;
  readonly secrets: ReadonlyMap<string, object>;
}

/** As much of an API server as kubectl and client libraries ask for a Secret. */
async function startSecrets(): Promise<Secrets> {
  const secrets = new Map<string, object>();
  const resources = [{ name: 'secrets', namespaced: true, kind: 'Secret', verbs: ['get', 'create', 'patch'] }];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const answer = (code: number, value: object): void => {
        response.writeHead(code, { 'content-type': 'application/json' });
        response.end(JSON.stringify(value));
      };
      const { pathname } = new URL(request.url ?? '/', 'http://localhost');
      if (pathname === '/api') return answer(200, { kind: 'APIVersions', versions: ['v1'] });
      if (pathname === '/apis') return answer(200, { kind: 'APIGroupList', apiVersion: 'v1', groups: [] });
      if (pathname === '/api/v1')
        return answer(200, { kind: 'APIResourceList', apiVersion: 'v1', groupVersion: 'v1', resources });
      const [, namespace = '', name] = /^\/api\/v1\/namespaces\/([^/]+)\/secrets(?:\/([^/]+))?$/.exec(pathname) ?? [];
      if (request.method === 'POST' && namespace !== '') {
        const secret = JSON.parse(Buffer.concat(chunks).toString()) as {
          metadata: { name: string };
          stringData: Record<string, string>;
        };
        const { stringData, ...rest } = secret;
        const data = Object.fromEntries(
          Object.entries(stringData).map(([field, text]) => [field, Buffer.from(text).toString('base64')]),
        );
        secrets.set(`${namespace}/${secret.metadata.name}`, { ...rest, data });
        return answer(201, { ...rest, data });
      }
      const found = secrets.get(`${namespace}/${name}`);
      if (found !== undefined) return answer(200, found);
      const message = `secrets "${name}" not found`;
      const status = { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason: 'NotFound', code: 404, message };
      answer(404, status);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, secrets };
}
