import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { createHandlerHttp } from '../artifacts/testing.ts';
import { AppError, type WebHandler } from '../core/index.ts';
import { createTestPorts } from '../io/testing.ts';
import { openAuthority } from '../trust/index.ts';
import { monitorLog } from './monitor-log.ts';
import { signFile } from './sign.ts';
import { createTestAuthority } from './testing.ts';

const URL_OF_LOG = 'http://localhost:5555';

async function setUp() {
  const plain = createTestPorts();
  let handler: WebHandler = async () => new Response(null, { status: 503 });
  const ports = { ...plain, http: createHandlerHttp({ 'localhost:5555': async (request) => await handler(request) }) };
  const authority = await createTestAuthority(ports, URL_OF_LOG);
  handler = authority.handler;
  const path = (name: string) => join(ports.home, name);
  await ports.files.writeAtomic(path('root.json'), JSON.stringify(authority.trust.trustedRoot));
  await ports.files.writeAtomic(path('services.json'), JSON.stringify(authority.trust.signingConfig));
  const sign = async (email: string, version: 1 | 2) => {
    const identityToken = await authority.issueToken?.(email);
    const services = {
      signingConfig: path('services.json'),
      identityToken,
      ...(version === 1 ? { rekorUrl: URL_OF_LOG } : {}),
    };
    await signFile(ports, { file: Buffer.from(email), askPassword: async () => '', services });
  };
  const monitor = (version: 1 | 2, subject?: string, more = {}) =>
    monitorLog(ports, {
      url: URL_OF_LOG,
      version,
      trustedRoot: path('root.json'),
      state: path(`state-${version}.json`),
      from: 0,
      ...(subject === undefined ? {} : { identity: { subjects: [subject], subjectPatterns: [] } }),
      ...more,
    });
  const serve = (other: WebHandler) => (handler = other);
  return { ports, path, sign, monitor, serve, authority };
}

test('both kinds of log are followed, and whom somebody watches for is found once', async () => {
  const { sign, monitor } = await setUp();
  for (const version of [2, 1] as const) {
    for (const email of ['ada@example.com', 'eve@example.com', 'ada@example.com']) await sign(email, version);
    const first = await monitor(version, 'ada@example.com');
    assert.deepEqual(
      first.found.map(({ index, subject, issuer }) => [index, subject, issuer]),
      [0, 2].map((index) => [index, 'ada@example.com', `${URL_OF_LOG}/oidc`]),
    );
    assert.deepEqual([first.size, first.entriesRead, first.previousSize], [3, 3, undefined]);
    assert.deepEqual((await monitor(version, 'ada@example.com')).found, []);
    await sign('eve@example.com', version);
    const next = await monitor(version);
    assert.ok(next.isConsistent);
    assert.deepEqual([next.size, next.entriesRead, next.previousSize], [4, 1, 3]);
  }
});

test('a log that shows another history, or lies about an entry, is caught', async () => {
  const { ports, path, sign, monitor, serve, authority } = await setUp();
  await sign('ada@example.com', 2);
  await sign('ada@example.com', 2);
  assert.ok((await monitor(2)).isConsistent);
  // the same keys, the log begun anew
  await rm(path('authority/log'), { recursive: true });
  const forked = await openAuthority(ports, path('authority'), { password: '', issuers: [], tryOut: true });
  serve(forked.handler);
  assert.equal((await monitor(2)).isConsistent, false, 'a log that shrank');
  for (const email of ['eve@example.com', 'eve@example.com', 'eve@example.com']) await sign(email, 2);
  assert.equal((await monitor(2)).isConsistent, false, 'a log with another history');
  serve(async (request) => {
    const response = await authority.handler(request);
    if (!request.url.includes('/tile/entries/')) return response;
    const bytes = new Uint8Array(await response.arrayBuffer());
    bytes[40] = (bytes[40] ?? 0) ^ 1;
    return new Response(bytes);
  });
  const refused = (error: unknown) => error instanceof AppError && error.kind === 'untrusted-root';
  await assert.rejects(monitor(2, undefined, { state: undefined }), refused, 'a changed entry');
  const other = await setUp();
  serve(other.authority.handler);
  await assert.rejects(monitor(2), refused, 'a checkpoint by another key');
});
