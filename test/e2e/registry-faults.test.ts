/**
 * The registry client over real sockets against what goes wrong: cut connections, storms of refusals, hostile and broken
 * answers. The work succeeds where it can; where it cannot, there is one clear error and nothing unverified is kept.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import {
  createRegistry,
  openRegistry,
  type RegistryOptions,
  type RegistryRepository,
} from '../../src/artifacts/index.ts';
import {
  AppError,
  digestOf,
  type Descriptor,
  type ErrorKind,
  type Ports,
  type WebHandler,
  type WebServer,
} from '../../src/core/index.ts';
import { createHttp } from '../../src/io/http.ts';
import { createTestPorts } from '../../src/io/testing.ts';
import { startFaultProxy, type Faults } from './fault-proxy.ts';

const RETRIES = { attempts: 5, delay: 1, budget: 20_000, stall: 300 };
/** Larger than what sockets buffer on their way, so that a cut meets a transfer in the middle. */
const SIZE = 24 * 1024 * 1024;
const TENTHS = Array.from({ length: 10 }, (_, index) => Math.floor((SIZE * (index + 0.5)) / 10));

const content = randomBytes(SIZE);
const blob: Descriptor = { mediaType: 'application/octet-stream', digest: digestOf(content), size: SIZE };
const small = Buffer.from('small');
const smallBlob: Descriptor = { mediaType: 'text/plain', digest: digestOf(small), size: small.length };

interface Seen {
  readonly method: string;
  readonly url: string;
  readonly authorization: string | null;
  readonly status: number;
}

/** A registry on a real socket, with a handler between it and the wire. */
async function startRegistry(wrap: (inner: WebHandler) => WebHandler = (inner) => inner) {
  const ports: Ports = { ...createTestPorts(), clock: () => new Date(), http: createHttp({ stallTimeout: 5000 }) };
  const seen: Seen[] = [];
  const handler = wrap(createRegistry(ports.files, join(ports.home, 'registry'), ports));
  const recorded: WebHandler = async (request, ...rest) => {
    const response = await handler(request, ...rest);
    const { method, url, headers } = request;
    seen.push({ method, url, authorization: headers.get('authorization'), status: response.status });
    return response;
  };
  const server = await ports.serve(recorded, { host: '127.0.0.1', port: 0 });
  const open = (address = new URL(server.url).host, options: RegistryOptions = {}, name = 'team/app') =>
    openRegistry(ports, address, { retries: RETRIES, ...options }).repository(name);
  return { ports, server, seen, open };
}

async function through<T>(
  server: WebServer,
  faults: Faults,
  use: (address: string, cuts: () => number) => Promise<T>,
): Promise<T> {
  const proxy = await startFaultProxy(server.url, faults);
  try {
    return await use(proxy.address, proxy.cuts);
  } finally {
    await proxy.close();
  }
}

async function isStored(repository: RegistryRepository): Promise<boolean> {
  return Buffer.from(await repository.fetchBlob(blob, SIZE)).equals(content);
}

/** One clear sentence of the right kind: a place, what was expected or found, no line breaks, no stack. */
async function fails(action: Promise<unknown>, kind: ErrorKind, message: RegExp): Promise<void> {
  await assert.rejects(action, (error) => {
    assert.ok(error instanceof AppError, String(error));
    assert.equal(error.kind, kind, error.message);
    assert.match(error.message, message);
    assert.match(error.message, /^[^\n]{1,600}$/);
    return true;
  });
}

/** The bytes of the content that a request for the blob is about. */
function asked(request: Request): Uint8Array {
  const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.get('range') ?? '');
  return range === null ? content : content.subarray(Number(range[1]), Number(range[2]) + 1);
}

/** Content as a source gives it that can be opened at any byte. */
const source = ({ start, end }: { readonly start: number; readonly end: number }) =>
  (async function* () {
    for (let at = start; at < end; at += 64 * 1024) yield content.subarray(at, Math.min(at + 64 * 1024, end));
  })();

