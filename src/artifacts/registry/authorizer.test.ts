import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AppError, digestOf, type ErrorKind, type Http, type WebHandler } from '../../core/index.ts';
import { createTestPorts, TEST_TIME } from '../../io/testing.ts';
import { createHandlerHttp } from '../testing.ts';
import { openRegistry, type RegistryOptions } from './client.ts';

const PASSWORD = { kind: 'password', username: 'user', password: 'secret' } as const;
const BASIC = `Basic ${Buffer.from('user:secret').toString('base64')}`;
const RETRIES = { attempts: 1, delay: 1, budget: 10, stall: 1000 };
const MANIFEST = JSON.stringify({
  schemaVersion: 2,
  mediaType: 'application/vnd.oci.image.index.v1+json',
  manifests: [],
});

interface Seen {
  readonly method: string;
  readonly url: string;
  readonly authorization: string | null;
  readonly agent: string | null;
  readonly body: string;
}

/** Hosts by name; all requests are written down. */
function world(hosts: Readonly<Record<string, (request: Request) => Response | Promise<Response>>>) {
  const seen: Seen[] = [];
  const recorded =
    (handler: (request: Request) => Response | Promise<Response>): WebHandler =>
    async (request) => {
      const { method, url } = request;
      seen.push({
        method,
        url,
        authorization: request.headers.get('authorization'),
        agent: request.headers.get('user-agent'),
        body: await request.clone().text(),
      });
      return await handler(request);
    };
  const http = createHandlerHttp(
    Object.fromEntries(Object.entries(hosts).map(([host, handler]) => [host, recorded(handler)])),
  );
  return { seen, ports: { ...createTestPorts(), http } };
}

function guarded(accepts: string, challenge: string, answer: () => Response = () => manifestResponse()) {
  return (request: Request) =>
    request.headers.get('authorization') === accepts
      ? answer()
      : new Response('', { status: 401, headers: { 'www-authenticate': challenge } });
}

function manifestResponse() {
  return new Response(MANIFEST, { headers: { 'content-type': 'application/vnd.oci.image.index.v1+json' } });
}

function fetch(set: ReturnType<typeof world>, options: RegistryOptions = {}, host = 'registry.example.com') {
  return openRegistry(set.ports, host, { retries: RETRIES, ...options })
    .repository('team/app')
    .fetchManifest('v1');
}

async function rejects(action: Promise<unknown>, kind: ErrorKind, message: RegExp) {
  await assert.rejects(action, (error) => {
    assert.ok(error instanceof AppError, String(error));
    assert.equal(error.kind, kind, error.message);
    assert.match(error.message, message);
    return true;
  });
}

const BEARER = 'Bearer realm="https://auth.example.com/token",service="registry",scope="repository:team/app:pull"';

test('a basic challenge is answered with the credentials, an anonymous one fails', async () => {
  const set = world({ 'registry.example.com': guarded(BASIC, 'Basic realm="x"') });
  await fetch(set, { credential: PASSWORD });
  assert.deepEqual(
    set.seen.map((entry) => entry.authorization),
    [null, BASIC],
  );
  await rejects(fetch(set), 'unauthorized', /401/);
});

test('a bearer challenge is answered with a token, got anonymously or with credentials', async () => {
  for (const credential of [undefined, PASSWORD]) {
    const set = world({
      'registry.example.com': guarded('Bearer t0ken', BEARER),
      'auth.example.com': () => Response.json({ token: 't0ken' }),
    });
    await fetch(set, credential === undefined ? {} : { credential });
    const asked = set.seen.find((entry) => entry.url.startsWith('https://auth'));
    assert.equal(asked?.authorization, credential === undefined ? null : BASIC);
    const query = new URL(asked?.url ?? '').searchParams;
    assert.equal(query.get('service'), 'registry');
    assert.ok(set.seen.every((entry) => entry.agent?.startsWith('plimsoll/') === true));
    assert.deepEqual(query.getAll('scope'), ['repository:team/app:pull']);
  }
});

