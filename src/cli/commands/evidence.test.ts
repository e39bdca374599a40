/** Commands that move signatures, attestations and SBOMs about, from words to exit codes. */
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
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

test('an SBOM refers to its image in the shape of cosign, and the last one comes back', async () => {
  const { run, write, repository, subject } = await setUp();
  const old = await write('old', '<bom/>');
  assert.equal(
    (await run('attach', 'sbom', '--format', 'legacy', '--sbom', old, '--type', 'cyclonedx', IMAGE)).code,
    0,
  );
  const file = await write('sbom', '{"spdxVersion":"SPDX-2.3"}\n');
  for (const _ of [1, 2]) assert.equal((await run('attach', 'sbom', '--sbom', file, IMAGE)).code, 0);
  const { stdout, stderr } = await run('download', 'sbom', IMAGE);
  assert.equal(stdout, '{"spdxVersion":"SPDX-2.3"}\n');
  assert.match(stderr, /text\/spdx\+json/);
  const type = 'application/vnd.dev.cosign.artifact.sbom.v1+json';
  const [referrer, ...others] = await repository.listReferrers(subject.digest, type);
  assert.deepEqual(others, []);
  const { bytes } = await repository.fetchManifest(referrer?.digest ?? '');
  assert.match(Buffer.from(bytes).toString(), new RegExp(`"config":{"mediaType":"${type.replace('+', '\\+')}"`));
});

