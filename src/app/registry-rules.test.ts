import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { AppError, type ErrorKind } from '../core/index.ts';
import { createTestPorts, TEST_TIME } from '../io/testing.ts';
import { checkRegistryAudit, cleanRegistry, createRegistryToken, setRegistryUser } from './keep-registry.ts';
import { openRegistryRules } from './registry-rules.ts';

function setUp() {
  const world = { at: TEST_TIME.getTime() };
  const ports = createTestPorts({ clock: () => new Date(world.at) });
  const path = join(ports.home, 'registry.yaml');
  const users = join(ports.home, 'users');
  const write = async (text: string) => await ports.files.writeAtomic(path, text);
  return { ports, world, path, users, write };
}

async function rejects(action: Promise<unknown>, kind: ErrorKind, message: RegExp): Promise<void> {
  await assert.rejects(action, (error) => {
    assert.ok(error instanceof AppError, String(error));
    assert.equal(error.kind, kind, error.message);
    assert.match(error.message, message);
    return true;
  });
}

const EVERYTHING = 'access: [{ callers: [alice], repositories: ["**"], rights: [pull, push, delete] }]\n';

test('rules are read with their users, and anew when either file changes; while they cannot be read, nothing is', async () => {
  const { ports, world, path, users, write } = setUp();
  await setRegistryUser(ports, { file: users, name: 'alice', password: 'secret' });
  await write(`users: users\naudit: logs/audit.jsonl\n${EVERYTHING}`);
  const rules = await openRegistryRules(ports, path);
  assert.equal(rules.audit, join(ports.home, 'logs/audit.jsonl'));
  const isAlice = async (password: string) => await (await rules.current()).access?.users.get('alice')?.(password);
  assert.equal(await isAlice('secret'), true);
  await setRegistryUser(ports, { file: users, name: 'alice', password: 'changed' });
  assert.equal(await isAlice('secret'), true, 'looked a moment ago');
  world.at += 1000;
  assert.equal(await isAlice('secret'), false);
  assert.equal(await isAlice('changed'), true);
  await write('acces: []\n');
  world.at += 1000;
  await rejects(rules.current(), 'unavailable', /registry\.yaml\.acces: unknown field/);
  await write('immutable: [{ repositories: ["**"], tags: ["v*"] }]\n');
  world.at += 1000;
  assert.deepEqual(await rules.current(), {
    access: undefined,
    immutable: [{ repositories: ['**'], tags: ['v*'] }],
  });
});

test('rules that do not mean what they seem to are refused', async () => {
  const { ports, path, users, write } = setUp();
  await setRegistryUser(ports, { file: users, name: 'alice', password: 'secret' });
  const digest = '0'.repeat(64);
  const faults: readonly (readonly [string, RegExp])[] = [
    ['users: users\n', /access: expected what users and tokens may do, found nothing/],
    [`tokens: [{ name: ci, sha256: "${digest}" }]\n`, /access: expected/],
    [EVERYTHING, /access: expected names of users and tokens.*"alice"/],
    [`users: users\n${EVERYTHING.replace('delete', 'write')}`, /rights\[2\]: expected pull or push or delete/],
    [`users: users\n${EVERYTHING}tokens: [{ name: alice, sha256: "${digest}" }]\n`, /each name once/],
    [`users: users\n${EVERYTHING}tokens: [{ name: "*", sha256: "${digest}" }]\n`, /none that has a meaning/],
    [`users: users\n${EVERYTHING}tokens: [{ name: ci, sha256: abc }]\n`, /sha256: expected 64 lower-case hex digits/],
    [`users: users\n${EVERYTHING}url: registry.example.com\n`, /url: expected https/],
    [`users: users\n${EVERYTHING}challenge: none\n`, /challenge: expected basic or token/],
    ['access: ]', /expected YAML/],
  ];
  for (const [text, message] of faults) {
    await write(text);
    await rejects(openRegistryRules(ports, path), 'invalid-input', message);
  }
  await write('users: nowhere\naccess: []\n');
  await rejects(openRegistryRules(ports, path), 'not-found', /nowhere/);
});

test('users are removed, and names that would break the file are refused', async () => {
  const { ports, users } = setUp();
  await setRegistryUser(ports, { file: users, name: 'alice', password: 'secret' });
  assert.equal((await ports.files.stat(users))?.mode, 0o600);
  await setRegistryUser(ports, { file: users, name: 'alice', password: undefined });
  await rejects(
    setRegistryUser(ports, { file: users, name: 'alice', password: undefined }),
    'not-found',
    /no user alice/,
  );
  for (const name of ['', 'a:b', 'a b', '#a', 'a\nb'])
    await rejects(setRegistryUser(ports, { file: users, name, password: 'x' }), 'usage', /user: expected a name/);
});

test('a token is random, and its digest is what the rules want', async () => {
  const { ports, path, write } = setUp();
  const { token, sha256 } = createRegistryToken(ports);
  assert.notEqual(token, createRegistryToken(ports).token);
  await write(`tokens: [{ name: alice, sha256: "${sha256}" }]\n${EVERYTHING}`);
  const { access } = await (await openRegistryRules(ports, path)).current();
  assert.equal(access?.tokens.get(sha256), 'alice');
});

test('a registry or an audit log that is not there is named', async () => {
  const { ports } = setUp();
  const input = { graceMinutes: 60, untagged: false, dryRun: false };
  await rejects(cleanRegistry(ports, input, AbortSignal.timeout(1000)), 'not-found', /expected a registry's folder/);
  await rejects(checkRegistryAudit(ports, join(ports.home, 'none')), 'not-found', /none: no such file/);
});
