/** How registries are reached over real sockets: authorities, client certificates, `certs.d`, and proxies. */
import 'reflect-metadata';
import assert from 'node:assert/strict';
import { webcrypto } from 'node:crypto';
import { once } from 'node:events';
import { createServer as createHttpServer, request as requestHttp, type Server } from 'node:http';
import { createServer as createHttpsServer, type ServerOptions } from 'node:https';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { after, before, describe, test } from 'node:test';
import { PemConverter, X509CertificateGenerator } from '@peculiar/x509';
import { openRegistry, type RegistryOptions } from '../../src/artifacts/index.ts';
import { AppError, type ErrorKind, type Ports } from '../../src/core/index.ts';
import { createHttp } from '../../src/io/http.ts';
import { createTestPorts } from '../../src/io/testing.ts';
import { createServingCertificate } from '../../src/trust/crypto/index.ts';

const RETRIES = { attempts: 2, delay: 1, budget: 1000, stall: 1000 };

interface Certificate {
  readonly certificate: string;
  readonly key: string;
}

async function makeCertificate(hosts: readonly string[]): Promise<Certificate> {
  const ports = createTestPorts();
  return await createServingCertificate({ hosts, at: new Date(), days: 1, serial: ports.random(16) });
}

/** For a client: what a server shows says that it is a server's. */
async function makeClientCertificate(): Promise<Certificate> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const dates = { notBefore: new Date(Date.now() - 60_000), notAfter: new Date(Date.now() + 3_600_000) };
  const made = await X509CertificateGenerator.createSelfSigned({
    name: 'CN=robot',
    serialNumber: '01',
    keys,
    signingAlgorithm: algorithm,
    ...dates,
  });
  const key = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
  return { certificate: made.toString('pem'), key: PemConverter.encode(key, 'PRIVATE KEY') };
}

/** An empty registry with TLS; it writes down whose certificates it was shown. */
async function startTlsRegistry(own: Certificate, options: ServerOptions = {}) {
  const shown: (string | undefined)[] = [];
  const server = createHttpsServer({ cert: own.certificate, key: own.key, ...options }, (request, response) => {
    const { subject } = (request.socket as TLSSocket).getPeerCertificate();
    shown.push(subject?.CN as string | undefined);
    response.setHeader('content-type', 'application/json');
    response.end('{"tags":["v1"]}');
  });
  await listen(server);
  return { shown, address: addressOf(server), close: () => close(server) };
}

async function listen(server: Server): Promise<void> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
}

function addressOf(server: Server): string {
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function close(server: Server): Promise<void> {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
}

function createPorts(environment: Readonly<Record<string, string>> = {}): Ports {
  return { ...createTestPorts(), clock: () => new Date(), http: createHttp({ environment }) };
}

async function listTags(ports: Ports, address: string, options: RegistryOptions = {}): Promise<readonly string[]> {
  return await openRegistry(ports, address, { retries: RETRIES, ...options })
    .repository('a/b')
    .listTags();
}

async function fails(action: Promise<unknown>, kind: ErrorKind, message: RegExp): Promise<AppError> {
  const error: unknown = await action.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof AppError, String(error));
  assert.equal(error.kind, kind, error.message);
  assert.match(error.message, message);
  return error;
}

