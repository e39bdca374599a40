import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { dataSet, needsSharedData } from '../../../test/shared-data.ts';
import { AppError, digestOf, type Descriptor, type Files } from '../../core/index.ts';
import { createTestPorts, temporaryFolder } from '../../io/testing.ts';
import { EMPTY_CONTENT, EMPTY_DESCRIPTOR } from '../manifest.ts';
import { OCI_INDEX, OCI_MANIFEST } from '../media-types.ts';
import { loginRules } from './access.ts';
import { createRegistry, type RegistryServerOptions } from './registry.ts';

const encode = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

function setUp(options: Partial<RegistryServerOptions> = {}, folder = temporaryFolder()) {
  const ports = createTestPorts();
  const handler = createRegistry(ports.files, folder, { ...ports, ...options });
  const ask = async (
    method: string,
    path: string,
    init: { headers?: Record<string, string>; body?: Uint8Array | string } = {},
  ) => {
    const body = typeof init.body === 'string' ? new TextEncoder().encode(init.body) : init.body;
    const headers = { ...(body === undefined ? {} : { 'content-length': String(body.length) }), ...init.headers };
    const sent = body === undefined ? {} : { body: Uint8Array.from(body) };
    return await handler(new Request(new URL(path, 'http://localhost:5000'), { method, headers, ...sent }));
  };
  const pushBlob = async (content: string | Uint8Array, name = 'a/b') => {
    const digest = digestOf(content);
    const response = await ask('POST', `/v2/${name}/blobs/uploads/?digest=${digest}`, { body: content });
    assert.equal(response.status, 201);
    return digest;
  };
  const pushImage = async (tag: string, subject?: Descriptor, extra: object = {}) => {
    await pushBlob(EMPTY_CONTENT);
    const bytes = encode({
      schemaVersion: 2,
      mediaType: OCI_MANIFEST,
      config: EMPTY_DESCRIPTOR,
      layers: [],
      subject,
      ...extra,
    });
    const response = await ask('PUT', `/v2/a/b/manifests/${tag}`, {
      body: bytes,
      headers: { 'content-type': OCI_MANIFEST },
    });
    return { response, bytes, descriptor: { mediaType: OCI_MANIFEST, digest: digestOf(bytes), size: bytes.length } };
  };
  return { ask, pushBlob, pushImage, folder, ports };
}

async function codeOf(response: Response): Promise<string> {
  const body = (await response.json()) as { readonly errors: readonly { readonly code: string }[] };
  return body.errors[0]?.code ?? '';
}

test('a blob is pushed in one request, in two, in chunks, and read back', async () => {
  const { ask, pushBlob } = setUp();
  await pushBlob('one request');
  const digest = digestOf('in two chunks');
  for (const parts of [['in two chunks'], ['in two', ' chunks'], ['in two', ' chunks', '']]) {
    let response = await ask('POST', '/v2/a/b/blobs/uploads/');
    assert.equal(response.status, 202);
    let at = 0;
    for (const [index, part] of parts.entries()) {
      const location = response.headers.get('location') ?? '';
      const isLast = index === parts.length - 1;
      const headers: Record<string, string> = part === '' ? {} : { 'content-range': `${at}-${at + part.length - 1}` };
      response = await ask(isLast ? 'PUT' : 'PATCH', isLast ? `${location}?digest=${digest}` : location, {
        body: part,
        headers,
      });
      at += part.length;
      assert.equal(response.status, isLast ? 201 : 202, await response.clone().text());
      if (!isLast) assert.equal(response.headers.get('range'), `0-${at - 1}`);
    }
    assert.equal(await (await ask('GET', `/v2/a/b/blobs/${digest}`)).text(), 'in two chunks');
    assert.equal((await ask('DELETE', `/v2/a/b/blobs/${digest}`)).status, 202);
    assert.equal((await ask('GET', `/v2/a/b/blobs/${digest}`)).status, 404);
  }
  const head = await ask('HEAD', `/v2/a/b/blobs/${digestOf('one request')}`);
  assert.equal(head.headers.get('content-length'), '11');
  assert.equal(head.headers.get('docker-content-digest'), digestOf('one request'));
});

