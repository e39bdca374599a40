import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { dataSet, needsSharedData } from '../../../test/shared-data.ts';
import { AppError, type RunProgram } from '../../core/index.ts';
import { createTestPorts } from '../../io/testing.ts';
import { findCredential } from './credentials.ts';
import { parseConfig } from './docker-config.ts';

async function portsWith(config: string | Uint8Array, changes: Parameters<typeof createTestPorts>[0] = {}) {
  const ports = createTestPorts(changes);
  await ports.files.writeAtomic(join(ports.home, '.docker/config.json'), config);
  return ports;
}

const fixture = (name: string) => readFileSync(join(dataSet('oci'), 'docker-config', name));
const password = (username: string, secret: string) => ({ kind: 'password', username, password: secret });

function isInvalid(error: unknown): boolean {
  return error instanceof AppError && error.kind === 'invalid-input';
}

test('findCredential reads the published configuration files', needsSharedData, async () => {
  const ports = await portsWith(fixture('valid_auths_config.json'));
  const find = (number: number) =>
    findCredential(ports, { registry: `registry${number}.example.com`, repository: 'a' });
  assert.deepEqual(await find(1), password('username', 'password'));
  assert.deepEqual(await find(2), { kind: 'identity-token', token: 'identity_token' });
  assert.deepEqual(await find(3), { kind: 'registry-token', token: 'registry_token' });
  assert.deepEqual(await find(4), { kind: 'registry-token', token: 'registry_token' });
  assert.equal(await find(5), undefined);
  assert.deepEqual(await find(6), password('username', 'password'));
  assert.deepEqual(await find(7), password('username', 'password'));
  assert.equal(await find(8), undefined);
});

test('findCredential matches keys with scheme and path by host', needsSharedData, async () => {
  const ports = await portsWith(fixture('legacy_auths_config.json'));
  for (const number of [1, 2, 3, 4, 5, 6]) {
    const found = await findCredential(ports, { registry: `registry${number}.example.com`, repository: 'a' });
    assert.deepEqual(found, password(`username${number}`, `password${number}`));
  }
});

test('parseConfig refuses broken files and takes empty ones', needsSharedData, () => {
  assert.throws(() => parseConfig(fixture('bad_config'), 'x'), isInvalid);
  assert.throws(() => parseConfig(fixture('invalid_auths_config.json'), 'x'), isInvalid);
  for (const name of ['empty.json', 'whitespace.json', 'no_auths_config.json']) {
    assert.equal(parseConfig(fixture(name), name).auths.size, 0);
  }
});

test('a broken entry fails when it is asked for, and only then', needsSharedData, async () => {
  const ports = await portsWith(fixture('invalid_auths_entry_config.json'));
  for (const number of [1, 2, 3])
    await assert.rejects(
      findCredential(ports, { registry: `registry${number}.example.com`, repository: 'a' }),
      isInvalid,
    );
  assert.equal(await findCredential(ports, { registry: 'registry4.example.com', repository: 'a' }), undefined);
});

test('credential helpers are asked by their protocol; an empty name means none', needsSharedData, async () => {
  const asked: string[] = [];
  const run: RunProgram = async (program, args, { input }) => {
    asked.push(`${program} ${args.join(' ')} ${String(input)}`);
    if (program.endsWith('registry2-helper'))
      return { code: 1, stdout: 'credentials not found in native keychain\n', stderr: '' };
    return { code: 0, stdout: '{"ServerURL":"","Username":"<token>","Secret":"s"}', stderr: '' };
  };
  const ports = await portsWith(fixture('credHelpers_config.json'), { run });
  assert.deepEqual(await findCredential(ports, { registry: 'registry1.example.com', repository: 'a' }), {
    kind: 'identity-token',
    token: 's',
  });
  assert.equal(await findCredential(ports, { registry: 'registry2.example.com', repository: 'a' }), undefined);
  assert.deepEqual(
    await findCredential(ports, { registry: 'registry3.example.com', repository: 'a' }),
    password('foo', 'bar'),
  );
  assert.deepEqual(asked, [
    'docker-credential-registry1-helper get registry1.example.com',
    'docker-credential-registry2-helper get registry2.example.com',
  ]);
});

test('a credential of one host is never found for another', async () => {
  const ports = await portsWith(JSON.stringify({ auths: { 'example.com': { username: 'u', password: 'p' } } }));
  for (const host of ['example.com:5000', 'a.example.com', 'example.com.evil.org', 'evil.org']) {
    assert.equal(await findCredential(ports, { registry: host, repository: 'example.com/x' }), undefined, host);
  }
});

test('the longest path wins, and a key with a path is for that path alone', async () => {
  const auth = (username: string) => ({ username, password: 'p' });
  const ports = await portsWith(
    JSON.stringify({ auths: { 'h.io/team': auth('team'), 'h.io/team/app': auth('app'), 'h.io': auth('host') } }),
  );
  const find = async (repository: string) => {
    const found = await findCredential(ports, { registry: 'h.io', repository });
    return found?.kind === 'password' ? found.username : undefined;
  };
  assert.equal(await find('team/app'), 'app');
  assert.equal(await find('team/other'), 'team');
  assert.equal(await find('teams/other'), 'host');
  const only = await portsWith(JSON.stringify({ auths: { 'h.io/team': auth('team') } }));
  assert.equal(await findCredential(only, { registry: 'h.io', repository: 'other' }), undefined);
});

test('Docker Hub is found under the name that docker login gives it', async () => {
  const ports = await portsWith(
    JSON.stringify({ auths: { 'https://index.docker.io/v1/': { username: 'u', password: 'p' } } }),
  );
  assert.deepEqual(
    await findCredential(ports, { registry: 'index.docker.io', repository: 'library/nginx' }),
    password('u', 'p'),
  );
});

test('a helper whose name is a path is refused', async () => {
  const ports = await portsWith(JSON.stringify({ credsStore: '../../tmp/evil' }));
  await assert.rejects(findCredential(ports, { registry: 'h.io', repository: 'a' }), isInvalid);
});

test('DOCKER_CONFIG and REGISTRY_AUTH_FILE name other files', async () => {
  const ports = createTestPorts();
  const write = (path: string, username: string) =>
    ports.files.writeAtomic(join(ports.home, path), JSON.stringify({ auths: { 'h.io': { username, password: 'p' } } }));
  await write('docker/config.json', 'docker');
  await write('auth.json', 'auth');
  const docker = { ...ports, environment: { DOCKER_CONFIG: join(ports.home, 'docker') } };
  assert.deepEqual(await findCredential(docker, { registry: 'h.io', repository: 'a' }), password('docker', 'p'));
  const both = { ...ports, environment: { ...docker.environment, REGISTRY_AUTH_FILE: join(ports.home, 'auth.json') } };
  assert.deepEqual(await findCredential(both, { registry: 'h.io', repository: 'a' }), password('auth', 'p'));
});