describe('a registry with a certificate of its own making', () => {
  let registry: Awaited<ReturnType<typeof startTlsRegistry>>;
  let own: Certificate;

  before(async () => {
    own = await makeCertificate(['127.0.0.1']);
    registry = await startTlsRegistry(own);
  });
  after(() => registry.close());

  test('is refused, with a hint, and not asked over plain HTTP instead', async () => {
    const error = await fails(listTags(createPorts(), registry.address), 'unavailable', /self-signed certificate/);
    assert.match(error.hint ?? '', /--ca-file FILE .*--insecure/);
    assert.equal(registry.shown.length, 0);
  });

  test('is taken when its authority is named: by option, by setting, or in a folder for it', async () => {
    const ports = createPorts();
    const caFile = join(ports.home, 'ca.pem');
    await ports.files.writeAtomic(caFile, own.certificate);
    assert.deepEqual(await listTags(ports, registry.address, { caFile }), ['v1']);
    const named = { ...ports, settings: { ...ports.settings, caFile } };
    assert.deepEqual(await listTags(named, registry.address), ['v1']);
    for (const tool of ['containers', 'docker']) {
      const fresh = createPorts();
      await fresh.files.writeAtomic(
        join(fresh.home, '.config', tool, 'certs.d', registry.address, 'ca.crt'),
        own.certificate,
      );
      assert.deepEqual(await listTags(fresh, registry.address), ['v1']);
    }
  });

  test('is taken as insecure, by option or by setting, and only then', async () => {
    const ports = createPorts();
    assert.deepEqual(await listTags(ports, registry.address, { insecure: true }), ['v1']);
    const set = { ...ports, settings: { ...ports.settings, insecureRegistries: [registry.address] } };
    assert.deepEqual(await listTags(set, registry.address), ['v1']);
    const other = { ...ports, settings: { ...ports.settings, insecureRegistries: ['127.0.0.1:1'] } };
    await fails(listTags(other, registry.address), 'unavailable', /self-signed/);
  });

  test('is refused when the name is another one, whoever issued it', async () => {
    const wrong = await makeCertificate(['registry.example.com']);
    const server = await startTlsRegistry(wrong);
    const ports = createPorts();
    const caFile = join(ports.home, 'ca.pem');
    await ports.files.writeAtomic(caFile, wrong.certificate);
    await fails(listTags(ports, server.address, { caFile }), 'unavailable', /altnames/);
    await server.close();
  });

  test('needs files that are what they are called', async () => {
    const ports = createPorts();
    const caFile = join(ports.home, 'ca.pem');
    await fails(listTags(ports, registry.address, { caFile }), 'not-found', /ca\.pem: no such file/);
    await ports.files.writeAtomic(caFile, 'nothing');
    await fails(listTags(ports, registry.address, { caFile }), 'invalid-input', /expected certificates in PEM/);
    await ports.files.writeAtomic(caFile, '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n');
    await fails(listTags(ports, registry.address, { caFile }), 'invalid-input', /unreadable/);
  });
});

test('a client certificate is shown to the registry that asks for it, from files or its folder', async () => {
  const [own, client] = await Promise.all([makeCertificate(['127.0.0.1']), makeClientCertificate()]);
  const strict = { requestCert: true, rejectUnauthorized: true, ca: client.certificate };
  const registry = await startTlsRegistry(own, strict);
  const ports = createPorts();
  const [caFile, certFile, keyFile] = ['ca.pem', 'client.pem', 'client-key.pem'].map((name) =>
    join(ports.home, name),
  ) as [string, string, string];
  await ports.files.writeAtomic(caFile, own.certificate);
  await ports.files.writeAtomic(certFile, client.certificate);
  await ports.files.writeAtomic(keyFile, client.key);
  const error = await fails(
    listTags(ports, registry.address, { caFile }),
    'unavailable',
    /^127\.0\.0\.1:\d+\/a\/b: tags: [^\n:]*certificate required$/,
  );
  assert.match(error.hint ?? '', /--cert-file/);
  assert.deepEqual(await listTags(ports, registry.address, { caFile, certFile, keyFile }), ['v1']);
  await fails(listTags(ports, registry.address, { caFile, certFile }), 'usage', /certificate and its key/);
  const folder = join(ports.home, '.config/containers/certs.d', registry.address);
  await ports.files.writeAtomic(join(folder, 'ca.crt'), own.certificate);
  await ports.files.writeAtomic(join(folder, 'client.cert'), client.certificate);
  await fails(listTags(ports, registry.address), 'invalid-input', /expected client\.key beside client\.cert/);
  await ports.files.writeAtomic(join(folder, 'client.key'), client.key);
  assert.deepEqual(await listTags(ports, registry.address), ['v1']);
  assert.deepEqual(registry.shown, ['robot', 'robot']);
  await registry.close();
});

