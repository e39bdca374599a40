import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { AppError, digestOf, type Descriptor, type ErrorKind, type WebHandler } from '../../core/index.ts';
import { createTestPorts } from '../../io/testing.ts';
import { EMPTY_CONTENT, EMPTY_DESCRIPTOR } from '../manifest.ts';
import { OCI_INDEX, OCI_LAYER, OCI_MANIFEST } from '../media-types.ts';
import { createRegistry } from '../server/registry.ts';
import { createHandlerHttp } from '../testing.ts';
import { openRegistry, type RegistryOptions } from './client.ts';
import { fallbackTag } from './referrers.ts';

const RETRIES = { attempts: 3, delay: 1, budget: 5000, stall: 1000 };
const encode = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

function setUp(wrap: (inner: WebHandler) => WebHandler = (inner) => inner, host = 'localhost:5000') {
  const ports = createTestPorts();
  const inner = createRegistry(ports.files, join(ports.home, 'registry'), ports);
  const handler = wrap(inner);
  return { ports: { ...ports, http: createHandlerHttp({ [host]: handler }) }, inner, host };
}

function open(set: ReturnType<typeof setUp>, options: RegistryOptions = {}) {
  return openRegistry(set.ports, set.host, { retries: RETRIES, ...options }).repository('team/app');
}

function blobOf(text: string): { readonly blob: Descriptor; readonly content: Uint8Array } {
  const content = new TextEncoder().encode(text);
  return { content, blob: { mediaType: OCI_LAYER, digest: digestOf(content), size: content.length } };
}

function manifestOf(layers: readonly Descriptor[], subject?: Descriptor, artifactType = 'application/x.test') {
  return encode({ schemaVersion: 2, mediaType: OCI_MANIFEST, artifactType, config: EMPTY_DESCRIPTOR, layers, subject });
}

async function rejects(action: Promise<unknown>, kind: ErrorKind, message: RegExp) {
  await assert.rejects(action, (error) => {
    assert.ok(error instanceof AppError, String(error));
    assert.equal(error.kind, kind, error.message);
    assert.match(error.message, message);
    return true;
  });
}

test('what is pushed comes back byte for byte, by tag and by digest', async () => {
  const repository = open(setUp());
  const { blob, content } = blobOf('a layer');
  await repository.pushBlob(blob, content);
  await repository.pushBlob(EMPTY_DESCRIPTOR, async function* () {
    yield EMPTY_CONTENT;
  });
  const bytes = manifestOf([blob]);
  const pushed = await repository.pushManifest(bytes, OCI_MANIFEST, 'v1');
  assert.deepEqual(Buffer.from((await repository.fetchManifest('v1')).bytes), Buffer.from(bytes));
  assert.equal((await repository.fetchManifest(pushed.digest)).descriptor.digest, pushed.digest);
  assert.deepEqual(Buffer.from(await repository.fetchBlob(blob, 100)), Buffer.from(content));
  assert.deepEqual(await repository.listTags(), ['v1']);
  assert.equal(await repository.findManifest('v2'), undefined);
  await rejects(repository.fetchManifest('v2'), 'not-found', /no manifest v2/);
  await rejects(repository.fetchBlob(blob, 3), 'invalid-input', /at most 3 bytes/);
});

test('a blob that lies about its size or digest is not pushed', async () => {
  const repository = open(setUp());
  const { blob, content } = blobOf('truth');
  const stream = async function* () {
    yield new TextEncoder().encode('false');
  };
  await rejects(repository.pushBlob(blob, stream), 'invalid-input', /digest/);
  await rejects(repository.pushBlob({ ...blob, digest: digestOf('x') }, content), 'invalid-input', /digest/);
  assert.equal(await repository.hasBlob(blob.digest), false);
});

