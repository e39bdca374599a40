/** Signing under conditions, many files by one signature, and key rotation, from words to exit codes. */
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { join } from 'node:path';
import { test } from 'node:test';
import { openRepository } from '../../app/registry.ts';
import { createTestRegistry } from '../../app/testing.ts';
import { createHandlerHttp } from '../../artifacts/testing.ts';
import { parseReference } from '../../core/index.ts';
import { createTestPorts } from '../../io/testing.ts';
import { pushImage } from '../../trust/images/testing.ts';
import { runCommand } from '../testing.ts';

const HOST = 'localhost:5000';
const IMAGE = `${HOST}/app:v1`;
const PEM = {
  namedCurve: 'P-256',
  publicKeyEncoding: { format: 'pem', type: 'spki' },
  privateKeyEncoding: { format: 'pem', type: 'pkcs8' },
} as const;
const [old, fresh] = [generateKeyPairSync('ec', PEM), generateKeyPairSync('ec', PEM)];

/** Two images, `v1` and `v2`, unsigned. */
async function setUp() {
  const environment = { OLD: old.privateKey, OLDPUB: old.publicKey, NEW: fresh.privateKey, NEWPUB: fresh.publicKey };
  const plain = createTestPorts({ environment });
  const ports = { ...plain, http: createHandlerHttp({ [HOST]: createTestRegistry(plain) }) };
  const repository = openRepository(ports, parseReference(IMAGE));
  for (const tag of ['v1', 'v2']) {
    const { bytes, descriptor } = await repository.fetchManifest((await pushImage(repository, tag)).digest);
    await repository.pushManifest(bytes, descriptor.mediaType, tag);
  }
  const path = (name: string) => join(ports.home, name);
  const write = async (name: string, content: string) => {
    await ports.files.writeAtomic(path(name), content);
    return path(name);
  };
  const run = (...words: readonly string[]) => runCommand(ports, words);
  const code = async (...words: readonly string[]) => (await run(...words)).code;
  return { run, code, write, path };
}

interface Result {
  readonly rotated: readonly { readonly signatures: number; readonly attestations: number; readonly done: number }[];
  readonly others: readonly string[];
}

test('rotate signs anew what the old key signed, with its claims and in its form, once, and says what remains', async () => {
  const { run, code, write } = await setUp();
  const predicate = await write('predicate', '{"a":1}');
  for (const words of [
    ['sign', '--key', 'env://OLD', '--format', 'both', '-a', 'team=blue', IMAGE],
    [
      'attest',
      '--key',
      'env://OLD',
      '--format',
      'both',
      '--type',
      'https://example.com/t',
      '--predicate',
      predicate,
      IMAGE,
    ],
  ])
    assert.equal(await code(...words), 0);
  const rotate = async (...words: readonly string[]): Promise<Result> => {
    const ran = await run('rotate', '--old-key', 'env://OLDPUB', '--key', 'env://NEW', '--json', ...words);
    assert.equal(ran.code, 0, ran.stderr);
    return JSON.parse(ran.stdout) as Result;
  };
  const verifies = async () => [
    await code('verify', '--key', 'env://NEWPUB', '-a', 'team=blue', IMAGE),
    await code('verify-attestation', '--key', 'env://NEWPUB', '--type', 'https://example.com/t', IMAGE),
  ];
  const [planned, ...more] = (await rotate('--dry-run', `${HOST}/app`)).rotated;
  assert.deepEqual([planned?.signatures, planned?.attestations, planned?.done, more.length], [2, 2, 0, 0]);
  assert.deepEqual(await verifies(), [12, 1]);
  const { rotated, others } = await rotate(`${HOST}/app`);
  assert.deepEqual([rotated[0]?.signatures, rotated[0]?.attestations], [2, 2]);
  assert.equal(others.length, 1);
  assert.deepEqual(await verifies(), [0, 0]);
  const forms = JSON.parse((await run('verify', '--key', 'env://NEWPUB', IMAGE)).stdout) as readonly unknown[];
  assert.equal(forms.length, 2);
  const again = (await rotate(IMAGE)).rotated[0];
  assert.deepEqual([again?.signatures, again?.attestations, again?.done], [0, 0, 4]);
  const same = await run('rotate', '--old-key', 'env://NEWPUB', '--key', 'env://NEW', IMAGE);
  assert.equal(same.code, 2);
  assert.match(same.stderr, /found the same/);
});

