/**
 * The cases that the conformance suite of the distribution specification has besides those of its 1.1 release candidates (see
 * docs/reference/conformance.md), with everything on that is optional there: each form of push in each algorithm, each kind of
 * manifest through its whole life, tag parameters, sparse indexes, pages of referrers.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { test } from 'node:test';
import { digestOf, type Descriptor, type Digest, type DigestAlgorithm } from '../../core/index.ts';
import { createTestPorts } from '../../io/testing.ts';
import { EMPTY_DESCRIPTOR } from '../manifest.ts';
import { OCI_INDEX, OCI_MANIFEST } from '../media-types.ts';
import { fallbackTag } from '../registry/referrers.ts';
import { createRegistry } from './registry.ts';

interface Sent {
  readonly body?: Uint8Array<ArrayBuffer>;
  readonly headers?: Readonly<Record<string, string>>;
}

function setUp(ports = createTestPorts()) {
  const handler = createRegistry(ports.files, ports.home, ports);
  return async (method: string, path: string, { body, headers = {} }: Sent = {}) => {
    const length: Record<string, string> = body === undefined ? {} : { 'content-length': `${body.length}` };
    const init = { method, headers: { ...length, ...headers }, ...(body === undefined ? {} : { body }) };
    return await handler(new Request(new URL(path, 'http://localhost'), init));
  };
}

type Ask = ReturnType<typeof setUp>;

const [REPO, OTHER] = ['/v2/conformance/one', '/v2/conformance/two'];
const bytesOf = (value: unknown) => Uint8Array.from(Buffer.from(JSON.stringify(value)));

async function start(ask: Ask, query = ''): Promise<string> {
  const response = await ask('POST', `${REPO}/blobs/uploads/${query}`);
  assert.equal(response.status, 202);
  return response.headers.get('location') ?? '';
}

async function postPut(ask: Ask, body: Uint8Array<ArrayBuffer>, digest: string): Promise<number> {
  return (await ask('PUT', `${await start(ask)}?digest=${digest}`, { body })).status;
}

/** In chunks of `size`; the last in the PUT or before it; with a chunk out of order first. */
async function chunked(
  ask: Ask,
  content: Uint8Array<ArrayBuffer>,
  digest: string,
  how: { readonly size: number; readonly putsLast?: boolean; readonly disorder?: boolean },
): Promise<number> {
  const { size, putsLast = false, disorder = false } = how;
  const algorithm = digest.startsWith('sha512') ? '?digest-algorithm=sha512' : '';
  let location = await start(ask, algorithm);
  const chunkAt = (at: number) => {
    const body = content.slice(at, at + size);
    return { body, headers: { 'content-range': `${at}-${at + body.length - 1}` } };
  };
  if (disorder) {
    const refused = await ask('PATCH', location, chunkAt(size));
    assert.equal(refused.status, 416);
    location = refused.headers.get('location') ?? '';
  }
  const end = putsLast ? content.length - (content.length % size || size) : content.length;
  for (let at = 0; at < end; at += size) {
    const response = await ask('PATCH', location, chunkAt(at));
    assert.equal(response.status, 202);
    assert.equal(response.headers.get('range'), `0-${Math.min(at + size, content.length) - 1}`);
    location = response.headers.get('location') ?? '';
  }
  return (await ask('PUT', `${location}?digest=${digest}`, putsLast ? chunkAt(end) : {})).status;
}