describe('a cut connection', () => {
  for (const [index, place] of TENTHS.entries()) {
    test(`in part ${index + 1} of ten of an upload, and of a download, costs only the way back to there`, async () => {
      const { server, seen, open } = await startRegistry();
      await through(server, { up: [place] }, async (address, cuts) => {
        await open(address).pushBlob(blob, source);
        assert.equal(cuts(), 1);
      });
      assert.ok(
        seen.some(({ method, status }) => method === 'PATCH' && status === 202),
        'the upload was resumed',
      );
      assert.ok(await isStored(open()));
      await through(server, { down: [place] }, async (address, cuts) => {
        assert.ok(await isStored(open(address)));
        assert.equal(cuts(), 1);
      });
      assert.equal(seen.at(-1)?.status, 206);
      await server.close();
    });
  }

  test('at every tenth of one transfer ends neither an upload nor a download', async () => {
    const { server, open } = await startRegistry();
    await through(server, { up: TENTHS }, async (address, cuts) => {
      await open(address).pushBlob(blob, source);
      assert.equal(cuts(), TENTHS.length);
    });
    await through(server, { down: TENTHS }, async (address, cuts) => {
      assert.ok(await isStored(open(address)));
      assert.equal(cuts(), TENTHS.length);
    });
    await server.close();
  });

  test('that comes again and again before anything gets through is given up, and nothing is kept', async () => {
    const { server, open } = await startRegistry();
    const places = Array.from({ length: 1000 }, (_, index) => 100_000 + index * 50);
    await through(server, { up: places }, async (address) => {
      await fails(
        open(address).pushBlob(blob, source),
        'unavailable',
        /^127\.0\.0\.1:\d+.*(?:ECONNRESET|hang up|EPIPE)/,
      );
    });
    assert.equal(await open().hasBlob(blob.digest), false);
    await server.close();
  });

  test('between two registries is mended on the side where it happened', async () => {
    const from = await startRegistry();
    const to = await startRegistry();
    await from.open().pushBlob(blob, content);
    await through(from.server, { down: TENTHS }, (fromAddress) =>
      through(to.server, { up: TENTHS }, async (toAddress) => {
        const origin = from.open(fromAddress);
        await to.open(toAddress).pushBlob(blob, (range) => origin.streamBlob(blob, undefined, range));
      }),
    );
    assert.ok(await isStored(to.open()));
    await Promise.all([from.server.close(), to.server.close()]);
  });
});

describe('a registry that refuses', () => {
  /** A request of each kind is refused twice. */
  const storm =
    (status: number, headers: Record<string, string> = {}) =>
    (inner: WebHandler): WebHandler => {
      const counts = new Map<string, number>();
      return async (request, ...rest) => {
        const count = (counts.get(request.method) ?? 0) + 1;
        counts.set(request.method, count);
        return count > 2 ? await inner(request, ...rest) : new Response('', { status, headers });
      };
    };

  for (const status of [429, 500, 502, 503, 504]) {
    test(`with a storm of ${status} is asked until it gives in`, async () => {
      const { server, open } = await startRegistry(storm(status, { 'retry-after': '0' }));
      await open().pushBlob(smallBlob, small);
      assert.equal(Buffer.from(await open().fetchBlob(smallBlob, 100)).toString(), 'small');
      await server.close();
    });
  }

  test('for longer than we wait is told with the time at which its limit ends', async () => {
    const headers = { 'retry-after': '3600', 'ratelimit-limit': '100;w=21600', 'ratelimit-remaining': '0;w=21600' };
    const { server, seen, open } = await startRegistry(() => async () => new Response('', { status: 429, headers }));
    const expected = /answered 429, its limit is 100 in 6 h, 0 left, try again at \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;
    await fails(open().fetchManifest('v1'), 'unavailable', expected);
    assert.equal(seen.length, 1);
    await server.close();
  });

  test('large requests with 413 gets chunks, smaller and smaller ones', async () => {
    const limit = 5 * 1024 * 1024;
    const { server, seen, open } = await startRegistry((inner) => async (request, ...rest) => {
      const isLarge = Number(request.headers.get('content-length') ?? 0) > limit;
      return isLarge
        ? new Response('', { status: 413, headers: { connection: 'close' } })
        : await inner(request, ...rest);
    });
    await open().pushBlob(blob, source);
    assert.ok(await isStored(open()));
    const refused = seen.filter(({ status }) => status === 413).map(({ method }) => method);
    assert.deepEqual(refused, ['PUT', 'PATCH']);
    await server.close();
  });

  test('chunks of less than a minimum gets them as large as it wants', async () => {
    const minimum = 20 * 1024 * 1024;
    const lengths: number[] = [];
    const { server, open } = await startRegistry((inner) => async (request, ...rest) => {
      const length = Number(request.headers.get('content-length') ?? 0);
      if (request.method === 'PUT' && length > 0) return new Response('', { status: 413 });
      if (request.method === 'PATCH') lengths.push(length);
      const response = await inner(request, ...rest);
      if (request.method === 'POST') response.headers.set('oci-chunk-min-length', String(minimum));
      return response;
    });
    await open().pushBlob(blob, source);
    assert.deepEqual(lengths, [minimum, SIZE - minimum]);
    await server.close();
  });

  test('chunks as such gets the content in one request after all', async () => {
    let isFirst = true;
    const { server, seen, open } = await startRegistry((inner) => async (request, ...rest) => {
      if (request.method === 'PATCH') return new Response('', { status: 405 });
      const isRefused = request.method === 'PUT' && isFirst;
      if (request.method === 'PUT') isFirst = false;
      return isRefused ? new Response('', { status: 500 }) : await inner(request, ...rest);
    });
    await open().pushBlob(smallBlob, small);
    assert.deepEqual(
      seen.filter(({ method }) => method === 'PUT').map(({ status }) => status),
      [500, 201],
    );
    await server.close();
  });

  test('the session that it gave a moment ago is given a new one, but not for ever', async () => {
    let lost = 2;
    const wrap =
      (isForever: boolean) =>
      (inner: WebHandler): WebHandler =>
      async (request, ...rest) => {
        const isLost = request.method === 'PUT' && (isForever || lost > 0);
        if (isLost) lost -= 1;
        return isLost ? new Response('', { status: 404 }) : await inner(request, ...rest);
      };
    const patient = await startRegistry(wrap(false));
    await patient.open().pushBlob(smallBlob, small);
    await patient.server.close();
    const endless = await startRegistry(wrap(true));
    await fails(endless.open().pushBlob(smallBlob, small), 'not-found', /upload of blob .* answered 404/);
    assert.ok(endless.seen.length < 40, `${endless.seen.length} requests`);
    assert.equal(endless.seen.at(-1)?.method, 'DELETE', 'the session is not left behind');
    await endless.server.close();
  });

  test('to say that it has all, and has, is believed after a look', async () => {
    const { server, open, seen } = await startRegistry((inner) => async (request, ...rest) => {
      const response = await inner(request, ...rest);
      return request.method === 'PUT' ? new Response('', { status: 504 }) : response;
    });
    await open().pushBlob(smallBlob, small);
    assert.equal(seen.filter(({ method }) => method === 'PUT').length, 1);
    await server.close();
  });

  test('a mount, in whatever way, is simply sent the blob', async () => {
    for (const status of [400, 403, 404, 405, 500]) {
      const { server, open } = await startRegistry(
        (inner) =>
          async (request, ...rest) =>
            request.url.includes('mount=') ? new Response('', { status }) : await inner(request, ...rest),
      );
      const from = open();
      await from.pushBlob(smallBlob, small);
      const to = open(undefined, { retries: { ...RETRIES, attempts: 1 } }, 'team/other');
      assert.equal(await to.mountBlob?.(smallBlob, from), false);
      await server.close();
    }
  });
});