test('a chunk out of order gets 416 and the session goes on from where it is', async () => {
  const { ask } = setUp();
  const location = (await ask('POST', '/v2/a/b/blobs/uploads/')).headers.get('location') ?? '';
  assert.equal((await ask('PATCH', location, { body: 'abc', headers: { 'content-range': '0-2' } })).status, 202);
  for (const range of ['0-2', '4-6', '3-4', 'x']) {
    const response = await ask('PATCH', location, { body: 'def', headers: { 'content-range': range } });
    assert.equal(response.status, 416, range);
    assert.equal(response.headers.get('range'), '0-2');
  }
  const state = await ask('GET', location);
  assert.equal(state.status, 204);
  assert.equal(state.headers.get('range'), '0-2');
  const done = await ask('PUT', `${location}?digest=${digestOf('abcdef')}`, {
    body: 'def',
    headers: { 'content-range': '3-5' },
  });
  assert.equal(done.status, 201);
  assert.equal((await ask('GET', location)).status, 404);
});

test('content that is not what its digest says is refused in every form of upload, and leaves nothing', async () => {
  const { ask } = setUp();
  const wrong = digestOf('other');
  const one = await ask('POST', `/v2/a/b/blobs/uploads/?digest=${wrong}`, { body: 'x' });
  assert.deepEqual([one.status, await codeOf(one)], [400, 'DIGEST_INVALID']);
  for (const digest of [wrong, 'sha256:short', 'md5:x', '']) {
    const location = (await ask('POST', '/v2/a/b/blobs/uploads/')).headers.get('location') ?? '';
    const response = await ask('PUT', `${location}?digest=${digest}`, { body: 'x' });
    assert.deepEqual([response.status, await codeOf(response)], [400, 'DIGEST_INVALID']);
    assert.equal((await ask('GET', location)).status, 404);
  }
  assert.equal((await ask('HEAD', `/v2/a/b/blobs/${wrong}`)).status, 404);
});

test('an upload session belongs to its repository, is cancelled, and its id is no path', async () => {
  const { ask } = setUp();
  const location = (await ask('POST', '/v2/a/b/blobs/uploads/')).headers.get('location') ?? '';
  assert.equal((await ask('GET', location.replace('a/b', 'c/d'))).status, 404);
  assert.equal((await ask('DELETE', location)).status, 204);
  assert.equal((await ask('PATCH', location, { body: 'x' })).status, 404);
  for (const id of ['..%2F..%2Fx', 'x'.repeat(32), `${'a'.repeat(32)}.name`]) {
    assert.equal((await ask('GET', `/v2/a/b/blobs/uploads/${id}`)).status, 404, id);
  }
});

test('a blob is mounted from where it is; from elsewhere a session begins', async () => {
  const { ask, pushBlob } = setUp();
  const digest = await pushBlob('shared');
  const mount = (from: string, what: string = digest) =>
    ask('POST', `/v2/c/d/blobs/uploads/?mount=${what}&from=${from}`);
  assert.equal((await mount('x/y')).status, 202);
  assert.equal((await mount('a/c/../b')).status, 202);
  assert.equal((await mount('a/b', digestOf('none'))).status, 202);
  assert.equal((await ask('HEAD', `/v2/c/d/blobs/${digest}`)).status, 404);
  assert.equal((await mount('a/b')).status, 201);
  assert.equal((await ask('HEAD', `/v2/c/d/blobs/${digest}`)).status, 200);
});

test('ranges of blobs are answered as published', needsSharedData, async () => {
  interface Case {
    readonly range: string;
    readonly status: number;
    readonly contentLength?: number;
    readonly contentRange?: readonly string[];
  }
  const vectors = JSON.parse(readFileSync(join(dataSet('oci'), 'conformance/distribution-vectors.json'), 'utf8')) as {
    readonly rangeRequests: { readonly cases: readonly Case[] };
  };
  const { ask, pushBlob } = setUp();
  const content = Uint8Array.from({ length: 2048 }, (_, index) => index % 251);
  const digest = await pushBlob(content);
  for (const entry of vectors.rangeRequests.cases) {
    const response = await ask('GET', `/v2/a/b/blobs/${digest}`, { headers: { range: entry.range } });
    assert.equal(response.status, entry.status, entry.range);
    if (entry.contentRange === undefined) continue;
    assert.ok(entry.contentRange.includes(response.headers.get('content-range') ?? ''), entry.range);
    assert.equal((await response.bytes()).length, entry.contentLength);
  }
});

