/** Commands that move signatures, attestations and SBOMs about, from words to exit codes. */
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { join } from 'node:path';
import { test } from 'node:test';
import { openRepository } from '../../app/registry.ts';
import { createTestRegistry } from '../../app/testing.ts';
import { createHandlerHttp } from '../../artifacts/testing.ts';
import { parseReference } from '../../core/index.ts';
import { createTestPorts } from '../../io/testing.ts';
import { pushBundle, pushImage } from '../../trust/images/testing.ts';
import { runCommand } from '../testing.ts';

const HOST = 'localhost:5000';
const IMAGE = `${HOST}/app:v1`;
const pair = generateKeyPairSync('ec', {
  namedCurve: 'P-256',
  publicKeyEncoding: { format: 'pem', type: 'spki' },
  privateKeyEncoding: { format: 'pem', type: 'pkcs8' },
});

/** An image, signed and attested in both forms; `other` is a copy without any of it. */
async function setUp() {
  const plain = createTestPorts({ environment: { KEY: pair.privateKey, PUB: pair.publicKey } });
  const ports = { ...plain, http: createHandlerHttp({ [HOST]: createTestRegistry(plain) }) };
  for (const name of ['app', 'other']) {
    const repository = openRepository(ports, parseReference(`${HOST}/${name}`));
    const { digest } = await pushImage(repository);
    const { bytes, descriptor } = await repository.fetchManifest(digest);
    await repository.pushManifest(bytes, descriptor.mediaType, 'v1');
  }
  const repository = openRepository(ports, parseReference(IMAGE));
  const { descriptor } = await repository.fetchManifest('v1');
  const path = (name: string) => join(ports.home, name);
  const run = (...words: readonly string[]) => runCommand(ports, words);
  const write = async (name: string, content: string) => {
    await ports.files.writeAtomic(path(name), content);
    return path(name);
  };
  const predicate = await write('predicate.json', '{"a":1}');
  const key = ['--key', 'env://KEY', '--format', 'both'];
  for (const words of [
    ['sign', ...key, IMAGE],
    ['attest', ...key, '--type', 'https://example.com/one', '--predicate', predicate, IMAGE],
  ]) {
    const { code, stderr } = await run(...words);
    assert.equal(code, 0, stderr);
  }
  return { ports, repository, subject: descriptor, run, write, path };
}

type Values = readonly Readonly<Record<string, unknown>>[];

const linesOf = (text: string): Values =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Values[number]);

test('what download prints, attach stores elsewhere so that it verifies', async () => {
  const { run, write } = await setUp();
  const other = `${HOST}/other:v1`;
  assert.equal((await run('verify', '--key', 'env://PUB', other)).code, 10);
  const signatures = linesOf((await run('download', 'signature', IMAGE)).stdout);
  assert.equal(signatures.length, 2);
  const old = signatures.find((one) => 'Base64Signature' in one) ?? {};
  assert.deepEqual(Object.keys(old), ['Base64Signature', 'Payload', 'Cert', 'Chain', 'Bundle', 'RFC3161Timestamp']);
  const payload = await write('payload', Buffer.from(String(old['Payload']), 'base64').toString());
  const signature = await write('signature', `${String(old['Base64Signature'])}\n`);
  assert.equal((await run('attach', 'signature', '--payload', payload, '--signature', signature, other)).code, 0);
  assert.equal((await run('verify', '--key', 'env://PUB', other)).code, 0);
  const attestations = await run('download', 'attestation', IMAGE);
  const file = await write('attestations', attestations.stdout);
  const attached = await run('attach', 'attestation', '--json', '--attestation', file, other);
  const { stored } = JSON.parse(attached.stdout) as { stored: Values };
  assert.deepEqual(new Set(stored.map(({ format }) => format)), new Set(['bundle', 'legacy']));
  const verify = ['verify-attestation', '--key', 'env://PUB', '--type', 'https://example.com/one', '--json'];
  const verified = await run(...verify, other);
  assert.equal(verified.code, 0, verified.stderr);
  assert.equal((await run('download', 'attestation', other)).stdout, attestations.stdout);
});

test('download tells signatures from attestations, filters types, and leaves damaged ones to be named', async () => {
  const { run, repository, subject } = await setUp();
  const types = async (...words: readonly string[]) =>
    linesOf((await run('download', 'attestation', ...words, IMAGE)).stdout).length;
  assert.equal(await types(), 2);
  assert.equal(await types('--predicate-type', 'https://example.com/one'), 2);
  const none = await run('download', 'attestation', '--predicate-type', 'spdxjson', IMAGE);
  assert.equal(none.code, 4);
  assert.match(none.stderr, /no attestations associated/);
  await pushBundle(repository, subject, { mediaType: 'nonsense' });
  const damaged = await run('download', 'signature', '--json', IMAGE);
  assert.equal(damaged.code, 1);
  assert.match(damaged.stderr, /^payload-malformed: .*verificationMaterial/m);
  assert.equal((JSON.parse(damaged.stdout) as Values).length, 2);
});

