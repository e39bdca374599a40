/** What a hostile registry, or one behind a broken proxy, may answer. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AppError, digestOf, type Descriptor, type ErrorKind, type WebHandler } from '../../core/index.ts';
import { createTestPorts } from '../../io/testing.ts';
import { EMPTY_DESCRIPTOR } from '../manifest.ts';
import { OCI_INDEX, OCI_MANIFEST } from '../media-types.ts';
import { createHandlerHttp } from '../testing.ts';
import { openRegistry, type RegistryOptions } from './client.ts';
import { fallbackTag } from './referrers.ts';

const HOST = 'registry.example.com';
const RETRIES = { attempts: 1, delay: 1, budget: 10, stall: 1000 };
const PASSWORD = { kind: 'password', username: 'user', password: 'secret' } as const;
const subject = digestOf('an image');

function open(hosts: Readonly<Record<string, WebHandler>>, options: RegistryOptions = {}, host = HOST) {
  const ports = { ...createTestPorts(), http: createHandlerHttp(hosts) };
  return openRegistry(ports, host, { retries: RETRIES, ...options }).repository('team/app');
}

async function rejects(action: Promise<unknown>, kind: ErrorKind, message: RegExp): Promise<void> {
  await assert.rejects(action, (error) => {
    assert.ok(error instanceof AppError, String(error));
    assert.equal(error.kind, kind, error.message);
    assert.match(error.message, message);
    return true;
  });
}

function indexOf(manifests: readonly unknown[]): string {
  return JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests });
}

test('other bytes under a digest are refused even when the header vouches for them', async () => {
  const body = indexOf([]);
  const headers = { 'content-type': OCI_INDEX, 'docker-content-digest': digestOf(body) };
  const repository = open({ [HOST]: async () => new Response(body, { headers }) });
  await rejects(repository.fetchManifest(subject), 'invalid-input', /expected content with digest/);
  assert.equal((await repository.fetchManifest('v1')).descriptor.digest, digestOf(body));
});

test('referrers without end are refused: too many in few pages, or too many pages of few', async () => {
  let page = 0;
  const pages =
    (manifests: readonly unknown[]): WebHandler =>
    async (request) => {
      if (!request.url.includes('/referrers/')) return new Response('', { status: 404 });
      page += 1;
      const headers = { 'content-type': OCI_INDEX, link: `</v2/team/app/referrers/x?page=${page}>; rel="next"` };
      return new Response(indexOf(manifests), { headers });
    };
  const many = Array.from({ length: 4000 }, () => ({ ...EMPTY_DESCRIPTOR, mediaType: OCI_MANIFEST }));
  await rejects(open({ [HOST]: pages(many) }).listReferrers(subject), 'invalid-input', /expected at most 10000/);
  page = 0;
  await rejects(open({ [HOST]: pages([]) }).listReferrers(subject), 'invalid-input', /expected at most 1000 pages/);
  assert.equal(page, 1000);
});

test('a page of a list has a ceiling of bytes, and the list one of entries', async () => {
  const large: WebHandler = async () => new Response(`{"tags":["${'a'.repeat(9 * 1024 * 1024)}"]}`);
  await rejects(open({ [HOST]: large }).listTags(), 'invalid-input', /a page of more than 8388608 bytes/);
  const tags = Array.from({ length: 100_000 }, () => 'a');
  let page = 0;
  const many: WebHandler = async () => {
    page += 1;
    return Response.json({ tags }, { headers: { link: `</v2/team/app/tags/list?page=${page}>; rel="next"` } });
  };
  await rejects(open({ [HOST]: many }).listTags(), 'invalid-input', /expected at most 1000000/);
  assert.equal(page, 11);
});

test('a page that is no index is no list of referrers, under the API as under the tag', async () => {
  const image = JSON.stringify({ schemaVersion: 2, mediaType: OCI_MANIFEST, config: EMPTY_DESCRIPTOR, layers: [] });
  const handler: WebHandler = async (request) =>
    request.url.endsWith(`/manifests/${fallbackTag(subject)}`)
      ? new Response(image, { headers: { 'content-type': OCI_MANIFEST } })
      : new Response('<html>welcome</html>', { headers: { 'content-type': 'text/html' } });
  assert.deepEqual(await open({ [HOST]: handler }).listReferrers(subject), []);
});

test('a challenge of the host that a blob is redirected to is answered, but with nothing of ours', async () => {
  const content = 'content';
  const blob: Descriptor = { mediaType: 'text/plain', digest: digestOf(content), size: content.length };
  const asked: string[] = [];
  const repository = open(
    {
      [HOST]: async () => new Response('', { status: 307, headers: { location: 'https://evil.example/blob' } }),
      'evil.example': async (request) => {
        const authorization = request.headers.get('authorization');
        asked.push(`${request.url} ${authorization ?? ''}`);
        if (request.url.includes('/token')) return Response.json({ token: 'theirs' });
        if (authorization === 'Bearer theirs') return new Response(content);
        const challenge = 'Bearer realm="https://evil.example/token",service="x"';
        return new Response('', { status: 401, headers: { 'www-authenticate': challenge } });
      },
    },
    { credential: PASSWORD },
  );
  assert.equal(Buffer.from(await repository.fetchBlob(blob, 100)).toString(), content);
  assert.deepEqual(asked, [
    'https://evil.example/blob ',
    'https://evil.example/token?service=x&scope=repository%3Ateam%2Fapp%3Apull ',
    'https://evil.example/blob Bearer theirs',
  ]);
});

test('what is pushed is not carried to another host', async () => {
  let isAsked = false;
  const repository = open({
    [HOST]: async () => new Response('', { status: 307, headers: { location: 'https://evil.example/' } }),
    'evil.example': async () => {
      isAsked = true;
      return new Response('', { status: 201 });
    },
  });
  const pushed = repository.pushManifest(new TextEncoder().encode(indexOf([])), OCI_INDEX, 'v1');
  await rejects(pushed, 'invalid-input', /307/);
  assert.equal(isAsked, false);
});

test('a realm on the link-local network is refused to a registry that is there itself', async () => {
  let isAsked = false;
  const challenge = 'Bearer realm="https://169.254.169.254/token"';
  const hosts: Readonly<Record<string, WebHandler>> = {
    '169.254.7.7': async () => new Response('', { status: 401, headers: { 'www-authenticate': challenge } }),
    '169.254.169.254': async () => {
      isAsked = true;
      return Response.json({ token: 'x' });
    },
  };
  await rejects(open(hosts, {}, '169.254.7.7').fetchManifest('v1'), 'unauthorized', /link-local/);
  assert.equal(isAsked, false);
});

/** Gives some bytes and then breaks. */
function breaking(text: string, init: ResponseInit = {}): Response {
  const chunks = [new TextEncoder().encode(text)];
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      const chunk = chunks.shift();
      if (chunk === undefined || chunk.length === 0)
        controller.error(new AppError('unavailable', 'the connection broke'));
      else controller.enqueue(chunk);
    },
  });
  return new Response(body, init);
}