const FORMS: Readonly<Record<string, (ask: Ask, content: Uint8Array<ArrayBuffer>, digest: Digest) => Promise<number>>> =
  {
    'POST alone': async (ask, body, digest) =>
      (await ask('POST', `${REPO}/blobs/uploads/?digest=${digest}`, { body })).status,
    'POST and PUT': postPut,
    'one chunk': (ask, content, digest) => chunked(ask, content, digest, { size: content.length || 1 }),
    'a stream': async (ask, body, digest) => {
      const patched = await ask('PATCH', await start(ask), { body });
      assert.equal(patched.status, 202);
      return (await ask('PUT', `${patched.headers.get('location')}?digest=${digest}`)).status;
    },
    'several chunks': (ask, content, digest) => chunked(ask, content, digest, { size: 100 }),
    'several chunks, the last with PUT': (ask, content, digest) =>
      chunked(ask, content, digest, { size: 100, putsLast: true }),
    'chunks out of order': (ask, content, digest) => chunked(ask, content, digest, { size: 100, disorder: true }),
    'chunks out of order, the last with PUT': (ask, content, digest) =>
      chunked(ask, content, digest, { size: 100, putsLast: true, disorder: true }),
    'a mount': async (ask, body, digest) => {
      assert.equal((await ask('POST', `${OTHER}/blobs/uploads/?digest=${digest}`, { body })).status, 201);
      return (await ask('POST', `${REPO}/blobs/uploads/?mount=${digest}&from=conformance/two`)).status;
    },
    'a mount of what is not there, then PUT': async (ask, body, digest) => {
      const location = await start(ask, `?mount=${digest}&from=conformance/two`);
      return (await ask('PUT', `${location}?digest=${digest}`, { body })).status;
    },
    'a mount without a source, then PUT': async (ask, body, digest) => {
      const location = await start(ask, `?mount=${digest}`);
      return (await ask('PUT', `${location}?digest=${digest}`, { body })).status;
    },
    'an upload after one that was cancelled': async (ask, body, digest) => {
      const cancelled = await start(ask);
      assert.equal((await ask('DELETE', cancelled)).status, 204);
      assert.equal((await ask('GET', cancelled)).status, 404);
      return await postPut(ask, body, digest);
    },
  };

for (const algorithm of ['sha256', 'sha512'] satisfies DigestAlgorithm[]) {
  test(`blobs by ${algorithm} are pushed in each form, and then asked for, pulled and deleted`, async () => {
    for (const [form, push] of Object.entries(FORMS)) {
      const ask = setUp();
      const content = Uint8Array.from(randomBytes(295));
      const digest = digestOf(content, algorithm);
      const place = `${REPO}/blobs/${digest}`;
      assert.equal((await ask('GET', place)).status, 404, form);
      assert.equal(await push(ask, content, digest), 201, form);
      const head = await ask('HEAD', place);
      assert.equal(head.headers.get('content-length'), '295', form);
      assert.equal(head.headers.get('docker-content-digest'), digest, form);
      const got = await ask('GET', place);
      assert.equal(got.headers.get('docker-content-digest'), digest, form);
      assert.deepEqual(await got.bytes(), content, form);
      assert.equal((await ask('DELETE', place)).status, 202, form);
      assert.equal((await ask('HEAD', place)).status, 404, form);
    }
  });

  test(`blobs that are not what their ${algorithm} says are refused in each form, and the empty ones are blobs`, async () => {
    const ask = setUp();
    const mounts = ['a mount'];
    for (const [form, push] of Object.entries(FORMS)) {
      if (mounts.includes(form)) continue;
      const other = digestOf(randomBytes(8), algorithm);
      assert.equal(await push(ask, Uint8Array.from(randomBytes(295)), other), 400, form);
      assert.equal((await ask('HEAD', `${REPO}/blobs/${other}`)).status, 404, form);
    }
    for (const text of ['', '{}']) {
      const body = Uint8Array.from(Buffer.from(text));
      assert.equal(await postPut(ask, body, digestOf(body, algorithm)), 201);
      const got = await ask('GET', `${REPO}/blobs/${digestOf(body, algorithm)}`);
      assert.deepEqual(
        [got.status, got.headers.get('content-length'), await got.text()],
        [200, `${text.length}`, text],
      );
    }
  });
}

const SUBJECT = { mediaType: OCI_MANIFEST, digest: digestOf('missing content'), size: 123 };
const IMAGE = { schemaVersion: 2, mediaType: OCI_MANIFEST, config: EMPTY_DESCRIPTOR, layers: [EMPTY_DESCRIPTOR] };
const INDEX = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [] as unknown[] };
const ELSEWHERE = {
  mediaType: 'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip',
  digest: digestOf('far away'),
  size: 123_456,
  urls: ['https://store.example.com/blobs/1'],
};