test('attach refuses what is no signature, no certificate, no log entry and no signed statement', async () => {
  const { run, write } = await setUp();
  const bad = await write('bad', 'no base64!');
  const good = await write('good', 'AAAA');
  const envelope = (payloadType: string, signatures: readonly unknown[]) =>
    JSON.stringify({ payloadType, payload: Buffer.from('{}').toString('base64'), signatures });
  const cases: readonly (readonly [number, RegExp, readonly string[]])[] = [
    [2, /found neither/, ['signature']],
    [3, /signature: expected/, ['signature', '--signature', bad]],
    [3, /certificate: expected/, ['signature', '--signature', good, '--certificate', bad]],
    [2, /expected a certificate beside its chain/, ['signature', '--signature', good, '--certificate-chain', bad]],
    [3, /log entry: expected JSON/, ['signature', '--signature', good, '--rekor-response', bad]],
    [2, /at least one attestation/, ['attestation']],
    [3, /expected JSON/, ['attestation', '--attestation', bad]],
    [3, /in-toto/, ['attestation', '--attestation', await write('a', envelope('text/plain', [{ sig: 'AAAA' }]))]],
    [
      3,
      /found no signatures/,
      ['attestation', '--attestation', await write('b', envelope('application/vnd.in-toto+json', []))],
    ],
  ];
  for (const [code, message, words] of cases) {
    const ran = await run('attach', ...words, IMAGE);
    assert.equal(ran.code, code, `${words.join(' ')}: ${ran.stderr}`);
    assert.match(ran.stderr, message);
  }
});

test('an SBOM is attached under its tag, replaced, and comes back byte for byte', async () => {
  const { run, write, repository, subject } = await setUp();
  assert.equal((await run('download', 'sbom', IMAGE)).code, 4);
  for (const content of ['<bom/>', '{"bomFormat":"CycloneDX"}\n']) {
    const file = await write('sbom', content);
    assert.equal((await run('attach', 'sbom', '--sbom', file, '--type', 'cyclonedx', IMAGE)).code, 0);
    const { stdout, stderr } = await run('download', 'sbom', IMAGE);
    assert.equal(stdout, content);
    assert.match(stderr, content.startsWith('<') ? /cyclonedx\+xml/ : /cyclonedx\+json/);
  }
  const spdx = ['attach', 'sbom', '--sbom', await write('x', '<x/>'), '--type', 'spdx', IMAGE];
  assert.equal((await run(...spdx)).code, 2);
  const tag = `${subject.digest.replace(':', '-')}.sbom`;
  assert.ok((await repository.listTags()).includes(tag));
});

test('triangulate names the tags of cosign', async () => {
  const { run, subject } = await setUp();
  const hex = subject.digest.slice('sha256:'.length);
  for (const [type, expected] of [
    ['signature', `${HOST}/app:sha256-${hex}.sig`],
    ['attestation', `${HOST}/app:sha256-${hex}.att`],
    ['sbom', `${HOST}/app:sha256-${hex}.sbom`],
    ['digest', `${HOST}/app@sha256:${hex}`],
  ] as const) {
    assert.equal((await run('triangulate', '--type', type, IMAGE)).stdout, `${expected}\n`);
  }
});

test('clean asks first, removes what it was told to in both forms, and nothing else', async () => {
  const { run, repository } = await setUp();
  const verifies = async () => [
    (await run('verify', '--key', 'env://PUB', IMAGE)).code,
    (await run('verify-attestation', '--key', 'env://PUB', '--type', 'https://example.com/one', IMAGE)).code,
  ];
  assert.match((await run('clean', IMAGE)).stderr, /nothing was removed/);
  assert.deepEqual(await verifies(), [0, 0]);
  const removed = JSON.parse((await run('clean', '-f', '--type', 'signature', '--json', IMAGE)).stdout) as {
    removed: Values;
  };
  assert.deepEqual(
    removed.removed.map(({ kind }) => kind),
    ['signature', 'signature'],
  );
  assert.deepEqual(await verifies(), [10, 0]);
  await run('clean', '-f', '--type', 'referrer', IMAGE);
  assert.equal(linesOf((await run('download', 'attestation', IMAGE)).stdout).length, 1);
  await run('clean', '-f', IMAGE);
  assert.equal((await run('download', 'attestation', IMAGE)).code, 4);
  assert.deepEqual(await repository.listTags(), ['v1']);
});