test('a token is used again for the same scope until it expires', async () => {
  let tokens = 0;
  let now = TEST_TIME.getTime();
  const set = world({
    'registry.example.com': (request) =>
      request.headers.get('authorization') === null
        ? new Response('', { status: 401, headers: { 'www-authenticate': BEARER } })
        : manifestResponse(),
    'auth.example.com': () => Response.json({ access_token: `t${(tokens += 1)}`, expires_in: 100 }),
  });
  const registry = openRegistry({ ...set.ports, clock: () => new Date(now) }, 'registry.example.com');
  await registry.repository('team/app').fetchManifest('v1');
  await registry.repository('team/app').fetchManifest('v1');
  assert.equal(tokens, 1);
  now += 101_000;
  await registry.repository('team/app').fetchManifest('v1');
  assert.equal(tokens, 2);
  await registry.repository('team/other').fetchManifest('v1');
  assert.equal(tokens, 3);
});

test('an identity token goes as refresh token, a registry token as it is', async () => {
  const set = world({
    'registry.example.com': guarded('Bearer t0ken', BEARER),
    'auth.example.com': () => Response.json({ token: 't0ken' }),
  });
  await fetch(set, { credential: { kind: 'identity-token', token: 'refresh' } });
  const asked = set.seen.find((entry) => entry.url.startsWith('https://auth'));
  assert.equal(asked?.method, 'POST');
  assert.equal(new URLSearchParams(asked?.body).get('refresh_token'), 'refresh');
  const direct = world({ 'registry.example.com': guarded('Bearer direct', BEARER) });
  await fetch(direct, { credential: { kind: 'registry-token', token: 'direct' } });
});

test('a token service that knows only the OAuth form is asked in it', async () => {
  const set = world({
    'registry.example.com': guarded('Bearer t0ken', BEARER),
    'auth.example.com': (request) =>
      request.method === 'GET' ? new Response('', { status: 404 }) : Response.json({ token: 't0ken' }),
  });
  await fetch(set, { credential: PASSWORD });
  assert.equal(
    new URLSearchParams(set.seen.findLast((entry) => entry.method === 'POST')?.body).get('grant_type'),
    'password',
  );
});

test('G15, CVE-2025-27403: a realm in the clear, or on an inner address, gets neither request nor password', async () => {
  const realms = [
    'http://auth.example.com/token',
    'https://169.254.169.254/latest/meta-data',
    'https://127.0.0.1/token',
    'https://0x7f.1/token',
    'https://[::1]/token',
    'https://10.0.0.1/token',
    'https://metadata.google.internal/token',
    'https://localhost:9000/token',
    'https://user:pass@auth.example.com/token',
    'file:///etc/passwd',
    'nonsense',
  ];
  for (const realm of realms) {
    const set = world({ 'registry.example.com': guarded('Bearer t', `Bearer realm="${realm}"`) });
    await rejects(fetch(set, { credential: PASSWORD }), 'unauthorized', /token realm .* refused/);
    assert.equal(set.seen.length, 1, realm);
  }
});

test('a registry on this machine may name a realm on it, but not one of the link-local network', async () => {
  const set = world({
    'localhost:5000': guarded('Bearer t0ken', 'Bearer realm="http://localhost:5001/token"'),
    'localhost:5001': () => Response.json({ token: 't0ken' }),
  });
  await fetch(set, {}, 'localhost:5000');
  const evil = world({ 'localhost:5000': guarded('Bearer t', 'Bearer realm="http://169.254.169.254/"') });
  await rejects(fetch(evil, {}, 'localhost:5000'), 'unauthorized', /link-local/);
});

