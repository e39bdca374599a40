import assert from 'node:assert/strict';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { createTestPorts, temporaryFolder } from '../../io/testing.ts';
import { openConnection } from './connection.ts';

const V1 = 'client.authentication.k8s.io/v1';

/** A kubeconfig whose user is a shell script beside it; it counts its runs in a file. */
async function setUp(script: string, more: object = {}) {
  const folder = temporaryFolder();
  const state = { now: Date.parse('2026-01-02T00:00:00Z') };
  const ports = { ...createTestPorts(), clock: () => new Date(state.now) };
  await ports.files.makeFolder(folder);
  await writeFile(join(folder, 'plugin'), `#!/bin/sh\necho run >> ${join(folder, 'runs')}\n${script}\n`);
  await chmod(join(folder, 'plugin'), 0o755);
  const exec = { apiVersion: V1, command: './plugin', args: ['get'], env: [{ name: 'WHO', value: 'me' }], ...more };
  const config = {
    'current-context': 'c',
    contexts: [{ name: 'c', context: { cluster: 'k', user: 'u' } }],
    clusters: [{ name: 'k', cluster: { server: 'https://a.test' } }],
    users: [{ name: 'u', user: { exec } }],
  };
  const path = join(folder, 'config');
  await writeFile(path, JSON.stringify(config));
  const runs = async () =>
    new TextDecoder().decode(await ports.files.read(join(folder, 'runs'))).split('\n').length - 1;
  return { state, runs, open: async () => await openConnection(ports, path) };
}

const answer = (status: object, apiVersion = V1) =>
  `echo '${JSON.stringify({ apiVersion, kind: 'ExecCredential', status })}'`;

test('a program of the kubeconfig gives the token, and runs again when that ends', async () => {
  const token = answer({ token: 'TOKEN', expirationTimestamp: '2026-01-02T00:10:00Z' });
  const set = await setUp(`[ "$1 $WHO" = "get me" ] || exit 3\n${token.replace('TOKEN', 'first')}`);
  const connection = await set.open();
  const authorization = async () => await connection.authorization();
  assert.deepEqual(await Promise.all([authorization(), authorization()]), ['Bearer first', 'Bearer first']);
  assert.equal(await set.runs(), 1);
  set.state.now += 9 * 60_000;
  await authorization();
  assert.equal(await set.runs(), 1);
  set.state.now += 40_000;
  await authorization();
  assert.equal(await set.runs(), 2);
});

test('it is told of the cluster where it asks for it, and that nobody answers questions', async () => {
  const script = `case $KUBERNETES_EXEC_INFO in *'"interactive":false'*a.test*) ${answer({ token: 't' })};; *) exit 4;; esac`;
  assert.equal(await (await (await setUp(script, { provideClusterInfo: true })).open()).authorization(), 'Bearer t');
  await assert.rejects(async () => await (await (await setUp(script)).open()).authorization(), /code 4/);
});

test('a program that fails, answers nonsense or another version, or wants to ask is refused', async () => {
  const scripts: readonly (readonly [string, object])[] = [
    ['echo no >&2; exit 1', { kind: 'unauthorized', message: /\.\/plugin: ended with code 1: no$/ }],
    ['echo nonsense', { kind: 'invalid-input' }],
    [answer({}), { kind: 'unauthorized' }],
    [answer({ token: 't' }, 'client.authentication.k8s.io/v1beta1'), { kind: 'unauthorized' }],
    [answer({ token: 't', expirationTimestamp: 'soon' }), { kind: 'invalid-input' }],
  ];
  for (const [script, error] of scripts) {
    const connection = await (await setUp(script)).open();
    await assert.rejects(connection.authorization(), error, script);
  }
  const asking = await setUp('exit 0', { interactiveMode: 'Always' });
  await assert.rejects(asking.open(), { kind: 'invalid-input' });
});
