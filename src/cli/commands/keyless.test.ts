/** Verifying by certificate identity, from words to exit codes. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { policyText } from '../../policies/testing.ts';
import { openRepository } from '../../app/registry.ts';
import { createTestRegistry } from '../../app/testing.ts';
import { createHandlerHttp } from '../../artifacts/testing.ts';
import { digestOf, parseReference } from '../../core/index.ts';
import type { Descriptor } from '../../core/index.ts';
import { createTestPorts } from '../../io/testing.ts';
import { encodeSimpleSigning, pushBundle, pushImage, pushTagged } from '../../trust/images/testing.ts';
import { createTestKey, formatPublicKey } from '../../trust/crypto/testing.ts';
import { CONTENT, ISSUER, minutes, pemOf, rekorBundleOf, SUBJECT, TestSigstore } from '../../trust/testing.ts';
import { runCommand } from '../testing.ts';

const HOST = 'localhost:5000';
const SIGN_PREDICATE = 'https://sigstore.dev/cosign/sign/v1';
const SBOM = 'https://spdx.dev/Document';
const sigstore = new TestSigstore();

function statementAbout(subject: Pick<Descriptor, 'digest'>, predicateType: string, annotations?: object): object {
  const digest = { sha256: subject.digest.slice('sha256:'.length) };
  const about = annotations === undefined ? { digest } : { digest, annotations };
  return { _type: 'https://in-toto.io/Statement/v1', subject: [about], predicateType, predicate: {} };
}

async function setUp() {
  const plain = createTestPorts();
  const state = { asked: 0 };
  const registry = createTestRegistry(plain);
  const counted = createHandlerHttp({
    [HOST]: async (request) => {
      state.asked += 1;
      return await registry(request);
    },
  });
  const ports = { ...plain, http: counted, clock: () => new Date('2026-01-01T00:00:00Z') };
  const path = (name: string): string => join(ports.home, name);
  const repository = openRepository(ports, parseReference(`${HOST}/app`));
  const image = await pushImage(repository);
  const reference = `${HOST}/app@${image.digest}`;
  await ports.files.writeAtomic(path('root.json'), JSON.stringify(sigstore.root));
  const run = (...words: readonly string[]) => runCommand(ports, words);
  const trust = ['--trusted-root', path('root.json')];
  return { ports, state, path, repository, image, reference, run, trust };
}

const WHO = ['--certificate-identity', SUBJECT, '--certificate-oidc-issuer', ISSUER];

test('verify finds a signature by an identity in either form and prints whose it is', async () => {
  const { repository, image, reference, run, trust } = await setUp();
  const verify = ['verify', ...trust, ...WHO, reference];
  assert.equal((await run(...verify)).code, 10);
  await pushBundle(repository, image, sigstore.signStatement(statementAbout(image, SIGN_PREDICATE), { log: 'v2' }));
  const first = await run(...verify);
  assert.equal(first.code, 0, first.stderr);
  const [printed] = JSON.parse(first.stdout) as { optional: { Issuer: string; Subject: string } }[];
  assert.deepEqual(printed?.optional, { Issuer: ISSUER, Subject: SUBJECT });
  const bytes = encodeSimpleSigning({ reference: `${HOST}/app`, digest: image.digest, annotations: {} });
  const mediaType = 'application/vnd.dev.cosign.simplesigning.v1+json';
  await pushTagged(repository, image, { suffix: 'sig', mediaType, bytes, annotations: sigstore.signLegacy(bytes) });
  const both = JSON.parse((await run(...verify)).stdout) as { critical: { type: string } }[];
  assert.deepEqual(both.map(({ critical }) => critical.type).toSorted(), [
    'cosign container image signature',
    SIGN_PREDICATE,
  ]);
});

test('verify refuses any other identity with 12, and says what it found', async () => {
  const { repository, image, reference, run, trust } = await setUp();
  await pushBundle(repository, image, sigstore.signStatement(statementAbout(image, SIGN_PREDICATE)));
  const asked = async (...who: string[]) => await run('verify', ...trust, ...who, reference);
  const evil = 'https://github.com/evil/app';
  const wrong = await asked('--certificate-identity', evil, '--certificate-oidc-issuer', ISSUER);
  assert.equal(wrong.code, 12);
  assert.match(wrong.stderr, /identity-mismatch: .*expected https:\/\/github\.com\/evil\/app by .*found .*acme/);
  assert.equal(wrong.stdout, '');
  assert.equal((await asked('--certificate-identity', SUBJECT, '--certificate-oidc-issuer', `${ISSUER}/`)).code, 12);
  assert.equal((await asked('--certificate-identity', evil, ...WHO)).code, 0, 'one of two');
  const prefix = ['--certificate-identity-regexp', 'https://github.com/acme/', '--certificate-oidc-issuer', ISSUER];
  assert.equal((await asked(...prefix)).code, 12, 'a pattern must match whole');
  prefix[1] = 'https://github\\.com/acme/.*';
  assert.equal((await asked(...prefix)).code, 0);
  assert.equal(
    (await asked('--certificate-identity', SUBJECT, '--certificate-oidc-issuer-regexp', 'https://.*')).code,
    0,
  );
  assert.equal((await asked(...WHO, '--certificate-github-workflow-ref', 'refs/heads/main')).code, 12);
});

test('an attestation by the right identity is not a signature', async () => {
  const { repository, image, reference, run, trust } = await setUp();
  await pushBundle(repository, image, sigstore.signStatement(statementAbout(image, SBOM)));
  assert.equal((await run('verify', ...trust, ...WHO, reference)).code, 10);
  const attestation = ['verify-attestation', ...trust, ...WHO, reference, '--type'];
  assert.equal((await run(...attestation, 'spdxjson')).code, 0);
  assert.equal((await run(...attestation, 'cyclonedx')).code, 1);
  const printed = await run(...attestation, 'spdxjson', '-o', 'statement');
  assert.deepEqual(JSON.parse(printed.stdout), statementAbout(image, SBOM));
  await pushBundle(repository, image, sigstore.signStatement(statementAbout(image, SIGN_PREDICATE)));
  assert.equal((await run('verify', ...trust, ...WHO, reference)).code, 0);
});

test('a file that the right identity signed is no signature of an image', async () => {
  const { repository, image, reference, run, trust } = await setUp();
  await pushBundle(repository, image, sigstore.signFile(CONTENT));
  const { code, stderr } = await run('verify', ...trust, ...WHO, reference);
  assert.equal(code, 12);
  assert.match(stderr, /bundle-content-unsupported/);
});

test('a signature by a key is answered with 13 where an identity is wanted', async () => {
  const { repository, image, reference, run, trust } = await setUp();
  const key = createTestKey();
  await pushBundle(repository, image, sigstore.signStatement(statementAbout(image, SIGN_PREDICATE), { key }));
  assert.equal((await run('verify', ...trust, ...WHO, reference)).code, 13);
});

test('a key is held to the log where a trusted root is given, unless the log is ignored', async () => {
  const { ports, path, repository, image, reference, run, trust } = await setUp();
  const key = createTestKey();
  const pem = `-----BEGIN PUBLIC KEY-----\n${Buffer.from(key.publicKey.spki).toString('base64')}\n-----END PUBLIC KEY-----\n`;
  await ports.files.writeAtomic(path('key.pub'), pem);
  const bundle = sigstore.signStatement(statementAbout(image, SIGN_PREDICATE), { key });
  bundle.verificationMaterial.tlogEntries = [];
  await pushBundle(repository, image, bundle);
  const verify = ['verify', '--key', path('key.pub'), reference];
  assert.equal((await run(...verify)).code, 0);
  const held = await run(...verify, ...trust);
  assert.equal(held.code, 12);
  assert.match(held.stderr, /log-threshold/);
  assert.equal((await run(...verify, ...trust, '--insecure-ignore-tlog')).code, 0);
  await pushBundle(repository, image, sigstore.signStatement(statementAbout(image, SIGN_PREDICATE), { key }));
  assert.equal((await run(...verify, ...trust)).code, 0);
  assert.equal((await run(...verify, ...trust, '--use-signed-timestamps')).code, 12);
});

test('who is wanted must be said whole, and whom to believe', async () => {
  const { reference, run, trust, state } = await setUp();
  const asked = state.asked;
  const codeOf = async (...words: string[]): Promise<number> => (await run('verify', ...words, reference)).code;
  assert.equal(await codeOf(), 2);
  assert.equal(await codeOf(...trust), 2);
  assert.equal(await codeOf(...trust, '--certificate-identity', SUBJECT), 2);
  assert.equal(await codeOf(...trust, '--certificate-oidc-issuer', ISSUER), 2);
  assert.equal(await codeOf(...trust, '--certificate-identity', '', '--certificate-oidc-issuer', ISSUER), 2);
  assert.equal(await codeOf(...trust, '--certificate-identity-regexp', '(', '--certificate-oidc-issuer', ISSUER), 2);
  assert.equal(await codeOf(...trust, ...WHO, '--certificate-oidc-issuer-regexp', '.*'), 2);
  assert.equal(await codeOf(...trust, ...WHO, '--key', 'cosign.pub'), 2);
  assert.equal(await codeOf(...trust, ...WHO, '--ca-roots', 'a.pem', '--certificate-chain', 'b.pem'), 2);
  assert.equal(await codeOf(...trust, ...WHO, '--ca-intermediates', 'a.pem'), 2);
  assert.equal(await codeOf(...WHO), 7);
  assert.equal(state.asked, asked, 'nothing was asked of the registry');
});

test('authorities of one’s own take the place of those of the trusted root', async () => {
  const { ports, path, repository, image, reference, run } = await setUp();
  const pem = (der: Uint8Array): string => pemOf(Buffer.from(der).toString('base64'));
  await ports.files.writeAtomic(path('root.pem'), pem(sigstore.ca.der));
  await ports.files.writeAtomic(path('between.pem'), pem(sigstore.tsaCa.der) + pem(sigstore.intermediate.der));
  await ports.files.writeAtomic(path('chain.pem'), pem(sigstore.intermediate.der) + pem(sigstore.ca.der));
  await ports.files.writeAtomic(path('tsa.pem'), pem(sigstore.tsa.der) + pem(sigstore.tsaCa.der));
  const stamped = { stampedAt: [minutes(1)] };
  await pushBundle(repository, image, sigstore.signStatement(statementAbout(image, SIGN_PREDICATE), stamped));
  const lax = ['--insecure-ignore-tlog', '--insecure-ignore-sct', '--use-signed-timestamps'];
  const codeOf = async (...words: string[]): Promise<number> =>
    (await run('verify', ...lax, '--certificate-identity', SUBJECT, ...words, reference)).code;
  const stamps = ['--timestamp-certificate-chain', path('tsa.pem')];
  const roots = ['--ca-roots', path('root.pem'), '--ca-intermediates', path('between.pem')];
  assert.equal(await codeOf(...roots, ...stamps), 0);
  assert.equal(await codeOf('--certificate-chain', path('chain.pem'), ...stamps), 0);
  assert.equal(await codeOf('--ca-roots', path('root.pem'), ...stamps), 12, 'the path is broken');
  assert.equal(await codeOf('--ca-roots', path('tsa.pem'), ...stamps), 12);
  assert.equal(await codeOf(...roots), 12, 'nobody vouches for the time');
  assert.equal(await codeOf(...roots, ...stamps, '--certificate-oidc-issuer', 'https://other.test'), 12);
  assert.equal(await codeOf(...roots, ...stamps, '--certificate-oidc-issuer-regexp', '.*'), 0);
  const own = { words: ['verify', '--certificate-identity', SUBJECT, ...roots, ...stamps, reference] };
  assert.equal((await run(...own.words, '--insecure-ignore-sct')).code, 12, 'the log is not ignored by itself');
});

test('--explain shows each candidate, and the step at which it fails', async () => {
  const { repository, image, reference, run, trust } = await setUp();
  await pushBundle(repository, image, sigstore.signStatement(statementAbout(image, SIGN_PREDICATE)));
  const late = { loggedAt: minutes(11) };
  await pushBundle(repository, image, sigstore.signStatement(statementAbout(image, SIGN_PREDICATE), late));
  const { stdout, code } = await run('verify', ...trust, ...WHO, '--explain', reference);
  assert.equal(code, 0);
  const lines = stdout
    .replaceAll(/sha256:[0-9a-f]{64}/g, 'DIGEST')
    .trimEnd()
    .split('\n');
  assert.deepEqual(lines, [
    `${HOST}/app@DIGEST`,
    '├── verified signature DIGEST (referrer)',
    '│   ├── time: 2025-06-01T12:01:00.000Z, says the log rekor.test',
    `│   ├── certificate: ${SUBJECT}, says ${ISSUER}`,
    '│   ├── log: rekor.test, entry 123456',
    '│   ├── signature: by the key of the certificate',
    '│   └── artifact: DIGEST',
    '└── refused DIGEST',
    '    └── certificate',
    '        └── certificate-not-valid-at-time: the certificate was not valid when it was signed',
    '            ├── expected: 2025-06-01T12:00:00.000Z to 2025-06-01T12:10:00.000Z',
    '            └── found: 2025-06-01T12:11:00.000Z',
  ]);
});

test('many references are verified in one run, each answered by itself', async () => {
  const { repository, image, reference, run, trust } = await setUp();
  await pushBundle(repository, image, sigstore.signStatement(statementAbout(image, SIGN_PREDICATE)));
  const unsigned = await pushImage(repository, 'other');
  const references = [reference, `${HOST}/app@${unsigned.digest}`, 'localhost:5000/app:gone', reference];
  const { code, stdout, stderr } = await run('verify', ...trust, ...WHO, '--json', ...references);
  const results = JSON.parse(stdout) as { reference: string; outcome: string }[];
  assert.deepEqual(
    results.map(({ outcome }) => outcome),
    ['verified', 'absent', 'failed', 'verified'],
  );
  assert.deepEqual(
    results.map((result) => result.reference),
    references,
  );
  assert.equal(code, 11);
  assert.match(stderr, /could not verify localhost:5000\/app:gone/);
  assert.match(stdout, /"kind": "not-found",\s+"message": "localhost:5000\/app:gone: the tag does not exist"/);
});

test('--recursive verifies an index and every image in it, --platform one of them', async () => {
  const { repository, run, trust } = await setUp();
  const images = [await pushImage(repository, 'amd64'), await pushImage(repository, 'arm64')];
  const manifests = images.map((entry, at) => ({
    ...entry,
    platform: { os: 'linux', architecture: at === 0 ? 'amd64' : 'arm64' },
  }));
  const mediaType = 'application/vnd.oci.image.index.v1+json';
  const bytes = new TextEncoder().encode(JSON.stringify({ schemaVersion: 2, mediaType, manifests }));
  const index = await repository.pushManifest(bytes, mediaType, 'multi');
  const sign = async (subject: Descriptor): Promise<void> =>
    await pushBundle(repository, subject, sigstore.signStatement(statementAbout(subject, SIGN_PREDICATE)));
  await sign(index);
  const verify = async (...words: string[]) => await run('verify', ...trust, ...WHO, ...words, `${HOST}/app:multi`);
  assert.equal((await verify()).code, 0);
  assert.equal((await verify('--platform', 'linux/arm64')).code, 10);
  const [amd64, arm64] = images;
  assert.ok(amd64 !== undefined && arm64 !== undefined);
  await sign(arm64);
  assert.equal((await verify('--platform', 'linux/arm64')).code, 0);
  const some = await verify('--recursive');
  assert.equal(some.code, 10);
  assert.match(some.stderr, new RegExp(`no signatures found for .*${amd64.digest}`));
  await sign(amd64);
  const all = await verify('--recursive');
  assert.equal(all.code, 0);
  assert.equal((JSON.parse(all.stdout) as unknown[]).length, 3);
});

test('verify-blob takes bundles, old bundles, and signature with certificate apart', async () => {
  const { ports, path, run, trust } = await setUp();
  const bundle = sigstore.signFile(CONTENT, { stampedAt: [minutes(1)] });
  const { certificate, tlogEntries, timestampVerificationData } = bundle.verificationMaterial;
  const [entry] = tlogEntries;
  assert.ok(entry !== undefined);
  const pem = pemOf(certificate?.rawBytes ?? '');
  const signature = bundle.messageSignature?.signature ?? '';
  const old = { base64Signature: signature, rekorBundle: JSON.parse(rekorBundleOf(entry)) as unknown };
  const [stamp] = timestampVerificationData.rfc3161Timestamps;
  const files = {
    file: CONTENT,
    bundle: JSON.stringify(bundle),
    old: JSON.stringify({ ...old, cert: Buffer.from(pem).toString('base64') }),
    bare: JSON.stringify(old),
    'cert.pem': pem,
    stamp: JSON.stringify({ SignedRFC3161Timestamp: stamp?.signedTimestamp }),
  };
  for (const [name, content] of Object.entries(files)) await ports.files.writeAtomic(path(name), content);
  const codeOf = async (...words: string[]): Promise<number> =>
    (await run('verify-blob', ...trust, ...WHO, ...words)).code;
  assert.equal(await codeOf('--bundle', path('bundle'), path('file')), 0);
  assert.equal(await codeOf('--bundle', path('bundle'), digestOf(CONTENT)), 0);
  assert.equal(await codeOf('--bundle', path('bundle'), path('bundle')), 1);
  assert.equal(await codeOf('--bundle', path('old'), path('file')), 0);
  assert.equal(await codeOf('--bundle', path('bare'), path('file')), 1);
  assert.equal(await codeOf('--bundle', path('bare'), '--certificate', path('cert.pem'), path('file')), 0);
  const apart = ['--signature', signature, '--cert', path('cert.pem'), path('file')];
  assert.equal(await codeOf(...apart), 1);
  const stamped = ['--rfc3161-timestamp', path('stamp'), '--use-signed-timestamps', '--insecure-ignore-tlog'];
  assert.equal(await codeOf(...apart, ...stamped), 0);
  assert.equal(await codeOf(...apart, '--insecure-ignore-tlog'), 1, 'the certificate is long expired');
});

test('verify-blob-attestation wants a statement of the type about the file', async () => {
  const { ports, path, run, trust } = await setUp();
  const about = { digest: digestOf(CONTENT) };
  const bundle = JSON.stringify(sigstore.signStatement(statementAbout(about, SBOM)));
  for (const [name, content] of Object.entries({
    file: CONTENT,
    bundle,
    signed: JSON.stringify(sigstore.signFile(CONTENT)),
  })) {
    await ports.files.writeAtomic(path(name), content);
  }
  const codeOf = async (...words: string[]): Promise<number> =>
    (await run('verify-blob-attestation', ...trust, ...WHO, ...words)).code;
  const sbom = ['--type', 'spdxjson', '--bundle', path('bundle')];
  assert.equal(await codeOf(...sbom, path('file')), 0);
  assert.equal(await codeOf(...sbom, digestOf(CONTENT)), 0);
  assert.equal(await codeOf(...sbom, '--digest', digestOf(CONTENT).slice('sha256:'.length)), 0);
  assert.equal(await codeOf(...sbom, '--digest', '0'.repeat(64), '--digestAlg', 'sha256'), 1);
  assert.equal(await codeOf(...sbom, path('bundle')), 1, 'another file');
  assert.equal(await codeOf('--type', 'vuln', '--bundle', path('bundle'), path('file')), 1, 'another type');
  assert.equal(await codeOf('--type', 'spdxjson', '--bundle', path('signed'), path('file')), 1, 'no statement');
  assert.equal(await codeOf(...sbom), 2);
  assert.equal(await codeOf(...sbom, '--check-claims=false'), 0);
});

test('admit judges by identity under the configured trusted root', async () => {
  const { ports, path, repository, image, reference, run } = await setUp();
  const keyless = { identities: [{ issuer: ISSUER, subject: SUBJECT }] };
  const policy = policyText([{ keyless }], { images: [{ glob: '**' }] });
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'app' },
    spec: { containers: [{ image: reference }] },
  };
  await ports.files.writeAtomic(path('policy.yaml'), policy);
  await ports.files.writeAtomic(path('pod.json'), JSON.stringify(pod));
  const admit = ['admit', '-f', path('pod.json'), '--policy', path('policy.yaml')];
  assert.equal((await run(...admit)).code, 7);
  const configured = { ...ports, settings: { ...ports.settings, trustedRoot: path('root.json') } };
  const denied = await runCommand(configured, admit);
  assert.equal(denied.code, 1);
  assert.match(denied.stdout, /no signature of this image verifies for the authority/);
  await pushBundle(repository, image, sigstore.signStatement(statementAbout(image, SIGN_PREDICATE)));
  assert.equal((await runCommand(configured, admit)).code, 0);
});

test('what is said to lie on the disk is asked of no registry', async () => {
  const { reference, run, trust, state } = await setUp();
  const asked = state.asked;
  const { code, stderr } = await run('verify', ...trust, ...WHO, '--local-image', reference);
  assert.equal(code, 4);
  assert.match(stderr, /expected an image on the disk, found none/);
  assert.equal(state.asked, asked);
});

test('where no trusted root is given, what the environment names is believed, of each kind alone', async () => {
  const set = await setUp();
  const { repository, image, reference, path, trust } = set;
  await pushBundle(repository, image, sigstore.signStatement(statementAbout(image, SIGN_PREDICATE)));
  const bytes = encodeSimpleSigning({ reference: `${HOST}/app`, digest: image.digest, annotations: {} });
  const legacy = { mediaType: 'application/vnd.dev.cosign.simplesigning.v1+json', bytes };
  await pushTagged(repository, image, { suffix: 'sig', ...legacy, annotations: sigstore.signLegacy(bytes) });
  const certificate = (der: Uint8Array) => pemOf(Buffer.from(der).toString('base64'));
  const { ca, intermediate, rekor, ct } = sigstore;
  const stranger = new TestSigstore();
  for (const [name, content] of Object.entries({
    cas: certificate(intermediate.der) + certificate(ca.der),
    'other-cas': certificate(stranger.intermediate.der) + certificate(stranger.ca.der),
    below: certificate(intermediate.der),
    rekor: formatPublicKey(rekor.publicKey),
    ct: formatPublicKey(ct.publicKey),
    'other-key': formatPublicKey(stranger.rekor.publicKey),
  }))
    await set.ports.files.writeAtomic(path(name), content);
  const all = {
    SIGSTORE_ROOT_FILE: path('cas'),
    SIGSTORE_REKOR_PUBLIC_KEY: path('rekor'),
    SIGSTORE_CT_LOG_PUBLIC_KEY_FILE: path('ct'),
  };
  const verify = async (environment: Readonly<Record<string, string>>, ...words: readonly string[]) =>
    await runCommand({ ...set.ports, environment }, ['verify', ...words, ...WHO, reference]);
  const good = await verify(all);
  assert.equal(good.code, 0, good.stderr);
  assert.equal((JSON.parse(good.stdout) as readonly unknown[]).length, 2, 'bundle and tag');
  for (const [name, file, expected] of [
    ['SIGSTORE_ROOT_FILE', 'other-cas', /issuer-unknown/],
    ['SIGSTORE_REKOR_PUBLIC_KEY', 'other-key', /log-unknown/],
    ['SIGSTORE_CT_LOG_PUBLIC_KEY_FILE', 'other-key', /sct-/],
  ] as const) {
    const refused = await verify({ ...all, [name]: path(file) });
    assert.equal(refused.code, 12, name);
    assert.match(refused.stderr, expected);
    assert.equal((await verify({ ...all, [name]: path(file) }, ...trust)).code, 0, `${name}: a flag goes before`);
    assert.equal((await verify({ ...all, [name]: '' })).code, 12, `${name}: nothing in its place`);
  }
  assert.equal((await verify({ ...all, SIGSTORE_ROOT_FILE: path('below') })).code, 3, 'no root among them');
  assert.equal((await verify({})).code, 7);
});