const DOCUMENTS: Readonly<Record<string, object>> = {
  image: IMAGE,
  'large manifest': {
    ...IMAGE,
    annotations: Object.fromEntries(Array.from({ length: 390 }, (_, index) => [`large-${index}`, 'A'.repeat(10_000)])),
  },
  'empty index': INDEX,
  'sparse index': { ...INDEX, manifests: [{ ...SUBJECT, platform: { os: 'linux', architecture: 'amd64' } }] },
  artifact: { ...IMAGE, artifactType: 'application/x.example' },
  'artifact with a missing subject': { ...IMAGE, artifactType: 'application/x.example', subject: SUBJECT },
  'index with a subject': { ...INDEX, artifactType: 'application/x.example', subject: SUBJECT },
  'data in descriptors': { ...IMAGE, config: { ...EMPTY_DESCRIPTOR, data: 'e30=' } },
  'layers elsewhere': { ...IMAGE, layers: [ELSEWHERE] },
  'unknown fields': { ...IMAGE, 'org.example.unknown': { deep: ['x'] } },
  'no layers': { ...IMAGE, layers: [] },
};

test('each kind of manifest is pushed by tag and by digest, listed, asked for, pulled and deleted, in each algorithm', async () => {
  for (const [kind, document] of Object.entries(DOCUMENTS)) {
    for (const algorithm of ['sha256', 'sha512'] satisfies DigestAlgorithm[]) {
      const ask = setUp();
      await postPut(ask, Uint8Array.from(Buffer.from('{}')), EMPTY_DESCRIPTOR.digest);
      const body = bytesOf(document);
      const digest = digestOf(body, algorithm);
      const type = (document as { readonly mediaType: string }).mediaType;
      const put = await ask('PUT', `${REPO}/manifests/${digest}?tag=one&tag=two`, {
        body,
        headers: { 'content-type': type },
      });
      assert.equal(put.status, 201, kind);
      assert.equal(put.headers.get('oci-tag'), 'one, two');
      const subject = 'subject' in document ? SUBJECT.digest : null;
      assert.equal(put.headers.get('oci-subject'), subject, kind);
      for (const target of [digest, 'one', 'two']) {
        const head = await ask('HEAD', `${REPO}/manifests/${target}`);
        assert.equal(head.headers.get('docker-content-digest'), digest, kind);
        const got = await ask('GET', `${REPO}/manifests/${target}`);
        assert.equal(got.headers.get('content-type'), type, kind);
        assert.deepEqual(await got.bytes(), body, kind);
      }
      assert.deepEqual(await (await ask('GET', `${REPO}/tags/list?last=one`)).json(), {
        name: 'conformance/one',
        tags: ['two'],
      });
      const listed = await listReferrers(ask, `${REPO}/referrers/${SUBJECT.digest}`);
      assert.deepEqual(listed.digests, subject === null ? [] : [digest], kind);
      assert.equal((await ask('DELETE', `${REPO}/manifests/one`)).status, 202);
      assert.equal((await ask('GET', `${REPO}/manifests/one`)).status, 404);
      assert.equal((await ask('DELETE', `${REPO}/manifests/${digest}`)).status, 202);
      for (const target of [digest, 'two'])
        assert.equal((await ask('HEAD', `${REPO}/manifests/${target}`)).status, 404);
      assert.deepEqual((await listReferrers(ask, `${REPO}/referrers/${SUBJECT.digest}`)).digests, []);
    }
  }
});

async function listReferrers(ask: Ask, path: string) {
  const response = await ask('GET', path);
  assert.equal(response.status, 200);
  assert.equal(response.headers.get('content-type'), OCI_INDEX);
  const { manifests } = (await response.json()) as { readonly manifests: readonly Descriptor[] };
  const next = /^<([^>]+)>; rel="next"$/.exec(response.headers.get('link') ?? '')?.[1];
  return { digests: manifests.map(({ digest }) => digest), next, filters: response.headers.get('oci-filters-applied') };
}

