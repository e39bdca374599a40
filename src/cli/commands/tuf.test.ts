/** A TUF repository from its first keys to clients that follow it, from words to exit codes. */
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { join } from 'node:path';
import { test } from 'node:test';
import { createTestPorts } from '../../io/testing.ts';
import { EMPTY_ROOT } from '../../trust/tuf/testing.ts';
import { runCommand } from '../testing.ts';

async function setUp() {
  const time = { now: new Date('2026-01-02T03:04:05Z') };
  const ports = createTestPorts({ clock: () => time.now });
  const path = (name: string): string => join(ports.home, name);
  for (const name of ['ada', 'eve', 'online', 'next']) {
    const { privateKey, publicKey } = generateKeyPairSync('ec', {
      namedCurve: 'P-256',
      publicKeyEncoding: { format: 'pem', type: 'spki' },
      privateKeyEncoding: { format: 'pem', type: 'pkcs8' },
    });
    await ports.files.writeAtomic(path(`${name}.key`), privateKey);
    await ports.files.writeAtomic(path(`${name}.pub`), publicKey);
  }
  await ports.files.writeAtomic(path('trusted_root.json'), JSON.stringify(EMPTY_ROOT));
  const run = async (code: number, ...words: readonly string[]) => {
    const ran = await runCommand(ports, words);
    assert.equal(ran.code, code, `${words.join(' ')}: ${ran.stdout}${ran.stderr}`);
    return ran;
  };
  const tuf = async (code: number, verb: string, ...words: readonly string[]) =>
    await run(code, 'tuf', verb, path('tuf'), ...words);
  return { time, path, run, tuf };
}

test('two holders sign one after the other, the folder is published, clients follow it and the rotation of its keys', async () => {
  const { path, run, tuf, time } = await setUp();
  await tuf(
    0,
    'init',
    '--root-key',
    path('ada.pub'),
    '--root-key',
    path('eve.pub'),
    '--root-threshold',
    '2',
    '--snapshot-key',
    path('online.pub'),
  );
  await tuf(0, 'add', path('trusted_root.json'));
  const first = await tuf(0, 'sign', '--key', path('ada.key'));
  assert.match(first.stdout, /root 1: 1 of 2 signatures by the keys of root 1\ntargets 1: 1 of 2/);
  const refused = await tuf(7, 'publish', '--key', path('online.key'));
  assert.match(refused.stderr, /expected signatures by 2 keys, found 1/);
  const second = JSON.parse((await tuf(0, 'sign', '--key', path('eve.key'), '--json')).stdout) as {
    canPublish: boolean;
  };
  assert.equal(second.canPublish, true);
  await tuf(0, 'publish', '--key', path('online.key'));
  const mirror = ['--mirror', path('tuf')];
  await run(0, 'initialize', ...mirror, '--root', join(path('tuf'), '1.root.json'));
  const signing = await run(2, 'sign-blob', '--identity-token', 'x', '--bundle', path('bundle'), path('ada.pub'));
  assert.match(signing.stderr, /expected a certificate authority, found none/, 'nothing private is signed in public');
  await tuf(
    0,
    'rotate',
    '--role',
    'snapshot',
    '--role',
    'timestamp',
    '--add',
    path('next.pub'),
    '--remove',
    path('online.pub'),
  );
  await tuf(0, 'sign', '--key', path('ada.key'));
  await tuf(0, 'sign', '--key', path('eve.key'));
  await tuf(7, 'publish', '--key', path('online.key'));
  await tuf(0, 'publish', '--key', path('next.key'));
  const followed = await run(0, 'initialize', ...mirror);
  assert.match(followed.stdout, /root: version 2/);
  time.now = new Date('2026-01-07T00:00:00Z');
  const soon = await tuf(1, 'check', '--json');
  const report = JSON.parse(soon.stdout) as { roles: { role: string; isDue: boolean }[]; targets: unknown[] };
  assert.deepEqual(
    report.roles.filter(({ isDue }) => isDue).map(({ role }) => role),
    ['timestamp'],
  );
  assert.deepEqual(report.targets, [{ name: 'trusted_root.json', size: JSON.stringify(EMPTY_ROOT).length }]);
  await tuf(0, 'publish', '--key', path('next.key'));
  await tuf(0, 'check');
  time.now = new Date('2026-02-20T00:00:00Z');
  assert.match((await tuf(7, 'check')).stderr, /timestamp\.json: .*expired/);
});

test('a repository without keys, with too few of them, or with nothing to do is refused with what is expected', async () => {
  const { path, tuf } = await setUp();
  assert.match(
    (await tuf(2, 'init', '--root-key', path('ada.pub'))).stderr,
    /--snapshot-key: expected at least one public key/,
  );
  const keys = ['--root-key', path('ada.pub'), '--snapshot-key', path('online.pub')];
  assert.match(
    (await tuf(2, 'init', ...keys, '--root-threshold', '2')).stderr,
    /root: expected a threshold from 1 to its 1 keys/,
  );
  assert.match((await tuf(4, 'sign', '--key', path('absent.key'))).stderr, /no such file/);
  assert.match((await tuf(4, 'add', path('ada.pub'))).stderr, /expected a TUF repository/);
  await tuf(0, 'init', ...keys);
  assert.match((await tuf(2, 'add')).stderr, /expected files to add or names to remove/);
  assert.match(
    (await tuf(2, 'add', '--name', 'x', path('ada.pub'), path('eve.pub'))).stderr,
    /--name: expected one file/,
  );
  assert.match((await tuf(2, 'rotate', '--role', 'mirror')).stderr, /--role: expected root/);
  assert.match((await tuf(3, 'sign', '--key', path('next.key'))).stderr, /may sign, found nothing/);
  assert.match((await tuf(4, 'rotate', '--role', 'root', '--remove', path('eve.pub'))).stderr, /expected a key/);
});