test('a client certificate is not shown to a host that the registry sends us on to', async () => {
  const [own, client] = await Promise.all([makeCertificate(['127.0.0.1']), makeClientCertificate()]);
  const lenient = { requestCert: true, rejectUnauthorized: false };
  const other = await startTlsRegistry(own, lenient);
  const registry = createHttpsServer({ cert: own.certificate, key: own.key, ...lenient }, (_request, response) => {
    response.writeHead(307, { location: `https://${other.address}/elsewhere` }).end();
  });
  await listen(registry);
  const ports = createPorts();
  const folder = join(ports.home, '.config/containers/certs.d', addressOf(registry));
  await ports.files.writeAtomic(join(folder, 'ca.crt'), own.certificate);
  await ports.files.writeAtomic(join(folder, 'client.cert'), client.certificate);
  await ports.files.writeAtomic(join(folder, 'client.key'), client.key);
  assert.deepEqual(await listTags(ports, addressOf(registry)), ['v1']);
  assert.deepEqual(other.shown, [undefined]);
  await Promise.all([close(registry), other.close()]);
});

/** A forward proxy after RFC 9110: CONNECT for TLS, whole addresses for the rest. Every name leads to `target`. */
async function startProxy(target: string) {
  const seen: string[] = [];
  const port = Number(target.split(':')[1]);
  const server = createHttpServer((request, response) => {
    seen.push(`${request.method} ${request.url}`);
    const url = new URL(request.url ?? '');
    const onward = requestHttp({ host: '127.0.0.1', port, path: url.pathname + url.search, method: request.method });
    onward.on('response', (answer) => {
      response.writeHead(answer.statusCode ?? 0, answer.headers);
      answer.pipe(response);
    });
    request.pipe(onward);
  });
  server.on('connect', (request, socket: Socket) => {
    seen.push(`${request.method} ${request.url}`);
    const onward = connect(port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      socket.pipe(onward).pipe(socket);
    });
    socket.on('error', () => onward.destroy());
    onward.on('error', () => socket.destroy());
  });
  await listen(server);
  return { seen, url: `http://${addressOf(server)}`, close: () => close(server) };
}

test('proxies of the environment are used for either scheme, and not for hosts that are excepted', async () => {
  const own = await makeCertificate(['registry.example.com']);
  const secure = await startTlsRegistry(own);
  const proxy = await startProxy(secure.address);
  const ports = createPorts({ HTTPS_PROXY: proxy.url, NO_PROXY: '127.0.0.1' });
  const caFile = join(ports.home, 'ca.pem');
  await ports.files.writeAtomic(caFile, own.certificate);
  assert.deepEqual(await listTags(ports, 'registry.example.com', { caFile }), ['v1']);
  assert.deepEqual(proxy.seen, ['CONNECT registry.example.com:443']);
  assert.deepEqual(await listTags(ports, secure.address, { insecure: true }), ['v1']);
  assert.equal(proxy.seen.length, 1);

  const plain = createHttpServer((_request, response) => response.end('{"tags":["v2"]}'));
  await listen(plain);
  const plainProxy = await startProxy(addressOf(plain));
  const viaHttp = createPorts({ http_proxy: plainProxy.url });
  assert.deepEqual(await listTags(viaHttp, 'registry.example.com', { plainHttp: true }), ['v2']);
  assert.deepEqual(plainProxy.seen, ['GET http://registry.example.com/v2/a/b/tags/list?n=1000']);
  await Promise.all([secure.close(), proxy.close(), close(plain), plainProxy.close()]);
});

test('a proxy that refuses is named as what failed', async () => {
  const proxy = createHttpServer();
  proxy.on('connect', (_request, socket: Socket) => socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n'));
  await listen(proxy);
  const ports = createPorts({ HTTPS_PROXY: `http://${addressOf(proxy)}` });
  await fails(
    listTags(ports, 'registry.example.com'),
    'unavailable',
    /registry\.example\.com\/a\/b: tags: .* 407 Proxy Authentication Required/,
  );
  await close(proxy);
});