async function putReferrer(ask: Ask, extra: object): Promise<Digest> {
  const body = bytesOf({ ...INDEX, subject: SUBJECT, ...extra });
  const sent = { body, headers: { 'content-type': OCI_INDEX } };
  assert.equal((await ask('PUT', `${REPO}/manifests/${digestOf(body)}`, sent)).status, 201);
  return digestOf(body);
}

test('referrers come in pages of the asked number, filtered or not, and of what an index may hold', async () => {
  const ask = setUp();
  const all: Digest[] = [];
  for (let index = 0; index < 7; index += 1) {
    const artifactType = index < 5 ? 'application/x.one' : 'application/x.two';
    all.push(await putReferrer(ask, { artifactType, annotations: { index: `${index}`, fill: 'x'.repeat(900_000) } }));
  }
  const follow = async (first: string) => {
    const found: Digest[] = [];
    let [pages, path] = [0, first as string | undefined];
    for (; path !== undefined; pages += 1) {
      const page = await listReferrers(ask, path);
      if (first.includes('artifactType')) assert.equal(page.filters, 'artifactType');
      found.push(...page.digests);
      path = page.next;
    }
    return { found, pages };
  };
  const place = `${REPO}/referrers/${SUBJECT.digest}`;
  assert.deepEqual(await follow(place), { found: all.toSorted(), pages: 2 });
  assert.deepEqual(await follow(`${place}?n=3`), { found: all.toSorted(), pages: 3 });
  assert.deepEqual(await follow(`${place}?n=2&artifactType=application/x.one`), {
    found: all.slice(0, 5).toSorted(),
    pages: 3,
  });
});

test('a manifest that is listed only under the fallback tag is found by the API, if its subject is that one', async () => {
  const ports = createTestPorts();
  const ask = setUp(ports);
  const referrer = await putReferrer(ask, { artifactType: 'application/x.old' });
  const stranger = bytesOf(INDEX);
  const type = { 'content-type': OCI_INDEX };
  await ask('PUT', `${REPO}/manifests/other`, { body: stranger, headers: type });
  const entries = [referrer, digestOf(stranger), digestOf('gone')];
  const body = bytesOf({ ...INDEX, manifests: entries.map((digest) => ({ mediaType: OCI_INDEX, digest, size: 1 })) });
  await ask('PUT', `${REPO}/manifests/${fallbackTag(SUBJECT.digest)}`, { body, headers: type });
  // as it lay there before the registry knew of referrers
  await ports.files.remove(join(ports.home, 'repositories/conformance/one/_referrers'));
  assert.deepEqual((await listReferrers(ask, `${REPO}/referrers/${SUBJECT.digest}`)).digests, [referrer]);
});

test('what is asked for wrongly is told apart from what is not there', async () => {
  const ask = setUp();
  const table: readonly (readonly [string, string, readonly number[]])[] = [
    ['GET', `${REPO}/tags/list`, [404]],
    ['GET', `${REPO}/referrers/${digestOf('x')}`, [200]],
    ['GET', `${REPO}/referrers/sha256:bad`, [400]],
    ['GET', `${REPO}/manifests/${digestOf('x')}`, [404]],
    ['GET', `${REPO}/manifests/missing`, [404]],
    ['GET', `${REPO}/manifests/sha256:baddigeststring`, [404]],
    ['PUT', `${REPO}/manifests/sha256:baddigeststring`, [400]],
    ['GET', `${REPO}/blobs/sha256:baddigeststring`, [400]],
    ['DELETE', `${REPO}/blobs/${digestOf('x')}`, [404]],
    ['DELETE', `${REPO}/manifests/missing`, [404]],
    ['PATCH', `${REPO}/blobs/uploads/0`, [404]],
    ['POST', `${REPO}/manifests/v1`, [405]],
    ['GET', '/v2/elsewhere', [404]],
  ];
  for (const [method, path, statuses] of table) {
    const response = await ask(method, path, method === 'PUT' ? { body: bytesOf(IMAGE) } : {});
    assert.ok(statuses.includes(response.status), `${method} ${path}: ${response.status}`);
  }
});