/** Answers GET of one kind with changed content. */
function tampering(part: string, change: (text: string) => string): (inner: WebHandler) => WebHandler {
  return (inner) => async (request) => {
    const response = await inner(request);
    if (request.method !== 'GET' || response.status !== 200 || !request.url.includes(part)) return response;
    const text = change(await response.text());
    const headers = {
      'content-type': response.headers.get('content-type') ?? '',
      'content-length': String(Buffer.byteLength(text)),
    };
    return new Response(text, { headers });
  };
}

async function fill(set: ReturnType<typeof setUp>) {
  const repository = open(set);
  const { blob, content } = blobOf('a layer of some length');
  await repository.pushBlob(blob, content);
  await repository.pushBlob(EMPTY_DESCRIPTOR, EMPTY_CONTENT);
  const descriptor = await repository.pushManifest(manifestOf([blob]), OCI_MANIFEST, 'v1');
  return { repository, blob, content, descriptor };
}

test('a manifest that is not what its digest says is refused', async () => {
  const { repository, descriptor } = await fill(setUp(tampering('/manifests/', (text) => `${text} `)));
  await rejects(repository.fetchManifest(descriptor.digest), 'invalid-input', /expected content with digest/);
});

test('a tag whose content differs from Docker-Content-Digest is refused', async () => {
  const set = setUp((inner) => async (request) => {
    const response = await inner(request);
    if (request.method === 'GET') response.headers.set('docker-content-digest', digestOf('other'));
    return response;
  });
  const { repository } = await fill(set);
  await rejects(repository.fetchManifest('v1'), 'invalid-input', /expected content with digest/);
});

test('a blob that is not what its digest says is refused, and so is one of another size', async () => {
  const changed = await fill(setUp(tampering('/blobs/', (text) => text.replace('layer', 'LAYER'))));
  await rejects(changed.repository.fetchBlob(changed.blob, 1000), 'invalid-input', /expected its digest/);
  const longer = await fill(setUp(tampering('/blobs/', (text) => `${text}!`)));
  await rejects(longer.repository.fetchBlob(longer.blob, 1000), 'invalid-input', /expected 22 bytes, found 23/);
  const shorter = await fill(setUp(tampering('/blobs/', (text) => text.slice(1))));
  await rejects(shorter.repository.fetchBlob(shorter.blob, 1000), 'invalid-input', /expected 22 bytes, found 21/);
});

test('docker schema 1, ambiguous and oversized manifests are refused', async () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ['{"schemaVersion":1,"fsLayers":[]}', /schema 1/],
    ['{"schemaVersion":2,"layers":[],"manifests":[]}', /found both/],
    [`{"schemaVersion":2,"mediaType":"${OCI_INDEX}","manifests":[]}`, /expected media type/],
    [`{"schemaVersion":2,"layers":[],"x":"${'x'.repeat(4 * 1024 * 1024)}"}`, /at most 4194304 bytes/],
    ['not json', /expected JSON/],
  ];
  for (const [body, message] of cases) {
    const { repository } = await fill(setUp(tampering('/manifests/v1', () => body)));
    await rejects(repository.fetchManifest('v1'), 'invalid-input', message);
  }
});

test('a download that breaks goes on where it stopped', async () => {
  let requests = 0;
  const set = setUp((inner) => async (request) => {
    const response = await inner(request);
    if (request.method !== 'GET' || !request.url.includes('/blobs/')) return response;
    requests += 1;
    if (requests > 2) return response;
    const part = (await response.bytes()).subarray(0, 5);
    const body = async function* () {
      yield part;
      throw new AppError('unavailable', 'the connection broke');
    };
    return new Response(ReadableStream.from(body()), response);
  });
  const { repository, blob, content } = await fill(set);
  assert.deepEqual(Buffer.from(await repository.fetchBlob(blob, 1000)), Buffer.from(content));
  assert.equal(requests, 3);
});