test('credentials do not follow a redirect to another host, nor come back from there', async () => {
  const set = world({
    'registry.example.com': (request) => {
      if (request.url.endsWith('/back')) return manifestResponse();
      if (request.headers.get('authorization') !== BASIC)
        return new Response('', { status: 401, headers: { 'www-authenticate': 'Basic' } });
      return new Response('', { status: 307, headers: { location: 'https://cdn.example.com/x' } });
    },
    'cdn.example.com': () =>
      new Response('', { status: 302, headers: { location: 'https://registry.example.com/back' } }),
  });
  await fetch(set, { credential: PASSWORD });
  assert.deepEqual(
    set.seen.map((entry) => [new URL(entry.url).host, entry.authorization]),
    [
      ['registry.example.com', null],
      ['registry.example.com', BASIC],
      ['cdn.example.com', null],
      ['registry.example.com', null],
    ],
  );
});

test('a redirect to plain HTTP, to an inner address, or without end is refused', async () => {
  for (const [location, message] of [
    ['http://cdn.example.com/x', /expected https/],
    ['https://169.254.169.254/x', /link-local/],
    ['https://127.0.0.1/x', /loopback/],
    ['https://10.0.0.1/x', /private/],
    ['ftp://cdn.example.com/', /expected https/],
  ] as const) {
    const set = world({ 'registry.example.com': () => new Response('', { status: 307, headers: { location } }) });
    await rejects(fetch(set), 'invalid-input', message);
  }
  const circle = world({
    'registry.example.com': (request) => new Response('', { status: 307, headers: { location: `${request.url}x` } }),
  });
  await rejects(fetch(circle), 'invalid-input', /at most 5 redirects/);
});

test('the password never appears in an error', async () => {
  const set = world({
    'registry.example.com': guarded('Bearer t', BEARER),
    'auth.example.com': () => new Response('', { status: 401 }),
  });
  await assert.rejects(fetch(set, { credential: PASSWORD }), (error) => {
    assert.ok(error instanceof AppError && error.kind === 'unauthorized');
    assert.ok(!JSON.stringify([error.message, error.details, error.stack]).includes('secret'));
    return true;
  });
});

test('plain HTTP is for this machine, for registries named so, and for nobody else', async () => {
  const schemes = async (host: string, options: RegistryOptions = {}, plainHttpRegistries: readonly string[] = []) => {
    const set = world({ [host]: () => manifestResponse() });
    const ports = { ...set.ports, settings: { ...set.ports.settings, plainHttpRegistries } };
    await openRegistry(ports, host, options).repository('a').fetchManifest('v1');
    return new URL(set.seen[0]?.url ?? '').protocol;
  };
  assert.equal(await schemes('registry.example.com'), 'https:');
  assert.equal(await schemes('10.0.0.1:5000'), 'https:');
  assert.equal(await schemes('127.0.0.1:5000'), 'http:');
  assert.equal(await schemes('registry.example.com', { plainHttp: true }), 'http:');
  assert.equal(await schemes('registry.example.com:5000', {}, ['registry.example.com:5000']), 'http:');
});

test('an insecure registry is asked with TLS first, and over plain HTTP where it speaks none', async () => {
  for (const settings of [{ insecureRegistries: ['registry.example.com'] }, { insecureRegistries: [] }]) {
    const asked: string[] = [];
    const ports = createTestPorts({
      http: async ({ url, tls }) => {
        asked.push(`${new URL(url).protocol} ${tls?.skipVerify === true}`);
        if (url.startsWith('https:')) throw new AppError('unavailable', 'no TLS here');
        return await createHandlerHttp({ 'registry.example.com': async () => manifestResponse() })({
          method: 'GET',
          url,
        });
      },
    });
    const changed = { ...ports, settings: { ...ports.settings, ...settings } };
    const options = settings.insecureRegistries.length === 0 ? { insecure: true } : {};
    const repository = openRegistry(changed, 'registry.example.com', options).repository('a');
    await repository.fetchManifest('v1');
    await repository.fetchManifest('v1');
    assert.deepEqual(asked, ['https: true', 'http: false', 'http: false']);
  }
});