test('an SBOM is attached under its tag, replaced, and comes back byte for byte', async () => {
  const { run, write, repository, subject } = await setUp();
  assert.equal((await run('download', 'sbom', IMAGE)).code, 4);
  for (const content of ['<bom/>', '{"bomFormat":"CycloneDX"}\n']) {
    const file = await write('sbom', content);
    const legacy = ['--format', 'legacy', '--type', 'cyclonedx'];
    assert.equal((await run('attach', 'sbom', '--sbom', file, ...legacy, IMAGE)).code, 0);
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

test('save and load keep everything, and what cosign 3 saves without listing it', async () => {
  const { run, path, ports } = await setUp();
  const folder = path('saved');
  const ran = async (...words: readonly string[]) => {
    const { code, stderr } = await run(...words);
    assert.equal(code, 0, `${words.join(' ')}: ${stderr}`);
  };
  const verifies = async (...image: readonly string[]) => {
    await ran('verify', '--key', 'env://PUB', ...image);
    await ran('verify-attestation', '--key', 'env://PUB', '--type', 'https://example.com/one', ...image);
  };
  await ran('save', '--dir', folder, IMAGE);
  await verifies('--local-image', folder);
  const file = join(folder, 'index.json');
  const index = JSON.parse(new TextDecoder().decode(await ports.files.read(file))) as {
    manifests: { annotations?: Record<string, string>; artifactType?: string }[];
  };
  const kinds = index.manifests.flatMap(({ annotations }) => annotations?.['kind'] ?? []);
  const prefix = 'dev.cosignproject.cosign/';
  assert.deepEqual(new Set(kinds), new Set([`${prefix}image`, `${prefix}sigs`, `${prefix}atts`]));
  await run('clean', '-f', IMAGE);
  await ran('load', '--dir', folder, `${HOST}/loaded:v1`);
  await verifies(`${HOST}/loaded:v1`);
  // cosign 3 lists the image alone, and keeps referrers among the blobs
  const image = index.manifests.filter(({ annotations }) => annotations?.['kind'] === `${prefix}image`);
  await ports.files.writeAtomic(file, JSON.stringify({ ...index, manifests: image }));
  await verifies('--local-image', folder);
  await ran('load', '--dir', folder, `${HOST}/again:v1`);
  await verifies(`${HOST}/again:v1`);
  const other = await pushImage(openRepository(ports, parseReference(`${HOST}/third`)), 'other layer');
  const refused = await run('save', '--dir', folder, `${HOST}/third@${other.digest}`);
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /a folder for one image/);
});

test('attest-blob signs a predicate about a file, or a whole statement if it is about the file', async () => {
  const { run, write, path } = await setUp();
  const [file, other] = [await write('file', 'content'), await write('other', 'else')];
  const claim = ['--predicate', path('predicate.json'), '--type', 'custom'];
  const outputs = ['--bundle', path('bundle'), '--output-signature', path('envelope')];
  const attest = ['attest-blob', '--key', 'env://KEY'];
  const statement = ['--statement', path('statement')];
  const written = await run(...attest, ...claim, ...outputs, '--output-attestation', path('statement'), file);
  assert.equal(written.code, 0, written.stderr);
  const verify = ['verify-blob-attestation', '--key', 'env://PUB', '--type', 'custom'];
  for (const proof of [
    ['--bundle', path('bundle')],
    ['--signature', path('envelope')],
  ]) {
    assert.equal((await run(...verify, ...proof, file)).code, 0);
    assert.equal((await run(...verify, ...proof, other)).code, 1);
  }
  assert.equal((await run(...attest, ...statement, '--bundle', path('bundle'), file)).code, 0);
  assert.equal((await run(...verify, '--bundle', path('bundle'), file)).code, 0);
  const envelope = await run(...attest, ...claim, file);
  const old = JSON.stringify({ base64Signature: Buffer.from(envelope.stdout).toString('base64'), cert: 'LS0t' });
  const oldBundle = ['--bundle', await write('old', old)];
  assert.equal((await run(...verify, ...oldBundle, file)).code, 0);
  assert.equal((await run(...verify, ...oldBundle, other)).code, 1);
  const stranger = await run(...attest, ...statement, other);
  assert.equal(stranger.code, 3);
  assert.match(stranger.stderr, /found one about other subjects/);
  assert.equal((await run(...attest, ...claim)).code, 2);
  assert.equal((await run(...attest, ...claim, ...statement, file)).code, 2);
  const hash = '--hash=ed7002b439e9ac845f22357d822bac1444730fbdb6016d3ec9432297b9ec9f73';
  await write('printed', (await run(...attest, ...claim, hash)).stdout);
  assert.equal((await run(...verify, '--signature', path('printed'), file)).code, 0);
});

test('bundle create makes a bundle of a detached signature, and of nobody’s signature none', async () => {
  const { run, write, path } = await setUp();
  const [file, other] = [await write('file', 'content'), await write('other', 'else')];
  const signature = await write('signature', (await run('sign-blob', '--key', 'env://KEY', file)).stdout);
  const create = ['bundle', 'create', '--key', 'env://PUB', '--out', path('bundle')];
  const parts = ['--signature', signature, '--artifact', file];
  assert.equal((await run(...create, ...parts)).code, 0);
  assert.equal((await run('verify-blob', '--key', 'env://PUB', '--bundle', path('bundle'), file)).code, 0);
  const envelope = await write(
    'envelope',
    (await run('attest-blob', '--key', 'env://KEY', '--predicate', path('predicate.json'), file)).stdout,
  );
  const verify = ['verify-blob-attestation', '--key', 'env://PUB', '--type', 'custom', '--bundle', path('bundle')];
  const old = JSON.stringify({
    base64Signature: Buffer.from((await run('download', 'attestation', IMAGE)).stdout.split('\n')[0] ?? '').toString(
      'base64',
    ),
  });
  assert.equal((await run(...create, '--attestation', envelope)).code, 0);
  assert.equal((await run(...verify, file)).code, 0);
  for (const [code, message, words] of [
    [3, /expected one by sha256:/, ['--signature', signature, '--artifact', other]],
    [2, /the file that was signed/, ['--signature', signature]],
    [2, /expected a signature/, ['--artifact', file]],
    [3, /certificate: expected/, [...parts, '--certificate', file]],
    [3, /log entry: expected/, [...parts, '--rekor-response', file]],
  ] as const) {
    const { code: found, stderr } = await run(...create, ...words);
    assert.equal(found, code, stderr);
    assert.match(stderr, message);
  }
  assert.equal((await run(...create, '--bundle', await write('old', old))).code, 0);
});

test('manifest verify and dockerfile verify ask for every image, and the worst decides', async () => {
  const { run, write } = await setUp();
  const pod = (image: string) => `apiVersion: v1\nkind: Pod\nspec:\n  containers: [{name: a, image: "${image}"}]\n`;
  const custom = `---\nkind: Any\nspec: {template: {containers: [{name: x, image: "${HOST}/other:v1"}]}}\n`;
  const verify = ['verify', '--key', 'env://PUB'];
  const good = await run('manifest', ...verify, await write('good.yaml', pod(IMAGE)));
  assert.equal(good.code, 0, good.stderr);
  const bad = await run('manifest', ...verify, '--json', await write('bad.yaml', pod(IMAGE) + custom));
  assert.equal(bad.code, 10);
  assert.deepEqual(
    (JSON.parse(bad.stdout) as Values).map(({ outcome }) => outcome),
    ['verified', 'absent'],
  );
  assert.equal((await run('manifest', ...verify, await write('none.yaml', 'kind: ConfigMap\n'))).code, 3);
  const file = await write('Dockerfile', `ARG TAG\nFROM ${HOST}/other:v1 AS one\nFROM ${HOST}/app:$TAG\n`);
  assert.equal((await run('dockerfile', ...verify, '--build-arg', 'TAG=v1', file)).code, 10);
  assert.equal((await run('dockerfile', ...verify, '--base-image-only', '--build-arg', 'TAG=v1', file)).code, 0);
  assert.equal((await run('dockerfile', ...verify, file)).code, 3);
});

test('env lists every variable that is read, and hides secrets', async () => {
  const ports = createTestPorts({ environment: { COSIGN_PASSWORD: 'secret', NO_COLOR: '1' } });
  const { stdout } = await runCommand(ports, ['env']);
  assert.match(stdout, /^COSIGN_PASSWORD=\*{6}$/m);
  assert.match(stdout, /^# no colours when set\nNO_COLOR=1$/m);
  assert.match((await runCommand(ports, ['env', '--show-sensitive-values'])).stdout, /^COSIGN_PASSWORD=secret$/m);
  const known = new Set([...stdout.matchAll(/^([A-Z0-9_]+)=/gm)].map(([, name]) => name));
  const source = join(import.meta.dirname, '../..');
  const read = new Set<string>();
  for (const file of readdirSync(source, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.ts') || /test/.test(file)) continue;
    for (const line of readFileSync(join(source, file), 'utf8').split('\n')) {
      if (!/\benvironment\b/.test(line)) continue;
      for (const [name] of line.matchAll(/\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b/g)) read.add(name);
    }
  }
  assert.ok(read.size > 5);
  assert.deepEqual(
    [...read].filter((name) => !known.has(name)),
    [],
  );
});