test('a download that breaks without end is given up, and one that goes on elsewhere refused', async () => {
  const blob: Descriptor = { mediaType: 'text/plain', digest: digestOf('0123456789'), size: 10 };
  let requests = 0;
  const endless: WebHandler = async () => {
    requests += 1;
    return breaking('');
  };
  const patient = { retries: { ...RETRIES, attempts: 5, budget: 1000 } };
  await rejects(open({ [HOST]: endless }, patient).fetchBlob(blob, 100), 'unavailable', /broke/);
  assert.ok(requests > 1 && requests <= 6, `${requests} requests`);
  const astray: WebHandler = async (request) =>
    request.headers.has('range')
      ? new Response('6789', { status: 206, headers: { 'content-range': 'bytes 6-9/10' } })
      : breaking('012');
  await rejects(open({ [HOST]: astray }, patient).fetchBlob(blob, 100), 'invalid-input', /found another range/);
});

test('a tag that another registry made up is no path into a repository that was not meant', async () => {
  let asked = 0;
  const handler: WebHandler = async () => {
    asked += 1;
    return new Response('', { status: 201 });
  };
  const repository = open({ [HOST]: handler }, { credential: PASSWORD });
  const index = new TextEncoder().encode(indexOf([]));
  for (const tag of ['../../other/manifests/v1', '..', 'v1?x=y', 'v1#x', 'a/b', '', '\u001b[2J']) {
    await rejects(repository.pushManifest(index, OCI_INDEX, tag), 'invalid-input', /expected a tag or digest/);
    await rejects(repository.findManifest(tag), 'invalid-input', /expected a tag or digest/);
    await rejects(repository.deleteManifest(tag), 'invalid-input', /expected a tag or digest/);
  }
  assert.equal(asked, 0);
});

test('a registry that takes chunk after chunk and keeps none is given up', async () => {
  const content = Buffer.alloc(2 * 1024 * 1024, 1);
  const blob: Descriptor = { mediaType: 'text/plain', digest: digestOf(content), size: content.length };
  for (const range of ['0-0', '0-99999999999']) {
    let chunks = 0;
    const handler: WebHandler = async ({ method, headers }) => {
      if (method === 'HEAD') return new Response(null, { status: 404 });
      if (method === 'PUT' && headers.get('content-length') !== '0') return new Response('', { status: 413 });
      chunks += Number(method === 'PATCH');
      if (chunks > 100) throw new Error('without end');
      return new Response(null, { status: 202, headers: { location: '/v2/team/app/blobs/uploads/x', range } });
    };
    await rejects(
      open({ [HOST]: handler }).pushBlob(blob, content),
      'unavailable',
      /expected more than 0 bytes to be kept/,
    );
    assert.ok(chunks > 0 && chunks < 20, `${chunks} chunks`);
  }
});

test('a list of large pages has a ceiling of bytes in all', async () => {
  const body = `{"tags":["${'a'.repeat(8_000_000)}"]}`;
  let page = 0;
  const handler: WebHandler = async () => {
    page += 1;
    return new Response(body, { headers: { link: `</v2/team/app/tags/list?page=${page}>; rel="next"` } });
  };
  await rejects(open({ [HOST]: handler }).listTags(), 'invalid-input', /a list of more than 268435456 bytes/);
});

test('a list of names that would not stand on one line each is refused', async () => {
  for (const name of ['a\nb', 'a b', '', 'a\u001b[2J', '\u0085']) {
    const handler: WebHandler = async () => Response.json({ tags: ['v1', name] });
    await rejects(open({ [HOST]: handler }).listTags(), 'invalid-input', /tags\[1\]: expected a name/);
  }
});
