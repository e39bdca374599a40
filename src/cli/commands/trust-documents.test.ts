/** Trusted roots and signing configurations made, looked at and carried, from words to exit codes. */
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { join } from 'node:path';
import { test } from 'node:test';
import { createHandlerHttp } from '../../artifacts/testing.ts';
import { AppError } from '../../core/index.ts';
import { createTestPorts } from '../../io/testing.ts';
import { serveTestRepository } from '../../trust/tuf/testing.ts';
import { TestSigstore } from '../../trust/testing.ts';
import { runCommand } from '../testing.ts';

const START = 'start-time=2025-01-01T00:00:00Z';

async function setUp(at = new Date('2026-01-02T03:04:05Z')) {
  const plain = createTestPorts({ clock: () => at });
  const { handler, root } = await serveTestRepository(plain);
  const ports = { ...plain, http: createHandlerHttp({ 'localhost:5555': handler }) };
  const path = (name: string): string => join(ports.home, name);
  const pem = (bytes: Uint8Array): string =>
    `-----BEGIN CERTIFICATE-----\n${Buffer.from(bytes).toString('base64')}\n-----END CERTIFICATE-----\n`;
  const sigstore = new TestSigstore();
  await ports.files.writeAtomic(path('chain.pem'), pem(sigstore.intermediate.der) + pem(sigstore.ca.der));
  await ports.files.writeAtomic(path('tsa.pem'), pem(sigstore.tsa.der) + pem(sigstore.tsaCa.der));
  for (const [name, kind] of [['log', 'ed25519'] as const, ['ct', 'ec'] as const]) {
    const pair = kind === 'ec' ? generateKeyPairSync('ec', { namedCurve: 'P-256' }) : generateKeyPairSync('ed25519');
    await ports.files.writeAtomic(path(`${name}.pub`), pair.publicKey.export({ format: 'pem', type: 'spki' }));
  }
  await ports.files.writeAtomic(path('tuf.json'), root);
  const run = async (code: number, ...words: readonly string[]) => {
    const ran = await runCommand(ports, words);
    assert.equal(ran.code, code, `${words.join(' ')}: ${ran.stdout}${ran.stderr}`);
    return ran;
  };
  return { path, run, ports };
}

const services = (path: (name: string) => string): readonly string[] => [
  '--fulcio',
  `url=https://fulcio.test,certificate-chain=${path('chain.pem')}`,
  '--rekor',
  `url=https://rekor.test,public-key=${path('log.pub')},${START},origin=log.rekor.test`,
  '--ctfe',
  `url=https://ct.test,public-key=${path('ct.pub')},${START},end-time=2026-01-10T00:00:00Z`,
  '--tsa',
  `url=https://tsa.test,certificate-chain=${path('tsa.pem')}`,
];

interface Listed {
  readonly members: readonly {
    readonly kind: string;
    readonly url: string;
    readonly state: string;
    readonly isDue: boolean;
  }[];
}

test('a trusted root made from keys and certificates is read back, and what ends soon in it is said before it does', async () => {
  const { path, run } = await setUp();
  await run(0, 'trusted-root', 'create', ...services(path), '--out', path('root.json'));
  const calm = JSON.parse(
    (await run(0, 'trusted-root', 'inspect', '--within', '5', '--json', path('root.json'))).stdout,
  ) as Listed;
  assert.deepEqual(
    calm.members.map(({ kind, url, state }) => [kind, url, state]),
    [
      ['certificate authority', 'https://fulcio.test', 'active'],
      ['certificate log', 'https://ct.test', 'active'],
      ['log', 'https://rekor.test', 'active'],
      ['timestamp authority', 'https://tsa.test', 'active'],
    ],
  );
  const soon = JSON.parse((await run(1, 'trusted-root', 'inspect', '--json', path('root.json'))).stdout) as Listed;
  assert.deepEqual(
    soon.members.filter(({ isDue }) => isDue).map(({ url }) => url),
    ['https://ct.test'],
  );
  const successor = `url=https://ct2.test,public-key=${path('ct.pub')},${START}`;
  await run(0, 'trusted-root', 'create', ...services(path), '--ctfe', successor, '--out', path('root2.json'));
  await run(0, 'trusted-root', 'inspect', path('root2.json'));
});

test('what is over or still to come is told from what is in use', async () => {
  const { path, run } = await setUp(new Date('2026-06-01T00:00:00Z'));
  const later = `url=https://later.test,public-key=${path('ct.pub')},start-time=2026-07-01T00:00:00Z`;
  await run(0, 'trusted-root', 'create', ...services(path), '--ctfe', later, '--out', path('root.json'));
  const { members } = JSON.parse(
    (await run(0, 'trusted-root', 'inspect', '--json', path('root.json'))).stdout,
  ) as Listed;
  const states = members.filter(({ kind }) => kind === 'certificate log').map(({ state }) => state);
  assert.deepEqual(states, ['past', 'future']);
});