test('a server that answers a range request with everything is understood', async () => {
  let requests = 0;
  const set = setUp((inner) => async (request) => {
    if (request.method !== 'GET' || !request.url.includes('/blobs/')) return await inner(request);
    const response = await inner(new Request(request.url));
    requests += 1;
    if (requests > 1) return response;
    const part = (await response.bytes()).subarray(0, 5);
    const body = async function* () {
      yield part;
      throw new AppError('unavailable', 'the connection broke');
    };
    return new Response(ReadableStream.from(body()), response);
  });
  const { repository, blob, content } = await fill(set);
  assert.deepEqual(Buffer.from(await repository.fetchBlob(blob, 1000)), Buffer.from(content));
});

test('requests are tried again after 503; the one that closes an upload only after a look at what is there', async () => {
  const seen: string[] = [];
  const set = setUp((inner) => async (request) => {
    const key = `${request.method} ${new URL(request.url).pathname}`;
    const isFirst = !seen.includes(key);
    seen.push(key);
    return isFirst ? new Response('', { status: 503, headers: { 'retry-after': '0' } }) : await inner(request);
  });
  const repository = open(set);
  await repository.pushBlob(EMPTY_DESCRIPTOR, EMPTY_CONTENT);
  const methods = seen.map((key) => key.slice(0, key.indexOf(' ')));
  const expected = ['HEAD', 'HEAD', 'POST', 'POST', 'PUT', 'HEAD', 'GET', 'GET', 'PATCH', 'GET', 'PATCH', 'PUT'];
  assert.deepEqual(methods, expected);
});

test('an upload of one byte that broke begins anew, as its session cannot tell whether the byte is there', async () => {
  let isCut = false;
  const repository = open(
    setUp((inner) => async (request) => {
      const response = await inner(request);
      if (request.method !== 'PUT' || isCut) return response;
      isCut = true;
      return new Response('', { status: 503, headers: { 'retry-after': '0' } });
    }),
  );
  const { content } = blobOf('a');
  // the byte arrives, and its digest is refused: the session stays with it
  const lost = setUp((inner) => async (request) => {
    if (request.method !== 'PUT' || isCut) return await inner(request);
    isCut = true;
    await inner(new Request(request.url.replace(/\?.*/, ''), { method: 'PATCH', body: new Uint8Array(content) }));
    return new Response('', { status: 503, headers: { 'retry-after': '0' } });
  });
  for (const one of [repository, open(lost)]) {
    isCut = false;
    const { blob } = blobOf('a');
    await one.pushBlob(blob, content);
    assert.equal(await one.hasBlob(blob.digest), true);
  }
});

test('a registry that asks to wait longer than the budget is given up', async () => {
  const set = setUp(() => async () => new Response('', { status: 429, headers: { 'retry-after': '3600' } }));
  await rejects(open(set).fetchManifest('v1'), 'unavailable', /429/);
});

test('referrers are found by the API, filtered by type', async () => {
  const { repository, descriptor, blob } = await fill(setUp());
  await repository.pushManifest(manifestOf([blob], descriptor, 'application/x.one'), OCI_MANIFEST);
  await repository.pushManifest(manifestOf([blob], descriptor, 'application/x.two'), OCI_MANIFEST);
  assert.equal((await repository.listReferrers(descriptor.digest)).length, 2);
  const [one] = await repository.listReferrers(descriptor.digest, 'application/x.one');
  assert.equal(one?.artifactType, 'application/x.one');
  assert.deepEqual(await repository.listTags(), ['v1']);
});

/** A registry of before version 1.1: no referrers API, no OCI-Subject header. */
function old(inner: WebHandler): WebHandler {
  return async (request) => {
    if (request.url.includes('/referrers/')) return new Response('404 page not found', { status: 404 });
    const response = await inner(request);
    response.headers.delete('oci-subject');
    return response;
  };
}