test('manifests keep their bytes and type, and need their blobs', async () => {
  const { ask, pushImage } = setUp();
  const { bytes, descriptor, response } = await pushImage('v1');
  assert.equal(response.status, 201);
  assert.equal(response.headers.get('docker-content-digest'), descriptor.digest);
  for (const target of ['v1', descriptor.digest]) {
    const got = await ask('GET', `/v2/a/b/manifests/${target}`);
    assert.equal(got.headers.get('content-type'), OCI_MANIFEST);
    assert.deepEqual(Buffer.from(await got.bytes()), Buffer.from(bytes));
    assert.equal(
      (await ask('HEAD', `/v2/a/b/manifests/${target}`)).headers.get('content-length'),
      String(bytes.length),
    );
  }
  const missing = await pushImage('v2', undefined, { layers: [{ ...EMPTY_DESCRIPTOR, digest: digestOf('none') }] });
  assert.deepEqual([missing.response.status, await codeOf(missing.response)], [404, 'MANIFEST_BLOB_UNKNOWN']);
  const put = (target: string, body: string | Uint8Array, type = OCI_MANIFEST) =>
    ask('PUT', `/v2/a/b/manifests/${target}`, { body, headers: { 'content-type': type } });
  assert.equal((await put(digestOf('other'), bytes)).status, 400);
  assert.equal((await put('v3', 'not json')).status, 400);
  assert.equal((await put('v3', bytes, OCI_INDEX)).status, 400);
  assert.equal((await put('-bad', bytes)).status, 400);
  assert.equal((await put('sha256:bad', bytes)).status, 400);
  const large = await put('v3', new Uint8Array(4 * 1024 * 1024 + 1).fill(32));
  assert.deepEqual([large.status, await codeOf(large)], [413, 'SIZE_INVALID']);
  const sha512 = digestOf(bytes, 'sha512');
  assert.equal((await put(sha512, bytes)).status, 201);
  assert.equal((await ask('GET', `/v2/a/b/manifests/${sha512}`)).headers.get('docker-content-digest'), sha512);
  const tagged = await put(`${descriptor.digest}?tag=x&tag=y`, bytes);
  assert.equal(tagged.headers.get('oci-tag'), 'x, y');
  assert.equal((await ask('HEAD', '/v2/a/b/manifests/y')).status, 200);
});

test('referrers are listed, filtered, kept for a subject that is not there, and go with their manifest', async () => {
  const { ask, pushImage } = setUp();
  const subject = { mediaType: OCI_MANIFEST, digest: digestOf('not here'), size: 8 };
  const one = await pushImage('one', subject, { artifactType: 'application/x.one', annotations: { a: 'b' } });
  assert.equal(one.response.headers.get('oci-subject'), subject.digest);
  await pushImage('two', subject);
  const list = async (query = '') => {
    const response = await ask('GET', `/v2/a/b/referrers/${subject.digest}${query}`);
    assert.equal(response.headers.get('content-type'), OCI_INDEX);
    const { manifests } = (await response.json()) as { readonly manifests: readonly Descriptor[] };
    return { manifests, filters: response.headers.get('oci-filters-applied') };
  };
  assert.deepEqual(
    (await list()).manifests.map((entry) => entry.artifactType).sort((a = '', b = '') => (a < b ? -1 : 1)),
    ['application/vnd.oci.empty.v1+json', 'application/x.one'],
  );
  const filtered = await list('?artifactType=application/x.one');
  assert.deepEqual(
    [filtered.manifests.length, filtered.manifests[0]?.annotations?.a, filtered.filters],
    [1, 'b', 'artifactType'],
  );
  assert.equal((await ask('GET', '/v2/a/b/referrers/nonsense')).status, 400);
  assert.equal((await ask('DELETE', `/v2/a/b/manifests/${one.descriptor.digest}`)).status, 202);
  assert.equal((await list()).manifests.length, 1);
});