test('a signing configuration is made with its choices and read back', async () => {
  const { path, run } = await setUp();
  const service = `api-version=2,${START},end-time=2026-01-20T00:00:00Z,operator=example.com`;
  const rekor = ['--rekor', `url=https://rekor.test,${service}`];
  const made = await run(0, 'signing-config', 'create', ...rekor, '--rekor-config', 'EXACT:1');
  const period = { start: '2025-01-01T00:00:00Z', end: '2026-01-20T00:00:00Z' };
  assert.deepEqual(JSON.parse(made.stdout), {
    mediaType: 'application/vnd.dev.sigstore.signingconfig.v0.2+json',
    rekorTlogUrls: [{ url: 'https://rekor.test', majorApiVersion: 2, validFor: period, operator: 'example.com' }],
    rekorTlogConfig: { selector: 'EXACT', count: 1 },
  });
  await run(0, 'signing-config', 'create', ...rekor, '--rekor-config', 'ANY', '--out', path('config.json'));
  assert.match((await run(1, 'signing-config', 'inspect', path('config.json'))).stdout, /rekor\.test.*ends soon/);
  await run(0, 'signing-config', 'inspect', '--within', '3', path('config.json'));
  assert.match((await run(2, 'signing-config', 'create', ...rekor)).stderr, /expected --rekor-config/);
  assert.match(
    (await run(2, 'signing-config', 'create', ...rekor, '--rekor-config', 'EXACT:0')).stderr,
    /ANY, ALL or EXACT:N/,
  );
});

test('services that say too little, too much or nothing sensible are refused by the name of the flag', async () => {
  const { path, run } = await setUp();
  const create = async (code: number, ...flags: readonly string[]): Promise<string> =>
    (await run(code, 'trusted-root', 'create', ...flags)).stderr;
  assert.match(
    await create(2, '--rekor', `url=https://a.test,public-key=${path('log.pub')}`),
    /--rekor: expected start-time=VALUE/,
  );
  assert.match(
    await create(2, '--fulcio', `url=https://a.test,chain=${path('chain.pem')}`),
    /--fulcio: expected one of url, certificate-chain/,
  );
  assert.match(
    await create(3, '--rekor', `url=https://a.test,public-key=${path('chain.pem')},${START}`),
    /rekor public key: expected one PEM block/,
  );
  assert.match(
    await create(3, '--rekor', `url=https://a.test,public-key=${path('log.pub')},start-time=soon`),
    /expected an RFC 3339 time/,
  );
  assert.match(await create(4, '--tsa', `url=https://a.test,certificate-chain=${path('absent')}`), /no such file/);
  assert.match(await create(7, '--with-default-services'), /expected trust material, found none/);
});

test('the environment says where to begin, and its root is for its own mirror alone', async () => {
  const { path, ports } = await setUp();
  const environment = { TUF_MIRROR: 'http://localhost:5555/tuf', TUF_ROOT_JSON: path('tuf.json') };
  const initialize = async (...words: readonly string[]) =>
    await runCommand({ ...ports, environment }, ['initialize', ...words]);
  const other = await initialize('--mirror', 'http://localhost:5555/other');
  assert.equal(other.code, 2);
  assert.match(other.stderr, /expected the root metadata to trust, found none/);
  assert.equal((await initialize('--root', path('tuf.json'))).code, 6, 'the public mirror, with no network');
  const named = await initialize();
  assert.equal(named.code, 0, named.stderr);
  assert.match(named.stdout, /localhost:5555\/tuf/);
  const unset = await runCommand({ ...ports, environment: { TUF_MIRROR: '' } }, ['initialize']);
  assert.equal(unset.code, 6, 'the public mirror, with no network');
});

test('the staging instance is named by one word', async () => {
  const { ports } = await setUp();
  const asked: string[] = [];
  const http: typeof ports.http = async ({ url }) => {
    asked.push(url);
    throw new AppError('unavailable', 'no network');
  };
  assert.equal((await runCommand({ ...ports, http }, ['initialize', '--staging'])).code, 6);
  assert.match(asked[0] ?? '', /^https:\/\/tuf-repo-cdn\.sigstage\.dev\/13\.root\.json$/, 'the next one than ours');
  assert.equal((await runCommand(ports, ['initialize', '--staging', '--mirror', 'http://a.test'])).code, 2);
});

test('what was initialized is inspected, built upon, exported and imported', async () => {
  const { path, run } = await setUp();
  assert.match((await run(7, 'trusted-root', 'inspect')).stderr, /expected trust material, found none/);
  await run(0, 'initialize', '--mirror', 'http://localhost:5555/tuf', '--root', path('tuf.json'));
  assert.match((await run(0, 'trusted-root', 'inspect')).stdout, /timestamp: version 1, expires 2026-01-09/);
  const made = await run(
    0,
    'trusted-root',
    'create',
    '--with-default-services',
    '--no-default-tsa',
    ...services(path).slice(0, 2),
  );
  const value = JSON.parse(made.stdout) as { certificateAuthorities: unknown[]; tlogs?: unknown };
  assert.equal(value.certificateAuthorities.length, 1);
  await run(0, 'trusted-root', 'export', path('trust.json'));
  const other = await setUp();
  await other.run(7, 'trusted-root', 'import', path('trust.json'), '--root', other.path('tuf.json'));
  await other.run(0, 'trusted-root', 'import', path('trust.json'), '--root', path('tuf.json'));
  assert.match((await other.run(0, 'trusted-root', 'inspect', '--offline')).stdout, /localhost:5555\/tuf/);
});
