/** Signing by identity with a private Sigstore, from words to exit codes. */
import assert from 'node:assert/strict';
import { createPublicKey, generateKeyPairSync, verify, X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { test } from 'node:test';
import { createTestAuthority, createTestRegistry } from '../../app/testing.ts';
import { openRepository } from '../../app/registry.ts';
import { createHandlerHttp } from '../../artifacts/testing.ts';
import { parseReference, type WebHandler } from '../../core/index.ts';
import { createTestPorts } from '../../io/testing.ts';
import { extension } from '../../trust/crypto/testing.ts';
import { pushImage } from '../../trust/images/testing.ts';
import { pemOf, TestSigstore } from '../../trust/testing.ts';
import { runCommand } from '../testing.ts';

const HOST = 'localhost:5000';
const SIGSTORE = 'http://localhost:5555';
const WHO = ['--certificate-identity', 'ada@example.com', '--certificate-oidc-issuer', `${SIGSTORE}/oidc`];
const OTHER = ['--certificate-identity', 'eve@example.com', '--certificate-oidc-issuer', `${SIGSTORE}/oidc`];

async function setUp() {
  const plain = createTestPorts();
  let authority: WebHandler = async () => new Response(null, { status: 503 });
  const http = createHandlerHttp({
    [HOST]: createTestRegistry(plain),
    'localhost:5555': async (request) => await authority(request),
  });
  const ports = { ...plain, http };
  const path = (name: string) => join(ports.home, name);
  const opened = await createTestAuthority(ports, SIGSTORE);
  authority = opened.handler;
  const write = async (name: string, content: string) => await ports.files.writeAtomic(path(name), content);
  await write('root.json', JSON.stringify(opened.trust.trustedRoot));
  await write('services.json', JSON.stringify(opened.trust.signingConfig));
  await write('token', `${await opened.issueToken?.('ada@example.com')}\n`);
  await write('tuf.json', Buffer.from(opened.tufRoot).toString());
  await write('file', 'content');
  await write('predicate.json', '{}');
  const image = await pushImage(openRepository(ports, parseReference(`${HOST}/app`)));
  const run = (...words: readonly string[]) => runCommand(ports, words);
  const signer = ['--identity-token', path('token'), '--signing-config', path('services.json')];
  const trust = ['--trusted-root', path('root.json')];
  const read = async (name: string) => Buffer.from(await ports.files.read(path(name)));
  return { run, path, write, read, signer, trust, image: `${HOST}/app@${image.digest}` };
}

test('images and files are signed and attested as whom the token is for, and verify as that and nobody else', async () => {
  const { run, path, signer, trust, image } = await setUp();
  const legacy = ['--format', 'both', '--rekor-url', SIGSTORE];
  const commands: readonly (readonly [sign: readonly string[], verify: readonly string[]])[] = [
    [
      ['sign', ...signer, ...legacy, image],
      ['verify', ...trust, image],
    ],
    [
      ['attest', ...signer, ...legacy, '--type', 'custom', '--predicate', path('predicate.json'), image],
      ['verify-attestation', ...trust, '--type', 'custom', image],
    ],
    [
      ['sign-blob', ...signer, '--bundle', path('bundle'), path('file')],
      ['verify-blob', ...trust, '--bundle', path('bundle'), path('file')],
    ],
  ];
  for (const [sign, verify] of commands) {
    const signed = await run(...sign);
    assert.equal(signed.code, 0, signed.stderr);
    const verified = await run(...verify, ...WHO);
    assert.equal(verified.code, 0, verified.stderr);
    assert.notEqual((await run(...verify, ...OTHER)).code, 0);
  }
});

test('who signs without a key is told what is missing, and what does not fit', async () => {
  const { run, path, signer, image } = await setUp();
  const refused = async (code: number, expected: RegExp, ...words: readonly string[]) => {
    const { code: found, stderr } = await run(...words);
    assert.equal(found, code, stderr);
    assert.match(stderr, expected);
  };
  await refused(2, /expected an identity token, found none/, 'sign', image);
  const nobody = Buffer.from('{"iss":"https://elsewhere.example","sub":"x"}').toString('base64url');
  const stranger = `e30.${nobody}.c2ln`;
  await refused(
    5,
    /expected an issuer among/,
    'sign',
    '--identity-token',
    stranger,
    '--signing-config',
    path('services.json'),
    image,
  );
  await refused(4, /no such file/, 'sign', '--identity-token', path('absent'), image);
  await refused(2, /version 1/, 'sign', ...signer, '--format', 'legacy', image);
});

/** A key, what a CA of one's own has certified of it, and another key. */
async function setUpOwnCa() {
  const set = await setUp();
  const { write } = set;
  const sigstore = new TestSigstore();
  const [from, to] = [new Date('2026-01-01T00:00:00Z'), new Date('2026-02-01T00:00:00Z')];
  const extensions = [
    extension.keyUsage(0x80),
    extension.purposes(['1.3.6.1.5.5.7.3.3']),
    extension.uri('https://a.test/ada'),
  ];
  const leaf = sigstore.issue({ from, to, extensions, scts: [] });
  const pem = (der: Uint8Array) => pemOf(Buffer.from(der).toString('base64'));
  await write('own.key', leaf.key.privateKey.export({ format: 'pem', type: 'pkcs8' }));
  await write('other.key', generatePem());
  await write('leaf.pem', pem(leaf.der));
  await write('issuer.pem', pem(sigstore.intermediate.der));
  await write('root.pem', pem(sigstore.ca.der));
  return set;
}

test("a certificate by a CA of one's own goes with the signatures of its key", async () => {
  const { run, path, read, image } = await setUpOwnCa();
  const key = ['--key', path('own.key'), '--certificate', path('leaf.pem')];
  const cas = ['--ca-roots', path('root.pem'), '--ca-intermediates', path('issuer.pem')];
  const lenient = ['--insecure-ignore-sct', '--insecure-ignore-tlog', '--certificate-identity'];
  const written = ['--bundle', path('bundle'), '--output-certificate', path('out.pem')];
  assert.equal((await run('sign-blob', ...key, ...written, path('file'))).code, 0);
  assert.deepEqual(await read('out.pem'), await read('leaf.pem'));
  const verifying = ['verify-blob', ...cas, ...lenient];
  assert.equal((await run(...verifying, 'https://a.test/ada', '--bundle', path('bundle'), path('file'))).code, 0);
  assert.equal((await run(...verifying, 'https://a.test/eve', '--bundle', path('bundle'), path('file'))).code, 1);
  const chained = [...key, '--certificate-chain', path('issuer.pem'), '--format', 'both'];
  assert.equal((await run('sign', ...chained, image)).code, 0);
  const signed = await run('verify', ...cas, ...lenient, 'https://a.test/ada', image);
  assert.equal(signed.code, 0, signed.stderr);
  assert.equal((JSON.parse(signed.stdout) as readonly unknown[]).length, 2);
  for (const [words, expected] of [
    [['--key', path('other.key'), '--certificate', path('leaf.pem')], /expected the certificate of the key/],
    [['--certificate', path('leaf.pem')], /expected --key beside its certificate/],
    [['--key', path('own.key'), '--certificate-chain', path('issuer.pem')], /expected --certificate beside its chain/],
    [[...key, '--issue-certificate'], /a certificate or to have one issued/],
  ] as const) {
    const { code, stderr } = await run('sign-blob', ...words, path('file'));
    assert.equal(code, 2, stderr);
    assert.match(stderr, expected);
  }
});

test("a key of one's own is certified for who the token is for", async () => {
  const { run, path, read, signer, trust } = await setUpOwnCa();
  const outputs = ['--output-certificate', path('out.pem'), '--rfc3161-timestamp', path('stamp.json')];
  const signed = ['--bundle', path('bundle'), '--output-signature', path('sig'), '--b64=false', ...outputs];
  const command = ['sign-blob', '--key', path('own.key'), '--issue-certificate', ...signer, ...signed, path('file')];
  const ran = await run(...command);
  assert.equal(ran.code, 0, ran.stderr);
  assert.equal((await run('verify-blob', ...trust, '--bundle', path('bundle'), ...WHO, path('file'))).code, 0);
  assert.notEqual((await run('verify-blob', ...trust, '--bundle', path('bundle'), ...OTHER, path('file'))).code, 0);
  const certified = new X509Certificate(await read('out.pem')).publicKey;
  assert.ok(certified.equals(createPublicKey(await read('own.key'))));
  assert.ok(verify('sha256', Buffer.from('content'), certified, await read('sig')), 'not in base64');
  const { SignedRFC3161Timestamp: stamp } = JSON.parse((await read('stamp.json')).toString()) as Record<string, string>;
  assert.equal(Buffer.from(stamp ?? '', 'base64')[0], 0x30);
  const bare = await run('sign-blob', '--key', path('own.key'), '--output-certificate', path('none'), path('file'));
  assert.equal(bare.code, 2);
  assert.match(bare.stderr, /expected a signature with a certificate/);
});

test('a whole statement is signed byte for byte, if it is about the image', async () => {
  const { run, path, write, image } = await setUpOwnCa();
  const sha256 = image.slice(image.indexOf('sha256:') + 'sha256:'.length);
  const statement = (digest: string) =>
    `{ "_type": "https://in-toto.io/Statement/v1",\n "subject": [{"name":"x","digest":{"sha256":"${digest}"}}],` +
    '"predicateType": "https://a.test/type", "predicate": {"b": 1} }';
  await write('statement', statement(sha256));
  await write('other', statement('0'.repeat(64)));
  const attest = async (file: string) =>
    await run('attest', '--key', path('own.key'), '--format', 'both', '--statement', path(file), image);
  const ran = await attest('statement');
  assert.equal(ran.code, 0, ran.stderr);
  assert.equal((await run('public-key', '--key', path('own.key'), '--outfile', path('own.pub'))).code, 0);
  const asked = ['verify-attestation', '--key', path('own.pub'), '--type', 'https://a.test/type', image];
  assert.equal((await run(...asked)).stdout.trim().split('\n').length, 2, 'in both forms');
  assert.equal((await run(...asked, '-o', 'statement')).stdout.trim(), statement(sha256));
  const refused = await attest('other');
  assert.equal(refused.code, 3);
  assert.match(refused.stderr, /expected a statement about sha256/);
  assert.equal((await run('attest', '--key', path('own.key'), image)).code, 2);
});

test('what is signed goes into files, too or alone', async () => {
  const { run, path, read, image } = await setUpOwnCa();
  assert.equal((await run('public-key', '--key', path('own.key'), '--outfile', path('own.pub'))).code, 0);
  const key = ['--key', path('own.key')];
  const outputs = ['--output-signature', path('sig'), '--output-payload', path('payload')];
  const verify = async () => (await run('verify', '--key', path('own.pub'), image)).code;
  const filed = ['--format', 'both', '--bundle', path('bundle'), ...outputs, image];
  const alone = await run('sign', ...key, '--upload=false', ...filed);
  assert.equal(alone.code, 0, alone.stderr);
  assert.equal(await verify(), 10);
  const check = ['verify-blob', '--key', path('own.pub'), '--signature', path('sig'), path('payload')];
  assert.equal((await run(...check)).code, 0);
  assert.match((await read('payload')).toString(), /"docker-reference":"localhost:5000\/app"/);
  assert.ok('dsseEnvelope' in (JSON.parse((await read('bundle')).toString()) as object));
  const attached = ['attach', 'signature', '--signature', path('sig'), '--payload', path('payload'), image];
  assert.equal((await run(...attached)).code, 0);
  assert.equal(await verify(), 0);
  const predicate = ['--predicate', path('predicate.json'), '--bundle', path('statement.json')];
  const attested = await run('attest', ...key, '--no-upload', ...predicate, image);
  assert.equal(attested.code, 0, attested.stderr);
  assert.equal((await run('verify-attestation', '--key', path('own.pub'), image)).code, 1);
  assert.equal((await run('attach', 'attestation', '--attestation', path('statement.json'), image)).code, 0);
  assert.equal((await run('verify-attestation', '--key', path('own.pub'), image)).code, 0);
  const both = await run('sign', ...key, ...filed);
  assert.match(both.stdout, /stored as bundle .*, legacy .*\n {2}written to .*bundle/);
  for (const [words, expected] of [
    [[...outputs, image], /expected --format legacy or both/],
    [['--format', 'legacy', '--bundle', path('b'), image], /expected --format bundle or both/],
    [['--bundle', path('b'), image, image], /expected one image/],
    [['--format', 'legacy', '--output-certificate', path('c'), image], /expected a signature with a certificate/],
  ] as const) {
    const { code, stderr } = await run('sign', ...key, ...words);
    assert.equal(code, 2, stderr);
    assert.match(stderr, expected);
  }
});

test('the token that says who signs is never shown to a registry', async () => {
  const plain = createTestPorts();
  const seen: string[] = [];
  const ask: WebHandler = async (request) => {
    seen.push(`${request.url} ${JSON.stringify([...request.headers])} ${await request.text()}`);
    const challenge = { 'www-authenticate': `Bearer realm="http://${HOST}/token",service="registry"` };
    if (new URL(request.url).pathname === '/token') return Response.json({ token: 'anonymous' });
    return new Response(null, { status: 401, headers: challenge });
  };
  const ports = { ...plain, http: createHandlerHttp({ [HOST]: ask }) };
  const token = `e30.${Buffer.from('{"iss":"https://elsewhere.example","sub":"x"}').toString('base64url')}.c2ln`;
  await plain.files.writeAtomic(join(plain.home, 'predicate.json'), '{}');
  const key = generatePem();
  await plain.files.writeAtomic(join(plain.home, 'key'), key);
  const signer = ['--key', join(plain.home, 'key'), '--identity-token', token];
  await runCommand(ports, ['sign', ...signer, `${HOST}/app:v1`]);
  await runCommand(ports, ['attest', ...signer, '--predicate', join(plain.home, 'predicate.json'), `${HOST}/app:v1`]);
  assert.ok(seen.length > 2);
  assert.deepEqual(
    seen.filter((text) => text.includes('c2ln')),
    [],
  );
});

function generatePem(): string {
  const { privateKey } = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { format: 'pem', type: 'spki' },
    privateKeyEncoding: { format: 'pem', type: 'pkcs8' },
  });
  return privateKey;
}
test('after initialize, signing and verifying need neither a trusted root nor a signing configuration', async () => {
  const { run, path } = await setUp();
  const blob = ['--bundle', path('bundle'), path('file')];
  const before = await run('verify-blob', ...WHO, ...blob);
  assert.equal(before.code, 7, before.stderr);
  const mirror = ['--mirror', `${SIGSTORE}/tuf`, '--root', path('tuf.json')];
  const initialized = await run('initialize', ...mirror, '--json');
  assert.equal(initialized.code, 0, initialized.stderr);
  assert.equal((JSON.parse(initialized.stdout) as { mirror: string }).mirror, `${SIGSTORE}/tuf`);
  const signed = await run('sign-blob', '--identity-token', path('token'), ...blob);
  assert.equal(signed.code, 0, signed.stderr);
  assert.equal((await run('verify-blob', ...WHO, ...blob)).code, 0);
  assert.equal((await run('verify-blob', '--offline', ...WHO, ...blob)).code, 0);
  assert.equal((await run('verify-blob', ...OTHER, ...blob)).code, 1);
});

test('an authority for trying out is served on this machine alone, and any other wants a provider', async () => {
  const { run } = await setUp();
  for (const [words, expected] of [
    [['--address', '0.0.0.0:0', '--try-out'], /expected an address on this machine, found 0\.0\.0\.0/],
    [['--address', '127.0.0.1:0'], /expected an OpenID provider/],
    [['--address', '127.0.0.1:0', '--oidc-issuer', 'magic=https://a.example'], /expected KIND=URL with one of email/],
  ] as const) {
    const { code, stderr } = await run('authority', 'serve', ...words);
    assert.equal(code, 2, stderr);
    assert.match(stderr, expected);
  }
});