test('tags come sorted and in pages; deleting a manifest takes its tags along, deleting a tag leaves it', async () => {
  const { ask, pushImage } = setUp();
  const { descriptor } = await pushImage('b');
  for (const tag of ['c', 'a']) await pushImage(tag);
  const list = async (query = '') => {
    const response = await ask('GET', `/v2/a/b/tags/list${query}`);
    return [((await response.json()) as { readonly tags: readonly string[] }).tags, response.headers.get('link')];
  };
  assert.deepEqual(await list(), [['a', 'b', 'c'], null]);
  assert.deepEqual(await list('?n=2'), [['a', 'b'], '</v2/a/b/tags/list?n=2&last=b>; rel="next"']);
  assert.deepEqual(await list('?n=2&last=b'), [['c'], null]);
  assert.deepEqual(await list('?n=0'), [[], null]);
  assert.equal((await ask('GET', '/v2/a/b/tags/list?n=-1')).status, 400);
  assert.equal((await ask('DELETE', '/v2/a/b/manifests/a')).status, 202);
  assert.deepEqual(await list(), [['b', 'c'], null]);
  assert.equal((await ask('DELETE', `/v2/a/b/manifests/${descriptor.digest}`)).status, 202);
  assert.deepEqual(await list(), [[], null]);
  assert.equal((await ask('DELETE', `/v2/a/b/manifests/${descriptor.digest}`)).status, 404);
  const unknown = await ask('GET', '/v2/no/such/tags/list');
  assert.deepEqual([unknown.status, await codeOf(unknown)], [404, 'NAME_UNKNOWN']);
  const catalog: unknown = await (await ask('GET', '/v2/_catalog')).json();
  assert.deepEqual(catalog, { repositories: ['a/b'] });
});

test('a page of referrers has no more bytes than clients read, whatever the language of its annotations', async () => {
  const { ask, pushImage } = setUp();
  const subject = { ...EMPTY_DESCRIPTOR, mediaType: OCI_MANIFEST };
  for (const note of ['1', '2', '3', '4', '5']) {
    const { response } = await pushImage('v1', subject, { annotations: { note: note + '文'.repeat(330_000) } });
    assert.equal(response.status, 201);
  }
  let count = 0;
  for (let next: string | undefined = `/v2/a/b/referrers/${subject.digest}`; next !== undefined;) {
    const response = await ask('GET', next);
    assert.ok(Number(response.headers.get('content-length')) <= 4 * 1024 * 1024);
    count += ((await response.json()) as { readonly manifests: readonly unknown[] }).manifests.length;
    next = /<(.*)>/.exec(response.headers.get('link') ?? '')?.[1];
  }
  assert.equal(count, 5);
});

test('what was stored is still found and read on a disk that takes no more', async () => {
  const folder = temporaryFolder();
  const first = setUp({}, folder);
  const { descriptor } = await first.pushImage('v1');
  const files: Files = {
    ...first.ports.files,
    writeAtomic: async (path) => {
      throw new AppError('unavailable', `${path}: no space left on device`);
    },
  };
  const clock = () => new Date(Date.now() + 3600 * 1000);
  const handler = createRegistry(files, folder, { ...first.ports, clock });
  for (const place of ['manifests/v1', `manifests/${descriptor.digest}`, `blobs/${EMPTY_DESCRIPTOR.digest}`]) {
    for (const method of ['HEAD', 'GET']) {
      const response = await handler(new Request(`http://localhost/v2/a/b/${place}`, { method }));
      assert.equal(response.status, 200, `${method} ${place}`);
    }
  }
});