test('a registry on this machine that speaks TLS is found, one elsewhere is never asked over plain HTTP', async () => {
  const asked: string[] = [];
  const http: Http = async ({ url, method }) => {
    asked.push(`${method} ${new URL(url).protocol}`);
    const words = method === 'HEAD' ? null : 'Client sent an HTTP request to an HTTPS server.\n';
    const isPlain = url.startsWith('http:');
    const handler = async () => (isPlain ? new Response(words, { status: 400 }) : manifestResponse());
    return await createHandlerHttp({ 'localhost:5000': handler })({ method, url });
  };
  const open = () => openRegistry(createTestPorts({ http }), 'localhost:5000').repository('a');
  await open().fetchManifest('v1');
  assert.equal(await open().hasBlob(digestOf('x')), true);
  assert.deepEqual(asked, ['GET http:', 'GET https:', 'HEAD http:', 'HEAD https:']);
  asked.length = 0;
  const failing: Http = async ({ url }) => {
    asked.push(new URL(url).protocol);
    throw new AppError('unavailable', 'no TLS here');
  };
  const elsewhere = openRegistry(createTestPorts({ http: failing }), 'registry.example.com', { retries: RETRIES });
  await rejects(elsewhere.repository('a').fetchManifest('v1'), 'unavailable', /no TLS here/);
  assert.deepEqual(asked, ['https:']);
});

test('a registry on this machine that answers 400 over plain HTTP, and speaks no TLS, is believed', async () => {
  const http: Http = async ({ url, method }) => {
    if (url.startsWith('https:')) throw new AppError('unavailable', 'no TLS here');
    return await createHandlerHttp({ 'localhost:5000': async () => new Response(null, { status: 400 }) })({
      method,
      url,
    });
  };
  const repository = openRegistry(createTestPorts({ http }), 'localhost:5000', { retries: RETRIES }).repository('a');
  await rejects(repository.hasBlob(digestOf('x')), 'invalid-input', /answered 400/);
  await rejects(repository.fetchManifest('v1'), 'invalid-input', /answered 400/);
});

test('an upload that the registry sends to another host goes there without credentials, and never to an inner one', async () => {
  const content = new TextEncoder().encode('x');
  const blob = { mediaType: 'x/y', digest: digestOf(content), size: 1 };
  const upload = async (location: string) => {
    const set = world({
      'registry.example.com': (request) => {
        if (request.headers.get('authorization') !== BASIC)
          return new Response('', { status: 401, headers: { 'www-authenticate': 'Basic' } });
        return request.method === 'HEAD'
          ? new Response(null, { status: 404 })
          : new Response('', { status: 202, headers: { location } });
      },
      'storage.example.com': () => new Response('', { status: 201 }),
    });
    const options = { retries: RETRIES, credential: PASSWORD };
    await openRegistry(set.ports, 'registry.example.com', options).repository('a').pushBlob(blob, content);
    return set.seen.at(-1);
  };
  const sent = await upload('https://storage.example.com/up?state=1');
  assert.equal(sent?.url, `https://storage.example.com/up?state=1&digest=${encodeURIComponent(blob.digest)}`);
  assert.equal(sent?.authorization, null);
  await rejects(upload('https://169.254.169.254/up'), 'invalid-input', /link-local/);
  await rejects(upload('http://registry.example.com/up'), 'invalid-input', /expected https/);
});

test('a token of a megabyte, or with a line break in it, is refused', async () => {
  for (const token of ['t'.repeat(2 * 1024 * 1024), 'a\r\nx-evil: 1', '', 7]) {
    const set = world({
      'registry.example.com': guarded('Bearer t', BEARER),
      'auth.example.com': () => Response.json({ token }),
    });
    await rejects(fetch(set), 'invalid-input', /token answer of auth.example.com/);
  }
});
