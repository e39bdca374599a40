/** The signing and verifying commands from words to exit codes. */
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

function createPair() {
  return generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { format: 'pem', type: 'spki' },
    privateKeyEncoding: { format: 'pem', type: 'pkcs8' },
  });
}

const pair = createPair();
const other = createPair();

async function setUp() {
  const environment = { KEY: pair.privateKey, PUB: pair.publicKey, OTHER: other.publicKey, COSIGN_PASSWORD: 'x' };
  const plain = createTestPorts({ environment });
  const ports = { ...plain, http: createHandlerHttp({ [HOST]: createTestRegistry(plain) }) };
  const repository = openRepository(ports, parseReference(`${HOST}/app`));
  const image = await pushImage(repository);
  const { bytes, descriptor } = await repository.fetchManifest(image.digest);
  await repository.pushManifest(bytes, descriptor.mediaType, 'v1');
  const run = (...words: readonly string[]) => runCommand(ports, words);
  return { ports, run, digest: image.digest, path: (name: string) => join(ports.home, name) };
}

const SIGN = ['sign', '--key', 'env://KEY'];
const VERIFY = ['verify', '--key', 'env://PUB'];

test('verify exits with 10 for no signature, 11 for no tag, 12 for no match and 0 for a match', async () => {
  const { run } = await setUp();
  assert.equal((await run(...VERIFY, `${HOST}/app:v1`)).code, 10);
  assert.equal((await run(...VERIFY, `${HOST}/app:v2`)).code, 11);
  assert.equal((await run(...SIGN, '-y', '--tlog-upload=false', '-a', 'team=blue', `${HOST}/app:v1`)).code, 0);
  assert.equal((await run('verify', '--key', 'env://OTHER', `${HOST}/app:v1`)).code, 12);
  assert.equal((await run(...VERIFY, '-a', 'team=red', `${HOST}/app:v1`)).code, 12);
  assert.equal((await run(...VERIFY, '--insecure-ignore-tlog=true', '-a', 'team=blue', `${HOST}/app:v1`)).code, 0);
});

test('verify prints the list that cosign prints, or one document a line', async () => {
  const { run, digest } = await setUp();
  await run(...SIGN, '--format', 'both', '-a', 'team=blue', `${HOST}/app:v1`);
  const { stdout, stderr } = await run(...VERIFY, `${HOST}/app:v1`);
  const image = { 'docker-manifest-digest': digest };
  const expected = [
    {
      critical: { identity: { 'docker-reference': `${HOST}/app` }, image, type: 'cosign container image signature' },
      optional: { team: 'blue' },
    },
    {
      critical: {
        identity: { 'docker-reference': `${HOST}/app:v1` },
        image,
        type: 'https://sigstore.dev/cosign/sign/v1',
      },
      optional: { team: 'blue' },
    },
  ];
  assert.deepEqual(JSON.parse(stdout), expected);
  assert.match(stderr, /^verified localhost:5000\/app:v1/);
  const lines = (await run(...VERIFY, '-o', 'text', `${HOST}/app:v1`)).stdout.trim().split('\n');
  assert.deepEqual(
    lines.map((line) => JSON.parse(line) as unknown),
    expected,
  );
});

test('verify without a match prints nothing on standard output and every reason on the other', async () => {
  const { run } = await setUp();
  await run(...SIGN, '--format', 'both', `${HOST}/app:v1`);
  const { stdout, stderr } = await run('verify', '--key', 'env://OTHER', `${HOST}/app:v1`);
  assert.equal(stdout, '');
  assert.equal(stderr.match(/^signature-mismatch: /gm)?.length, 2);
});

test('several images verify together, and the worst of them decides', async () => {
  const { run, digest } = await setUp();
  await run(...SIGN, `${HOST}/app:v1`);
  const missing = `${HOST}/app@sha256:${'a'.repeat(64)}`;
  const { code, stdout } = await run(...VERIFY, '--json', `${HOST}/app:v1`, missing);
  assert.equal(code, 10);
  const results = JSON.parse(stdout) as readonly { digest: string; outcome: string }[];
  assert.deepEqual(
    results.map((result) => [result.digest, result.outcome]),
    [
      [digest, 'verified'],
      [`sha256:${'a'.repeat(64)}`, 'absent'],
    ],
  );
});