test('an upload that could not be ended, as on a full disk, is ended by a second try', async () => {
  const { ports } = setUp();
  let isFull = true;
  const files: Files = {
    ...ports.files,
    rename: async (from, to) => {
      if (isFull) throw new AppError('unavailable', `${to}: no space left on device`);
      await ports.files.rename(from, to);
    },
  };
  const told: unknown[] = [];
  const log = { info: () => undefined, warn: (_: string, facts?: object) => void told.push(facts) };
  const handler = createRegistry(files, ports.home, { ...ports, log });
  const ask = async (method: string, path: string, body = '') =>
    await handler(new Request(new URL(path, 'http://localhost'), { method, ...(body === '' ? {} : { body }) }));
  const location = (await ask('POST', '/v2/a/b/blobs/uploads/')).headers.get('location') ?? '';
  assert.equal((await ask('PATCH', location, 'content')).status, 202);
  const close = async () => (await ask('PUT', `${location}?digest=${digestOf('content')}`)).status;
  assert.equal(await close(), 503);
  assert.match(JSON.stringify(told), /^\[\{"message":"[^"]+: no space left on device"\}\]$/);
  isFull = false;
  assert.equal(await close(), 201);
});

test('names that are no names of repositories are refused, above all those that leave the folder', async () => {
  const { ask } = setUp();
  for (const name of [
    '..%2F..%2Fetc',
    'a%2F..%2Fb',
    'A/b',
    '_manifests',
    'a/_tags',
    'a//b',
    'a'.repeat(256),
    'a%00b',
    '%FF',
  ]) {
    const response = await ask('GET', `/v2/${name}/manifests/v1`);
    assert.deepEqual([response.status, await codeOf(response)], [400, 'NAME_INVALID'], name);
  }
});

test('conditions keep writers of one tag apart', async () => {
  const { ask, pushImage } = setUp();
  const { bytes, descriptor } = await pushImage('v1');
  const put = (headers: Record<string, string>) =>
    ask('PUT', '/v2/a/b/manifests/v1', { body: bytes, headers: { 'content-type': OCI_MANIFEST, ...headers } });
  assert.equal((await put({ 'if-match': `"${digestOf('other')}"` })).status, 412);
  assert.equal((await put({ 'if-none-match': '*' })).status, 412);
  assert.equal((await put({ 'if-match': `"${descriptor.digest}"` })).status, 201);
  const other = encode({ schemaVersion: 2, mediaType: OCI_INDEX, manifests: [] });
  const headers = { 'content-type': OCI_INDEX, 'if-none-match': '*' };
  const once = () => ask('PUT', `/v2/a/b/manifests/${digestOf(other)}`, { body: other, headers });
  assert.deepEqual([(await once()).status, (await once()).status], [201, 412]);
  const many = ['1', '2', '3', '4'].map((note) =>
    encode({ manifests: [], annotations: { note }, mediaType: OCI_INDEX }),
  );
  const races = await Promise.all(many.map((body) => ask('PUT', '/v2/a/b/manifests/new', { body, headers })));
  assert.deepEqual(
    races.map(({ status }) => status).toSorted((a, b) => a - b),
    [201, 412, 412, 412],
  );
  const get = (etag: string) => ask('GET', '/v2/a/b/manifests/v1', { headers: { 'if-none-match': etag } });
  const unchanged = await get(`"${digestOf('other')}", "${descriptor.digest}"`);
  assert.deepEqual([unchanged.status, unchanged.headers.get('docker-content-digest')], [304, descriptor.digest]);
  assert.equal((await get(`"${digestOf('other')}"`)).status, 200);
});

test('with a login nothing is answered without it', async () => {
  const { ask } = setUp({ rules: async () => loginRules({ username: 'user', password: 'secret' }) });
  const basic = (text: string) => ({ headers: { authorization: `Basic ${Buffer.from(text).toString('base64')}` } });
  for (const init of [
    {},
    basic('user:wrong'),
    basic('user:secre'),
    basic('user:secret '),
    { headers: { authorization: 'Basic' } },
  ]) {
    for (const path of ['/v2/', '/v2/_catalog', '/v2/a/b/manifests/v1']) {
      const response = await ask('GET', path, init);
      assert.equal(response.status, 401);
      assert.match(response.headers.get('www-authenticate') ?? '', /^Basic /);
    }
  }
  assert.equal((await ask('GET', '/v2/', basic('user:secret'))).status, 200);
});

test('abandoned uploads are removed after a day', async () => {
  const folder = temporaryFolder();
  const early = setUp({ clock: () => new Date() }, folder);
  const location = (await early.ask('POST', '/v2/a/b/blobs/uploads/')).headers.get('location') ?? '';
  const late = setUp({ clock: () => new Date(Date.now() + 25 * 3600 * 1000) }, folder);
  await late.ask('POST', '/v2/a/b/blobs/uploads/');
  assert.equal((await early.ask('GET', location)).status, 404);
});

/** Pushes images in a loop until it is killed. */
const PUSHER = `
const { createFiles } = await import(process.env.FILES);
const { createRegistry } = await import(process.env.REGISTRY);
const { randomBytes, createHash } = await import('node:crypto');
const handler = createRegistry(createFiles(), process.env.FOLDER, { random: (n) => randomBytes(n), clock: () => new Date() });
const ask = async (method, path, body, type) => {
  const response = await handler(new Request('http://localhost' + path, { method, body, headers: type ? { 'content-type': type } : {} }));
  if (response.status !== 201) throw new Error(await response.text());
};
const push = async (content) => {
  const digest = 'sha256:' + createHash('sha256').update(content).digest('hex');
  await ask('POST', '/v2/a/b/blobs/uploads/?digest=' + digest, content);
  return { mediaType: 'application/octet-stream', digest, size: content.length };
};
const config = await push(Buffer.from('{}'));
console.log('ready');
for (let i = 0; ; i += 1) {
  const layers = [await push(randomBytes(200000))];
  const type = 'application/vnd.oci.image.manifest.v1+json';
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: type, config, layers, subject: config }));
  await ask('PUT', '/v2/a/b/manifests/t' + (i % 5), bytes, type);
}
`;

test('killed at any moment, the registry has only whole manifests and blobs, and goes on', async () => {
  const folder = temporaryFolder();
  let tagsSeen = 0;
  for (const delay of [40, 90, 170, 600, 2000]) {
    if (tagsSeen > 0 && delay > 170) break; // a slow machine needs longer to do anything that can be interrupted
    const child = spawn(process.execPath, ['--input-type=module', '-e', PUSHER], {
      env: {
        ...process.env,
        FOLDER: folder,
        FILES: join(import.meta.dirname, '../../io/files.ts'),
        REGISTRY: join(import.meta.dirname, 'registry.ts'),
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    await new Promise((resolve) => {
      setTimeout(resolve, delay);
    });
    child.kill('SIGKILL');
    await once(child, 'exit');
    tagsSeen = await checkWhole(setUp({}, folder).ask);
  }
  assert.ok(tagsSeen > 0);
});

async function checkWhole(ask: ReturnType<typeof setUp>['ask']): Promise<number> {
  const listed = await ask('GET', '/v2/a/b/tags/list');
  const { tags } = (await listed.json()) as { readonly tags: readonly string[] };
  const referrers = await ask('GET', `/v2/a/b/referrers/${digestOf('{}')}`);
  const { manifests } = (await referrers.json()) as { readonly manifests: readonly Descriptor[] };
  for (const target of [...tags, ...manifests.map((entry) => entry.digest)]) {
    const response = await ask('GET', `/v2/a/b/manifests/${target}`);
    assert.equal(response.status, 200, target);
    const bytes = await response.bytes();
    assert.equal(digestOf(bytes), response.headers.get('docker-content-digest'));
    const { layers, config } = JSON.parse(new TextDecoder().decode(bytes)) as {
      readonly layers: readonly Descriptor[];
      readonly config: Descriptor;
    };
    for (const blob of [config, ...layers]) {
      const content = await (await ask('GET', `/v2/a/b/blobs/${blob.digest}`)).bytes();
      assert.equal(digestOf(content), blob.digest);
    }
  }
  return tags.length;
}
