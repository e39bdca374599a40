import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { createHandlerHttp } from '../artifacts/testing.ts';
import { AppError, type ErrorKind } from '../core/index.ts';
import { createTestPorts } from '../io/testing.ts';
import { fetchAuthorization, findStoredCredential } from './credentials.ts';
import { listTags } from './inspect-artifact.ts';
import { login } from './login.ts';

const HOST = 'registry.example.com';
const { signal } = new AbortController();
const isKind = (kind: ErrorKind) => (error: unknown) => error instanceof AppError && error.kind === kind;

/** A registry whose token service takes one refresh token, by POST alone; and what it was asked. */
function setUp() {
  const asked: string[] = [];
  const registry = async (request: Request) => {
    const url = new URL(request.url);
    if (url.pathname === '/token') {
      const form = new URLSearchParams(await request.text());
      asked.push(`${request.method} ${form.get('grant_type')} ${form.get('scope')}`);
      const isGood = form.get('grant_type') === 'refresh_token' && form.get('refresh_token') === 'refresh';
      return isGood ? Response.json({ access_token: 'access' }) : new Response('', { status: 401 });
    }
    if (request.headers.get('authorization') === 'Bearer access') return Response.json({ tags: ['v1'] });
    const challenge = `Bearer realm="https://${HOST}/token",service="x"`;
    return new Response('', { status: 401, headers: { 'www-authenticate': challenge } });
  };
  const ports = { ...createTestPorts(), http: createHandlerHttp({ [HOST]: registry }) };
  return { ports, asked, path: join(ports.home, '.docker/config.json') };
}

test('an identity token is stored after it was tried, and used as refresh token from then on', async () => {
  const { ports, asked, path } = setUp();
  const token = (text: string) => ({ registry: HOST, credential: { kind: 'identity-token', token: text } as const });
  await assert.rejects(login(ports, token('wrong'), signal), isKind('unauthorized'));
  assert.equal(await ports.files.stat(path), undefined);
  await login(ports, token('refresh'), signal);
  const stored = new TextDecoder().decode(await ports.files.read(path));
  assert.deepEqual(JSON.parse(stored), { auths: { [HOST]: { identitytoken: 'refresh' } } });
  assert.deepEqual(await listTags(ports, { reference: `${HOST}/app` }, signal), ['v1']);
  assert.equal(asked.at(-1), 'POST refresh_token repository:app:pull');
  assert.deepEqual(await findStoredCredential(ports, { server: `https://${HOST}/v2/` }), {
    ServerURL: `https://${HOST}/v2/`,
    Username: '<token>',
    Secret: 'refresh',
  });
});

test('a helper is given an identity token under the name that stands for it', async () => {
  const { ports, path } = setUp();
  await ports.files.writeAtomic(path, JSON.stringify({ credsStore: 'pass' }));
  const inputs: string[] = [];
  const run: typeof ports.run = async (_program, _args, { input }) => {
    inputs.push(String(input));
    return { code: 0, stdout: '', stderr: '' };
  };
  const credential = { kind: 'identity-token', token: 'refresh' } as const;
  await login({ ...ports, run }, { registry: HOST, credential }, signal);
  assert.deepEqual(JSON.parse(inputs[0] ?? ''), { ServerURL: HOST, Username: '<token>', Secret: 'refresh' });
});

test('a token is fetched with the scopes that were asked for, on one registry alone', async () => {
  const { ports, asked } = setUp();
  const access = { credential: { kind: 'identity-token', token: 'refresh' } as const };
  const input = { repository: `${HOST}/a`, push: true, mounts: [`${HOST}/b`], access };
  assert.equal(await fetchAuthorization(ports, input, signal), 'Bearer access');
  assert.equal(asked.at(-1), 'POST refresh_token repository:a:pull,push repository:b:pull');
  const elsewhere = { ...input, mounts: ['other.example.com/b'] };
  await assert.rejects(fetchAuthorization(ports, elsewhere, signal), isKind('usage'));
});

test('without credentials, or where none are asked for, there is nothing to print', async () => {
  const { ports } = setUp();
  await assert.rejects(findStoredCredential(ports, { server: HOST }), isKind('not-found'));
  const http = createHandlerHttp({ [HOST]: async () => new Response('{}') });
  const input = { repository: `${HOST}/a`, push: false, mounts: [] };
  await assert.rejects(fetchAuthorization({ ...ports, http }, input, signal), isKind('not-found'));
});
