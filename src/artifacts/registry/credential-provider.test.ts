import assert from 'node:assert/strict';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { createTestPorts, temporaryFolder } from '../../io/testing.ts';
import { openCredentialProviders } from './credential-provider.ts';
import { findCredential } from './credentials.ts';

const scope = (registry: string, repository = 'team/app') => ({ registry, repository });
const ENV = [{ name: 'WHO', value: 'node' }];

/** A program in a folder of its own that counts its runs and answers with these fields, and with what it was told. */
async function setUp(answer: object, provider: object = {}, script = '') {
  const folder = temporaryFolder();
  const state = { now: Date.parse('2026-01-02T00:00:00Z') };
  const ports = { ...createTestPorts(), clock: () => new Date(state.now) };
  await ports.files.makeFolder(folder);
  const text = JSON.stringify({
    apiVersion: 'credentialprovider.kubelet.k8s.io/v1',
    kind: 'CredentialProviderResponse',
    cacheKeyType: 'Registry',
    cacheDuration: '1h',
    auth: { '*.example.com': { username: 'USER', password: 'p' } },
    ...answer,
  });
  const body = `#!/bin/sh\ncat >> ${join(folder, 'asked')}; echo >> ${join(folder, 'asked')}\n${script}\necho '${text}' | sed "s/USER/$1-$WHO/"\n`;
  await writeFile(join(folder, 'helper'), body);
  await chmod(join(folder, 'helper'), 0o755);
  const one = {
    name: 'helper',
    apiVersion: 'credentialprovider.kubelet.k8s.io/v1',
    matchImages: ['*.example.com', 'other.test/team'],
    defaultCacheDuration: '10m',
    args: ['get'],
    env: ENV,
    ...provider,
  };
  const config = { apiVersion: 'kubelet.config.k8s.io/v1', kind: 'CredentialProviderConfig', providers: [one] };
  await writeFile(join(folder, 'config.yaml'), JSON.stringify(config));
  const asked = async (): Promise<readonly { readonly image: string; readonly kind: string }[]> => {
    if ((await ports.files.stat(join(folder, 'asked'))) === undefined) return [];
    const lines = new TextDecoder()
      .decode(await ports.files.read(join(folder, 'asked')))
      .trim()
      .split('\n');
    return lines.map((line) => JSON.parse(line) as { image: string; kind: string });
  };
  const open = async () =>
    await openCredentialProviders(ports, { config: join(folder, 'config.yaml'), binDir: folder });
  return { state, ports, asked, open };
}

test('a provider is asked for images that it is for, once as long as its answer holds', async () => {
  const set = await setUp({});
  const providers = await set.open();
  const found = { kind: 'password', username: 'get-node', password: 'p' };
  assert.deepEqual(await providers.find(scope('a.example.com')), found);
  assert.deepEqual(await providers.find(scope('a.example.com', 'another')), found);
  assert.deepEqual(
    (await set.asked()).map(({ kind, image }) => `${kind} ${image}`),
    ['CredentialProviderRequest a.example.com/team/app'],
  );
  await providers.find(scope('b.example.com'));
  assert.equal((await set.asked()).length, 2, 'its answer was for one registry');
  set.state.now += 3_600_001;
  await providers.find(scope('a.example.com'));
  assert.equal((await set.asked()).length, 3);
});

test('a provider is not asked for other images, and what it knows of others is sent to nobody', async () => {
  const set = await setUp({});
  const providers = await set.open();
  for (const [registry, repository] of [
    ['example.com', 'a'],
    ['a.b.example.com', 'a'],
    ['a.example.com:5000', 'a'],
    ['a.example.com.evil.test', 'a'],
    ['other.test', 'teams/app'],
  ] as const)
    assert.equal(await providers.find(scope(registry, repository)), undefined, `${registry}/${repository}`);
  assert.deepEqual(await set.asked(), []);
  assert.equal(await providers.find(scope('other.test')), undefined, 'its answer speaks of another registry');
});

test('answers are kept for an image, for all, or not at all, as they say', async () => {
  const cases = [
    [{ cacheKeyType: 'Image' }, 2],
    [{ cacheKeyType: 'Global' }, 1],
    [{ cacheDuration: '0s' }, 3],
    [{ cacheDuration: undefined }, 1],
  ] as const;
  for (const [answer, runs] of cases) {
    const set = await setUp(answer);
    const providers = await set.open();
    for (const repository of ['one', 'two', 'one']) await providers.find(scope('a.example.com', repository));
    assert.equal((await set.asked()).length, runs, JSON.stringify(answer));
  }
});

test('a provider that fails is named without what it printed', async () => {
  const set = await setUp({}, {}, 'echo hunter2 >&2; exit 3');
  const providers = await set.open();
  await assert.rejects(providers.find(scope('a.example.com')), (error: Error) => {
    assert.match(error.message, /^credential provider helper: ended with code 3/);
    return !error.message.includes('hunter2');
  });
});

test('configurations that cannot be followed are refused', async () => {
  const providers = [
    { name: '../helper' },
    { name: '..' },
    { apiVersion: 'credentialprovider.kubelet.k8s.io/v2' },
    { defaultCacheDuration: 'soon' },
    { tokenAttributes: { serviceAccountTokenAudience: 'x' } },
    { matchImages: 'all' },
  ];
  for (const provider of providers) {
    const set = await setUp({}, provider);
    await assert.rejects(set.open(), { kind: 'invalid-input' }, JSON.stringify(provider));
  }
});

test('a configuration that is no YAML is refused', async () => {
  const ports = createTestPorts();
  const folder = temporaryFolder();
  await ports.files.makeFolder(folder);
  await writeFile(join(folder, 'config'), 'kind: [');
  const opening = openCredentialProviders(ports, { config: join(folder, 'config'), binDir: folder });
  await assert.rejects(opening, { kind: 'invalid-input' });
});

test('pull secrets of a workload come before providers, and providers before files', async () => {
  const set = await setUp({});
  const auth = { username: 'own', password: 'p' };
  const workloadSecrets = [{ name: 's', auths: new Map([['a.example.com', auth]]) }];
  const providers = await set.open();
  const user = async (sources: object) => {
    const found = await findCredential(set.ports, scope('a.example.com'), sources);
    return found?.kind === 'password' ? found.username : undefined;
  };
  assert.equal(await user({ providers, workloadSecrets }), 'own');
  assert.equal(await user({ providers }), 'get-node');
  assert.equal(await user({}), undefined);
});