test('sign signs nothing unless the attestations that are required verify by who is named, for all images', async () => {
  const { run, code, write } = await setUp();
  const attest = [
    'attest',
    '--type',
    'slsaprovenance1',
    '--predicate',
    await write(
      'p',
      '{"buildDefinition":{"buildType":"https://example.com/b","externalParameters":{}},"runDetails":{"builder":{"id":"https://example.com/b"}}}',
    ),
  ];
  const sign = [
    'sign',
    '--key',
    'env://NEW',
    '--require-attestation',
    'slsaprovenance1',
    '--verify-key',
    'env://OLDPUB',
  ];
  const unsigned = async () => assert.equal(await code('verify', '--key', 'env://NEWPUB', IMAGE), 10);
  const none = await run(...sign, IMAGE);
  assert.equal(none.code, 1);
  assert.match(none.stderr, /expected a verified attestation https:\/\/slsa\.dev\/provenance\/v1, found none/);
  assert.equal(await code(...attest, '--key', 'env://NEW', IMAGE), 0);
  assert.match((await run(...sign, IMAGE)).stderr, /found signature-mismatch/);
  await unsigned();
  assert.equal(await code(...attest, '--key', 'env://OLD', IMAGE), 0);
  assert.equal(await code(...sign, IMAGE, `${HOST}/app:v2`), 1);
  await unsigned();
  assert.equal(await code(...sign, '--require-attestation', 'spdxjson', IMAGE), 1);
  await unsigned();
  assert.equal(await code(...sign, IMAGE), 0);
  assert.equal(await code('verify', '--key', 'env://NEWPUB', IMAGE), 0);
  assert.equal(await code('sign', '--key', 'env://NEW', '--require-attestation', 'spdxjson', IMAGE), 2);
  assert.equal(await code('sign', '--key', 'env://NEW', '--verify-key', 'env://OLDPUB', IMAGE), 2);
});

test('many files are signed and verified by one manifest of checksums', async () => {
  const { run, code, write, path } = await setUp();
  const [one, two, other] = [await write('one', '1'), await write('two', '2'), await write('other', '3')];
  const [checksums, bundle] = [path('SHA256SUMS'), path('bundle')];
  const sign = ['sign-blob', '--key', 'env://OLD', '--checksums', checksums, '--bundle', bundle];
  assert.equal(await code(...sign, one, two), 0);
  assert.equal(await code('sign-blob', '--key', 'env://OLD', one, two), 2);
  const verify = ['verify-blob', '--key', 'env://OLDPUB', '--checksums', checksums, '--bundle', bundle];
  assert.equal(await code(...verify, one, two), 0);
  const unlisted = await run(...verify, '--json', one, other);
  assert.equal(unlisted.code, 1);
  assert.deepEqual(
    (JSON.parse(unlisted.stdout) as { files: readonly { outcome: string }[] }).files.map(({ outcome }) => outcome),
    ['matches', 'unlisted'],
  );
  // moved elsewhere a file is found by its base name, and may not have changed
  assert.equal(await code(...verify, await write('moved/two', '2')), 0);
  assert.equal(await code(...verify, await write('moved/two', 'changed')), 1);
  await write('SHA256SUMS', `${'0'.repeat(64)}  ${one}\n`);
  assert.equal(await code(...verify, one), 1);
  assert.equal(await code('verify-blob', '--key', 'env://OLDPUB', '--bundle', bundle, one, two), 2);
  for (const text of ['no checksum\n', `${'0'.repeat(63)}  x\n`]) {
    await write('bad', text);
    await code('sign-blob', '--key', 'env://OLD', '--bundle', bundle, path('bad'));
    const bad = await run('verify-blob', '--key', 'env://OLDPUB', '--bundle', bundle, '--checksums', path('bad'), one);
    assert.equal(bad.code, 3);
    assert.match(bad.stderr, /bad:1: expected 64 hex digits/);
  }
});
