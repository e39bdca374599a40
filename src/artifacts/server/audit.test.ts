import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { AppError, digestOf, type Files } from '../../core/index.ts';
import { createTestPorts } from '../../io/testing.ts';
import { loginRules } from './access.ts';
import { createAuditLog, verifyAuditLog } from './audit.ts';
import { createRegistry } from './registry.ts';

function setUp(changes: Partial<Files> = {}) {
  const ports = createTestPorts();
  const path = join(ports.home, 'audit.jsonl');
  const open = () => {
    const audit = createAuditLog({ ...ports.files, ...changes }, path, ports.clock);
    const rules = loginRules({ username: 'user', password: 'secret' });
    const handler = createRegistry(ports.files, ports.home, { ...ports, audit, rules: async () => rules });
    return async (method: string, place: string, body?: string, authorization = basic('user:secret')) => {
      const headers = new Headers(authorization === '' ? {} : { authorization });
      const init = { method, headers, ...(body === undefined ? {} : { body }) };
      const request = new Request(new URL(place, 'http://localhost'), init);
      const sent = new Blob(body === undefined ? [] : [body]).stream();
      return await handler(request, { address: '192.0.2.1', body: sent, send: () => undefined });
    };
  };
  const read = async () => new TextDecoder().decode(await ports.files.read(path));
  const verify = async (text?: string) =>
    await verifyAuditLog(new Blob([text ?? (await read())]).stream(), 'audit.jsonl');
  return { ports, path, open, read, verify };
}

const basic = (pair: string) => `Basic ${Buffer.from(pair).toString('base64')}`;
const upload = (content: string) => `/v2/a/b/blobs/uploads/?digest=${digestOf(content)}`;
const INDEX = '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}';

test('changes and refusals are recorded with who, what and where; reading and being asked for credentials are not', async () => {
  const { open, read, verify } = setUp();
  const ask = open();
  await ask('GET', '/v2/', undefined, '');
  await ask('GET', '/v2/', undefined, basic('user:wrong'));
  await ask('POST', upload('x'), 'x');
  await ask('POST', upload('other'), 'x');
  await ask('POST', '/v2/c/d/blobs/uploads/?mount=' + digestOf('x') + '&from=a/b');
  const session = (await ask('POST', '/v2/a/b/blobs/uploads/')).headers.get('location') ?? '';
  await ask('PATCH', session, 'y');
  await ask('PUT', `${session}?digest=${digestOf('y')}`);
  await ask('PUT', '/v2/a/b/manifests/v1', INDEX);
  await ask('PUT', `/v2/a/b/manifests/${digestOf(INDEX)}?tag=x&tag=y`, INDEX);
  await ask('GET', '/v2/a/b/manifests/v1');
  await ask('DELETE', '/v2/a/b/manifests/v1');
  await ask('DELETE', `/v2/a/b/blobs/${digestOf('x')}`);
  const lines = (await read())
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  assert.deepEqual(
    lines.map(({ caller, action, repository, digest, tags, status }) => [
      caller,
      action,
      repository,
      digest,
      tags,
      status,
    ]),
    [
      ['anonymous', 'GET /v2/', null, null, [], 401],
      ['user', 'POST blob', 'a/b', digestOf('x'), [], 201],
      ['user', 'POST blob', 'a/b', digestOf('other'), [], 400],
      ['user', 'POST mount', 'c/d', digestOf('x'), [], 201],
      ['user', 'PUT blob', 'a/b', digestOf('y'), [], 201],
      ['user', 'PUT manifest', 'a/b', digestOf(INDEX), ['v1'], 201],
      ['user', 'PUT manifest', 'a/b', digestOf(INDEX), ['x', 'y'], 201],
      ['user', 'DELETE manifest', 'a/b', digestOf(INDEX), ['v1'], 202],
      ['user', 'DELETE blob', 'a/b', digestOf('x'), [], 202],
    ],
  );
  assert.ok(lines.every(({ address }) => address === '192.0.2.1'));
  assert.deepEqual(await verify(), {
    lines: 9,
    torn: 0,
    head: digestOf((await read()).trim().split('\n').at(-1) ?? ''),
  });
});

test('many at once and a restart make one chain, and whatever is changed, taken out or put in breaks it', async () => {
  const { open, read, verify } = setUp();
  for (let round = 0; round < 2; round += 1) {
    const ask = open();
    await Promise.all(
      Array.from({ length: 20 }, (_, index) => ask('POST', upload(`${round} ${index}`), `${round} ${index}`)),
    );
  }
  const text = await read();
  assert.equal((await verify()).lines, 40);
  const lines = text.trim().split('\n');
  const broken = [
    [...lines.slice(0, 5), (lines[5] ?? '').replace('201', '200'), ...lines.slice(6)],
    [...lines.slice(0, 5), ...lines.slice(6)],
    lines.slice(1),
    [...lines.slice(0, 5), lines[5] ?? '', ...lines.slice(5)],
    [...lines.slice(0, 5), lines[6] ?? '', lines[5] ?? '', ...lines.slice(7)],
    [...lines.slice(0, 5), 'not json', ...lines.slice(6)],
  ];
  for (const change of broken) assert.notEqual((await verify(`${change.join('\n')}\n`)).broken, undefined);
  const shorter = await verify(`${lines.slice(0, 30).join('\n')}\n`);
  assert.notEqual(shorter.head, (await verify()).head);
});

test('a line that a crash cut short stays, is counted, and the chain goes on after it', async () => {
  const { ports, path, open, read, verify } = setUp();
  await open()('POST', upload('x'), 'x');
  await ports.files.append(path, Buffer.from('{"time":"2026-'));
  await open()('POST', upload('y'), 'y');
  assert.match(await read(), /\n\{"time":"2026-\n\{/);
  const { lines, torn, broken } = await verify();
  assert.deepEqual([lines, torn, broken], [3, 1, undefined]);
});

test('what cannot be recorded is not acknowledged', async () => {
  const full = new AppError('unavailable', 'audit.jsonl: no space left on device');
  const { open } = setUp({
    append: async () => {
      throw full;
    },
  });
  assert.equal((await open()('POST', upload('x'), 'x')).status, 503);
});

test('a line without an end is refused', async () => {
  const { verify } = setUp();
  await assert.rejects(
    verify('x'.repeat(100_000)),
    (error) => error instanceof AppError && error.kind === 'invalid-input',
  );
});