describe('a registry that lies', () => {
  test('about the content of a blob fails at its end, and the copy is not closed', async () => {
    const from = await startRegistry((inner) => async (request, ...rest) => {
      const response = await inner(request, ...rest);
      if (request.method !== 'GET' || !request.url.includes('/blobs/') || response.status > 206) return response;
      const bytes = Uint8Array.from(asked(request));
      bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
      return new Response(bytes, response);
    });
    const to = await startRegistry();
    await from.open().pushBlob(blob, content);
    const origin = from.open();
    await fails(
      origin.fetchBlob(blob, SIZE),
      'invalid-input',
      /blob sha256:\w+: expected its digest, found sha256:\w+$/,
    );
    const copied = to.open().pushBlob(blob, (range) => origin.streamBlob(blob, undefined, range));
    await fails(copied, 'invalid-input', /upload of blob sha256:\w+: expected its digest, found sha256:\w+$/);
    assert.equal(await to.open().hasBlob(blob.digest), false);
    assert.ok(!to.seen.some(({ method, status }) => method === 'PUT' && status === 201));
    await Promise.all([from.server.close(), to.server.close()]);
  });

  test('about the range that it gives is refused', async () => {
    const { server, open } = await startRegistry((inner) => async (request, ...rest) => {
      const response = await inner(request, ...rest);
      if (response.status === 206) response.headers.set('content-range', `bytes 0-${SIZE - 1}/${SIZE}`);
      return response;
    });
    await open().pushBlob(blob, content);
    await through(server, { down: [SIZE / 2] }, async (address) => {
      await fails(open(address).fetchBlob(blob, SIZE), 'invalid-input', /expected the bytes from \d+ of \d+, found/);
    });
    await server.close();
  });

  test('with a web page where a document should be gets one sentence', async () => {
    const page = '<!doctype html>\n<html><body>sign in</body></html>';
    const headers = { 'content-type': 'text/html' };
    const { server, open } = await startRegistry(() => async () => new Response(page, { headers }));
    await fails(open().fetchManifest('v1'), 'invalid-input', /manifest v1: expected JSON/);
    await fails(open().listTags(), 'invalid-input', /tags: expected JSON/);
    await fails(open().fetchBlob(smallBlob, 100), 'invalid-input', /expected 5 bytes, found \d+/);
    await server.close();
  });

  test('by dripping is left, and its blob taken up where it stopped', async () => {
    let drips = 0;
    const { server, open } = await startRegistry((inner) => async (request, ...rest) => {
      const response = await inner(request, ...rest);
      const isDripping = request.method === 'GET' && request.url.includes('/blobs/sha256') && drips < 2;
      if (!isDripping) return response;
      drips += 1;
      const bytes = asked(request);
      const drip = async function* () {
        yield bytes.subarray(0, SIZE / 4);
        for (let at = SIZE / 4; at < bytes.length; at += 1) {
          yield bytes.subarray(at, at + 1);
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
      };
      return new Response(ReadableStream.from(drip()), response);
    });
    await open().pushBlob(blob, content);
    assert.ok(await isStored(open()));
    assert.equal(drips, 2);
    await server.close();
  });

  test('by falling silent in the middle of a download is asked again on another connection', async () => {
    const { server, open } = await startRegistry();
    await open().pushBlob(blob, content);
    await through(server, { silentAfter: SIZE / 3 }, async (address) => assert.ok(await isStored(open(address))));
    await server.close();
  });
});

describe('a redirect to another host', () => {
  let storage: WebServer;
  let registry: Awaited<ReturnType<typeof startRegistry>>;
  const requests: string[] = [];
  const password = { kind: 'password', username: 'user', password: 'secret' } as const;

  before(async () => {
    const ports = createTestPorts();
    storage = await ports.serve(
      async (request) => {
        const { pathname } = new URL(request.url);
        const authorization = request.headers.get('authorization');
        requests.push(`${pathname} ${authorization ?? 'nothing'}`);
        if (pathname === '/token') return Response.json({ token: 'theirs' });
        const challenge = `Bearer realm="${storage.url}/token",service="storage"`;
        if (authorization !== 'Bearer theirs') {
          return new Response('', { status: 401, headers: { 'www-authenticate': challenge } });
        }
        return new Response(small);
      },
      { host: '127.0.0.1', port: 0 },
    );
    registry = await startRegistry(() => async (request) => {
      if (request.headers.get('authorization') === null) {
        return new Response('', { status: 401, headers: { 'www-authenticate': 'Basic realm="x"' } });
      }
      return new Response('', { status: 307, headers: { location: `${storage.url}/blob` } });
    });
  });

  after(async () => {
    await Promise.all([storage.close(), registry.server.close()]);
  });

  test('takes no credentials along, and its own challenge is answered anonymously', async () => {
    const repository = registry.open(undefined, { credential: password });
    assert.equal(Buffer.from(await repository.fetchBlob(smallBlob, 100)).toString(), 'small');
    assert.deepEqual(requests, ['/blob nothing', '/token nothing', '/blob Bearer theirs']);
  });
});

test('an upload that is cancelled closes its session and says so', async () => {
  const controller = new AbortController();
  const { server, seen, open } = await startRegistry();
  const slow = async function* () {
    yield content.subarray(0, 1000);
    controller.abort();
    await new Promise((resolve) => setTimeout(resolve, 50));
    yield content.subarray(1000);
  };
  await fails(open().pushBlob(blob, slow, controller.signal), 'unavailable', /cancelled/);
  assert.equal(seen.at(-1)?.method, 'DELETE');
  assert.equal(seen.at(-1)?.status, 204);
  await server.close();
});

test('a blob that many want to push at the same time is sent once', async () => {
  const { server, seen, open } = await startRegistry();
  const repository = open();
  await Promise.all(Array.from({ length: 8 }, () => repository.pushBlob(blob, source)));
  const count = (wanted: string) => seen.filter(({ method }) => method === wanted).length;
  assert.deepEqual([count('POST'), count('PUT')], [1, 1]);
  assert.ok(count('HEAD') <= 16, `${count('HEAD')} looks`);
  await server.close();
});

test('blobs and manifests of SHA-512 go there and back under their own digests', async () => {
  const { server, open } = await startRegistry();
  const repository = open();
  const config = { mediaType: 'application/vnd.oci.empty.v1+json', digest: digestOf('{}', 'sha512'), size: 2 };
  await repository.pushBlob(config, Buffer.from('{}'));
  assert.equal(Buffer.from(await repository.fetchBlob(config, 10)).toString(), '{}');
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, config, layers: [] }));
  const digest = digestOf(bytes, 'sha512');
  assert.equal((await repository.pushManifest(bytes, mediaType, digest)).digest, digest);
  const asAnother = repository.pushManifest(bytes, mediaType, digestOf('another', 'sha512'));
  await fails(asAnother, 'invalid-input', /expected a manifest with digest sha512:\w+, found sha512:\w+$/);
  assert.deepEqual(Buffer.from((await repository.fetchManifest(digest)).bytes), bytes);
  await server.close();
});