test('referrers of a registry without the API are kept under the fallback tag', async () => {
  const { repository, descriptor, blob } = await fill(setUp(old));
  const first = await repository.pushManifest(manifestOf([blob], descriptor, 'application/x.one'), OCI_MANIFEST);
  await repository.pushManifest(manifestOf([blob], descriptor, 'application/x.two'), OCI_MANIFEST);
  assert.deepEqual(await repository.listTags(), [fallbackTag(descriptor.digest), 'v1']);
  assert.equal((await repository.listReferrers(descriptor.digest)).length, 2);
  assert.equal((await repository.listReferrers(descriptor.digest, 'application/x.one')).length, 1);
  await repository.deleteManifest(first.digest);
  assert.deepEqual(
    (await repository.listReferrers(descriptor.digest)).map((entry) => entry.artifactType),
    ['application/x.two'],
  );
});

test('concurrent writers of the fallback tag lose nothing', async () => {
  const set = setUp(old);
  const { descriptor, blob } = await fill(set);
  const types = ['a', 'b', 'c', 'd', 'e'].map((letter) => `application/x.${letter}`);
  await Promise.all(types.map((type) => open(set).pushManifest(manifestOf([blob], descriptor, type), OCI_MANIFEST)));
  const found = await open(set).listReferrers(descriptor.digest);
  assert.deepEqual(new Set(found.map((entry) => entry.artifactType)), new Set(types));
});

test('an entry of the fallback tag that another writer overwrote is written anew, where conditions are ignored', async () => {
  let rivals = 2;
  const set = setUp((inner) =>
    old(async (request) => {
      request.headers.delete('if-match');
      request.headers.delete('if-none-match');
      const response = await inner(request.clone());
      if (request.method !== 'PUT' || !request.url.includes('/manifests/sha256-') || rivals === 0) return response;
      rivals -= 1;
      const body = encode({ schemaVersion: 2, mediaType: OCI_INDEX, manifests: [] });
      await inner(new Request(request.url, { method: 'PUT', headers: { 'content-type': OCI_INDEX }, body }));
      return response;
    }),
  );
  const { repository, descriptor, blob } = await fill(set);
  await repository.pushManifest(manifestOf([blob], descriptor), OCI_MANIFEST);
  assert.equal(rivals, 0);
  assert.equal((await repository.listReferrers(descriptor.digest)).length, 1);
});

test('referrers of the API and of the fallback tag are merged', async () => {
  let isOld = true;
  const set = setUp((inner) => async (request) => await (isOld ? old(inner) : inner)(request));
  const { repository, descriptor, blob } = await fill(set);
  await repository.pushManifest(manifestOf([blob], descriptor, 'application/x.one'), OCI_MANIFEST);
  isOld = false;
  await repository.pushManifest(manifestOf([blob], descriptor, 'application/x.two'), OCI_MANIFEST);
  assert.equal((await repository.listReferrers(descriptor.digest)).length, 2);
});

test('an image under the fallback tag is never overwritten', async () => {
  const { repository, descriptor, blob } = await fill(setUp(old));
  await repository.pushManifest(manifestOf([blob]), OCI_MANIFEST, fallbackTag(descriptor.digest));
  const pushed = repository.pushManifest(manifestOf([blob], descriptor), OCI_MANIFEST);
  await rejects(pushed, 'invalid-input', /expected an index under the referrers tag/);
});

test('tags come page by page, and pages on other hosts or in circles are refused', async () => {
  const pages = (next: string) =>
    setUp(() => async (request) => {
      const isFirst = !request.url.includes('last=');
      const headers: Record<string, string> =
        isFirst || next.includes('circle') ? { link: `<${next}>; rel="next"` } : {};
      return Response.json({ name: 'team/app', tags: [isFirst ? 'a' : 'b'] }, { headers });
    });
  assert.deepEqual(await open(pages('/v2/team/app/tags/list?last=a')).listTags(), ['a', 'b']);
  await rejects(open(pages('https://evil.example/v2/?last=a')).listTags(), 'invalid-input', /another host/);
  await rejects(open(pages('/v2/team/app/tags/list?last=circle')).listTags(), 'invalid-input', /circle/);
});

