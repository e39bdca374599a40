import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { AppError } from '../../core/index.ts';
import { createTestPorts } from '../../io/testing.ts';
import { findCredential } from './credentials.ts';
import { credentialFromPullSecrets, parsePullSecrets } from './pull-secrets.ts';

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64');
const auth = (username: string) => ({ auth: Buffer.from(`${username}:p`).toString('base64') });
const bytes = (text: string) => new TextEncoder().encode(text);

function secretOf(auths: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'pull', namespace: 'team' },
    type: 'kubernetes.io/dockerconfigjson',
    data: { '.dockerconfigjson': encode({ auths }) },
  });
}

async function userOf(text: string, registry: string, repository = 'team/app'): Promise<string | undefined> {
  const found = credentialFromPullSecrets(parsePullSecrets(bytes(text), 'secret.yaml'), { registry, repository });
  return found?.kind === 'password' ? found.username : undefined;
}

function isInvalid(message: RegExp) {
  return (error: unknown) => error instanceof AppError && error.kind === 'invalid-input' && message.test(error.message);
}

test('a secret counts for its hosts: exact, by pattern within each part, with the same port', async () => {
  const cases: readonly (readonly [key: string, registry: string, isFound: boolean])[] = [
    ['registry.example.com', 'registry.example.com', true],
    ['https://registry.example.com/v1/', 'registry.example.com', true],
    ['*.example.com', 'registry.example.com', true],
    ['*.*.example.com', 'a.b.example.com', true],
    ['prefix.*.io', 'prefix.kubernetes.io', true],
    ['*-good.io', 'prefix-good.io', true],
    ['regi?try.io', 'registry.io', true],
    ['registry[0-9].io', 'registry7.io', true],
    ['*.example.com:5000', 'registry.example.com:5000', true],
    ['https://index.docker.io/v1/', 'index.docker.io', true],
    ['docker.io', 'index.docker.io', true],
    ['*.example.com', 'example.com', false],
    ['*.example.com', 'a.b.example.com', false],
    ['*.example.com', 'registry.example.com:5000', false],
    ['*.example.com:5000', 'registry.example.com', false],
    ['*.example.com', 'registry.example.com.evil.org', false],
    ['*', 'registry.example.com', false],
    ['registry[0-9.io', 'registry7.io', false],
    ['registry.example.com', 'registryxexample.com', false],
  ];
  for (const [key, registry, isFound] of cases) {
    assert.equal(
      await userOf(secretOf({ [key]: auth('u') }), registry),
      isFound ? 'u' : undefined,
      `${key} ${registry}`,
    );
  }
});

test('of several keys the longest path wins, then the plain host before a pattern, then the first secret', async () => {
  const secret = secretOf({
    '*.io': auth('pattern'),
    'h.io': auth('host'),
    'h.io/team': auth('team'),
    '*.io/team/app': auth('app'),
  });
  assert.equal(await userOf(secret, 'h.io', 'team/app'), 'app');
  assert.equal(await userOf(secret, 'h.io', 'team/app/more'), 'app');
  assert.equal(await userOf(secret, 'h.io', 'team/application'), 'team');
  assert.equal(await userOf(secret, 'h.io', 'teams/app'), 'host');
  assert.equal(await userOf(secret, 'other.io', 'x'), 'pattern');
  const two = `${secretOf({ 'h.io': auth('first') })}\n---\n${secretOf({ 'h.io': auth('second') })}`;
  assert.equal(await userOf(two, 'h.io'), 'first');
});

test('secrets are read in YAML, in both types, from plain and encoded data, and from lists', async () => {
  const yaml = `apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData:\n  .dockerconfigjson: '${JSON.stringify({ auths: { 'h.io': auth('plain') } })}'\n`;
  assert.equal(await userOf(yaml, 'h.io'), 'plain');
  const legacy = `kind: Secret\nmetadata: {name: a}\ndata:\n  .dockercfg: ${encode({ 'h.io': { username: 'old', password: 'p' } })}\n`;
  assert.equal(await userOf(legacy, 'h.io'), 'old');
  const others = '{"kind":"ConfigMap"}\n---\n{"kind":"Secret","data":{"x":"eA=="}}\n---\n';
  assert.equal(await userOf(others + legacy, 'h.io'), 'old');
  const list = `{"kind":"List","items":[{"kind":"Pod"},${secretOf({ 'h.io': auth('listed') })}]}`;
  assert.equal(await userOf(list, 'h.io'), 'listed');
});

test('a file without a pull secret, or with a broken one, is refused by name and without its content', async () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ['kind: ConfigMap', /^secret\.yaml: expected a secret of type kubernetes\.io\/dockerconfigjson .*, found none$/],
    ['{"kind": "Secret"', /^secret\.yaml: expected YAML/],
    ['kind: Secret\nmetadata: {name: a}\ndata: {.dockerconfigjson: "!!"}', /^secret\.yaml: secret a: .*expected JSON/],
    ['kind: Secret\nmetadata: {name: a}\nstringData: {.dockercfg: "[]"}', /secret a: .dockercfg: expected an object/],
    [
      'kind: Secret\nmetadata: {name: a}\nstringData: {.dockerconfigjson: "{\\"auths\\":3}"}',
      /auths: expected an object/,
    ],
    [secretOf({ 'h.io': { auth: 'secret!' } }), /secret team\/pull: auths: h\.io\.auth: expected base64/],
  ];
  for (const [text, message] of cases) {
    await assert.rejects(userOf(text, 'h.io'), isInvalid(message), text);
    await assert.rejects(userOf(text, 'h.io'), (error) => !String(error).includes('secret!'));
  }
});

test('named secrets come before stored credentials, and settings name them as options do', async () => {
  const ports = createTestPorts();
  const path = join(ports.home, 'secret.yaml');
  await ports.files.writeAtomic(path, secretOf({ 'h.io': auth('secret') }));
  await ports.files.writeAtomic(
    join(ports.home, '.docker/config.json'),
    JSON.stringify({ auths: { 'h.io': auth('stored'), 'other.io': auth('stored') } }),
  );
  const find = async (
    registry: string,
    from: Parameters<typeof findCredential>[0],
    pullSecrets?: readonly string[],
  ) => {
    const sources = pullSecrets === undefined ? {} : { pullSecrets };
    const found = await findCredential(from, { registry, repository: 'a' }, sources);
    return found?.kind === 'password' ? found.username : undefined;
  };
  assert.equal(await find('h.io', ports), 'stored');
  assert.equal(await find('h.io', ports, [path]), 'secret');
  assert.equal(await find('other.io', ports, [path]), 'stored');
  const set = { ...ports, settings: { ...ports.settings, pullSecrets: [path] } };
  assert.equal(await find('h.io', set), 'secret');
  await assert.rejects(find('h.io', ports, [join(ports.home, 'absent')]), /absent: no such file/);
});

test('a named file of credentials replaces the usual ones, and must be there', async () => {
  const ports = createTestPorts();
  const write = (name: string, username: string) =>
    ports.files.writeAtomic(join(ports.home, name), JSON.stringify({ auths: { 'h.io': auth(username) } }));
  await write('.docker/config.json', 'stored');
  await write('mine.json', 'mine');
  const scope = { registry: 'h.io', repository: 'a' };
  const found = await findCredential(ports, scope, { registryConfig: join(ports.home, 'mine.json') });
  assert.equal(found?.kind === 'password' && found.username, 'mine');
  const absent = findCredential(ports, scope, { registryConfig: join(ports.home, 'absent.json') });
  await assert.rejects(absent, /absent\.json: no such file/);
});
