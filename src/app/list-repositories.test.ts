import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { createRegistry } from '../artifacts/index.ts';
import { createHandlerHttp } from '../artifacts/testing.ts';
import { AppError } from '../core/index.ts';
import { createTestPorts } from '../io/testing.ts';
import { listRepositories } from './list-repositories.ts';
import { pushFiles } from './push-artifact.ts';

const { signal } = new AbortController();
const HOST = 'localhost:5000';

test('repositories of all pages are listed', async () => {
  const base = createTestPorts();
  const registry = createRegistry(base.files, join(base.home, 'registry'), base);
  let pages = 0;
  // pages of one, however many we ask for
  const handler = async (request: Request) => {
    const url = new URL(request.url);
    if (!url.pathname.endsWith('/_catalog')) return await registry(request);
    pages += 1;
    url.searchParams.set('n', '1');
    return await registry(new Request(url, request));
  };
  const ports = { ...base, http: createHandlerHttp({ [HOST]: handler }) };
  for (const name of ['b', 'a/x', 'c']) {
    await pushFiles(ports, { reference: `${HOST}/${name}:1`, files: [], annotations: [] }, signal);
  }
  assert.deepEqual(await listRepositories(ports, { registry: HOST }, signal), ['a/x', 'b', 'c']);
  assert.ok(pages >= 3);
});

test('what is no registry, and one that tells nothing, are refused', async () => {
  const refuse = async () => new Response('', { status: 404 });
  const ports = createTestPorts({ http: createHandlerHttp({ [HOST]: refuse }) });
  const kindOf = (registry: string) =>
    listRepositories(ports, { registry }, signal).then(
      () => 'done',
      (error) => (error instanceof AppError ? error.kind : error),
    );
  assert.equal(await kindOf(`${HOST}/app`), 'invalid-input');
  assert.equal(await kindOf(HOST), 'not-found');
});