test('a blob is mounted from another repository of the same registry only', async () => {
  const set = setUp();
  const { repository, blob } = await fill(set);
  const other = openRegistry(set.ports, set.host).repository('team/other');
  assert.equal(await other.mountBlob?.(blob, repository), true);
  assert.equal(await other.hasBlob(blob.digest), true);
  const elsewhere = { ...repository, registry: 'registry.example.com' };
  assert.equal(await other.mountBlob?.(EMPTY_DESCRIPTOR, elsewhere), false);
});

test('an error body of the registry is told without its control characters', async () => {
  const set = setUp(
    () => async () => Response.json({ errors: [{ code: 'DENIED', message: 'no\u001B[2J way' }] }, { status: 403 }),
  );
  await rejects(open(set).fetchManifest('v1'), 'unauthorized', /403, DENIED no \[2J way$/);
});

test('a warning of the registry is passed on once, and anything else in that header is not', async () => {
  const warned: unknown[] = [];
  const set = setUp((inner) => async (request, ...rest) => {
    const response = await inner(request, ...rest);
    response.headers.append('warning', '299 - "tags will be \u00E9 removed"');
    response.headers.append('warning', '199 - "not for clients"');
    return response;
  });
  const log = { info: () => undefined, warn: (_event: string, facts?: object) => void warned.push(facts) };
  const repository = openRegistry({ ...set.ports, log }, set.host).repository('team/app');
  await repository.findManifest('v1');
  await repository.findManifest('v2');
  assert.deepEqual(warned, [{ registry: set.host, text: 'tags will be \u00E9 removed' }]);
});

test('what the registry says of a manifest is taken when all of it is said, and never for another one', async () => {
  let said: Readonly<Record<string, string>> = {};
  const set = setUp((inner) => async (request) => {
    const response = await inner(request);
    if (request.method !== 'HEAD') return response;
    return new Response(null, {
      status: response.status,
      headers: { ...Object.fromEntries(response.headers), ...said },
    });
  });
  const repository = open(set);
  await repository.pushBlob(EMPTY_DESCRIPTOR, EMPTY_CONTENT);
  const bytes = manifestOf([EMPTY_DESCRIPTOR]);
  const { digest } = await repository.pushManifest(bytes, OCI_MANIFEST, 'v1');
  const expected = { mediaType: OCI_MANIFEST, digest, size: bytes.length };
  assert.deepEqual(await repository.askDescriptor('v1'), expected);
  assert.deepEqual(await repository.askDescriptor(digest), expected);
  assert.equal(await repository.askDescriptor('v2'), undefined);
  for (const [name, value] of [
    ['docker-content-digest', ''],
    ['docker-content-digest', 'md5:abc'],
    ['content-type', 'text/html'],
    ['content-type', 'application/vnd.docker.distribution.manifest.v1+prettyjws'],
    ['content-length', ''],
    ['content-length', '0'],
  ] as const) {
    said = { [name]: value };
    assert.equal(await repository.askDescriptor('v1'), undefined, `${name}: ${value}`);
  }
  said = { 'docker-content-digest': digestOf('another') };
  assert.equal(await repository.askDescriptor(digest), undefined);
});

test('a layer that only its vendor hands out says where', async () => {
  const repository = open(setUp());
  const { blob } = blobOf('foreign');
  const foreign = { ...blob, urls: ['https://vendor.example.com/\u001b[31mlayer'] };
  await assert.rejects(repository.fetchBlob(foreign, 100), (error) => {
    assert.ok(error instanceof AppError && error.kind === 'not-found');
    assert.match(error.hint ?? '', /at https:\/\/vendor\.example\.com\/ \[31mlayer$/);
    return true;
  });
  await rejects(repository.fetchBlob(blob, 100), 'not-found', /404/);
});