test('verify without a key, and flags that would be lies, are refused as usage', async () => {
  const { run } = await setUp();
  for (const words of [
    ['verify', `${HOST}/app:v1`],
    [...SIGN, '--use-signing-config', `${HOST}/app:v1`],
    [...SIGN, '--format', 'other', `${HOST}/app:v1`],
    [...SIGN, '-a', 'team', `${HOST}/app:v1`],
    [...SIGN, '-a', 'team=blue', '-a', 'team=red', `${HOST}/app:v1`],
    ['sign', `${HOST}/app:v1`],
    ['attest', '--key', 'env://KEY', '--type', 'sbom', '--predicate', 'x', `${HOST}/app:v1`],
  ]) {
    const { code, stdout } = await run(...words);
    assert.equal(code, 2, words.join(' '));
    assert.equal(stdout, '');
  }
});

test('attest and verify-attestation print envelopes or statements of the type', async () => {
  const { run, ports, path } = await setUp();
  await ports.files.writeAtomic(path('sbom.json'), '{"spdxVersion":"SPDX-2.3"}');
  const attest = ['attest', '--key', 'env://KEY', '--type', 'spdxjson', '--predicate', path('sbom.json')];
  assert.equal((await run(...attest, `${HOST}/app:v1`)).code, 0);
  const verify = ['verify-attestation', '--key', 'env://PUB', `${HOST}/app:v1`];
  const { code, stdout } = await run(...verify, '--type', 'spdxjson');
  assert.equal(code, 0);
  const { payload } = JSON.parse(stdout) as { payload: string };
  const statement = Buffer.from(payload, 'base64').toString('utf8');
  assert.equal((await run(...verify, '--type', 'spdxjson', '-o', 'statement')).stdout.trim(), statement);
  assert.equal((await run(...verify)).code, 1);
  const stranger = await run('verify-attestation', '--key', 'env://OTHER', '--type', 'spdxjson', `${HOST}/app:v1`);
  assert.equal(stranger.code, 1);
  assert.match(stranger.stderr, /^signature-mismatch/m);
});

test('sign-blob and verify-blob work through standard input and files', async () => {
  const { run, path } = await setUp();
  const signed = await run('sign-blob', '--key', 'env://KEY', '-');
  assert.equal(signed.code, 0);
  const signature = signed.stdout.trim();
  const verify = ['verify-blob', '--key', 'env://PUB', '--signature', signature];
  const { code, stdout } = await run(...verify, '-');
  assert.deepEqual([code, stdout], [0, 'Verified OK\n']);
  assert.equal((await run('verify-blob', '--key', 'env://OTHER', '--signature', signature, '-')).code, 1);
  assert.equal((await run('sign-blob', '--key', 'env://KEY', '--bundle', path('b.json'), '-')).code, 0);
  assert.equal((await run('verify-blob', '--key', 'env://PUB', '--bundle', path('b.json'), '-')).code, 0);
  assert.equal((await run('verify-blob', '--key', 'env://PUB', '-')).code, 2);
});

test('import-key-pair seals a plain key, and public-key opens it again', async () => {
  const { run, path } = await setUp();
  const imported = await run('import-key-pair', '--key', 'env://KEY', '-o', path('mine'));
  assert.equal(imported.code, 0);
  assert.equal((await run('import-key-pair', '--key', 'env://KEY', '-o', path('mine'))).code, 2);
  assert.equal((await run('public-key', '--key', path('mine.key'))).stdout, pair.publicKey);
  assert.equal((await run('import-key-pair', '--key', 'env://PUB', '-o', path('other'))).code, 3);
});

test('provenance is printed, or written to a file', async () => {
  const { run, ports, path } = await setUp();
  const words = ['provenance', '--builder-id', 'https://b.example', '--build-type', 'https://t.example'];
  const { stdout } = await run(...words);
  assert.equal((await run(...words, '--output', path('p.json'))).code, 0);
  assert.equal(new TextDecoder().decode(await ports.files.read(path('p.json'))), stdout);
  assert.equal((await run('provenance', '--builder-id', 'b', '--build-type', 'https://t.example')).code, 2);
});
