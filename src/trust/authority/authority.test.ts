import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { join } from 'node:path';
import { test } from 'node:test';
import { AppError, exactly, type Http, type WebHandler } from '../../core/index.ts';
import { createTestPorts } from '../../io/testing.ts';
import { parseBundle } from '../bundles/bundle.ts';
import { verifyBundle } from '../bundles/verify-bundle.ts';
import { signBlob } from '../blobs/blob.ts';
import { parseSigningConfig } from '../clients/signing-config.ts';
import { parseTrustedRoot } from '../roots/trusted-root.ts';
import { createKeylessSigner, type KeylessServices } from '../sign/voucher.ts';
import { openAuthority } from './authority.ts';
import { createState } from './state.ts';

const URL_OF_AUTHORITY = 'https://sigstore.example:8443';
const EMAIL = 'ada@example.com';
const PASSWORD = 'correct horse';

/** Requests to the authority without a socket. */
function connect(handler: () => WebHandler): Http {
  return async ({ method, url, headers, body }) => {
    const init = {
      method,
      headers: { ...headers },
      ...(body === undefined ? {} : { body: Buffer.from(body as Uint8Array) }),
    };
    const response = await handler()(new Request(url, init));
    const fields = new Map([...response.headers].map(([name, value]) => [name, [value]]));
    return { status: response.status, headers: fields, body: response.body ?? new Blob([]).stream() };
  };
}

async function setUp(at?: Date) {
  const ports = createTestPorts(at === undefined ? {} : { clock: () => at });
  const folder = join(ports.home, 'authority');
  await createState(ports, folder, { url: URL_OF_AUTHORITY, password: PASSWORD });
  const open = () => openAuthority({ ...ports, http }, folder, { password: PASSWORD, issuers: [], tryOut: true });
  const http = connect(() => authority.handler);
  const authority = await open();
  const bytes = (value: unknown) => Buffer.from(JSON.stringify(value));
  const config = parseSigningConfig(bytes(authority.trust.signingConfig), 'signing config', ports.clock());
  const trustedRoot = parseTrustedRoot(bytes(authority.trust.trustedRoot), 'trusted root');
  const services = { fulcio: config.fulcio ?? '', logs: config.logs, timestamps: config.timestamps };
  const token = (await authority.issueToken?.(EMAIL)) ?? '';
  const sign = async (content: string, use: KeylessServices = services) => {
    const { key, voucher } = await createKeylessSigner({ ...ports, http }, use, { token });
    return parseBundle(Buffer.from((await signBlob(Buffer.from(content), key, { voucher })).bundle), 'bundle');
  };
  const verify = (bundle: Awaited<ReturnType<typeof sign>>, content: string, email = EMAIL) =>
    verifyBundle(bundle, {
      artifact: { kind: 'content', content: Buffer.from(content) },
      who: {
        kind: 'identities',
        identities: [{ subject: exactly(email), issuer: exactly(`${URL_OF_AUTHORITY}/oidc`) }],
      },
      trustedRoot,
      at: ports.clock(),
      thresholds: { timestamps: bundle.timestamps.length },
    });
  return { ports, folder, open, authority, http, services, sign, verify, token };
}

test('what is signed with its certificates, logs and timestamps verifies, and nothing else does', async () => {
  const { sign, verify, services } = await setUp();
  for (const version of [2, 1] as const) {
    const bundle = await sign('hello', { ...services, logs: [{ url: URL_OF_AUTHORITY, version }] });
    const verdict = verify(bundle, 'hello');
    assert.ok(verdict.kind === 'verified', JSON.stringify(verdict));
    assert.equal(verdict.signatures[0]?.identity?.subject, EMAIL);
    assert.equal(verify(bundle, 'other').kind, 'refused');
    assert.equal(verify(bundle, 'hello', 'eve@example.com').kind, 'refused');
  }
});

test('what is signed in the very second in which it was made verifies', async () => {
  const { sign, verify } = await setUp(new Date('2026-01-02T03:04:05.999Z'));
  const verdict = verify(await sign('hello'), 'hello');
  assert.equal(verdict.kind, 'verified', JSON.stringify(verdict));
});

test('it goes on where it stopped, and wants the right password', async () => {
  const { open, ports, folder, sign, verify, http } = await setUp();
  const bundle = await sign('before');
  const again = await open();
  const head = await (await again.handler(new Request(`${URL_OF_AUTHORITY}/api/v2/checkpoint`))).text();
  assert.match(head, /^sigstore\.example\n1\n/);
  assert.equal(verify(bundle, 'before').kind, 'verified');
  const wrong = openAuthority({ ...ports, http }, folder, { password: 'wrong', issuers: [], tryOut: true });
  await assert.rejects(wrong, (error: unknown) => error instanceof AppError && /password/.test(error.message));
  await assert.rejects(
    createState(ports, folder, { url: URL_OF_AUTHORITY, password: PASSWORD }),
    /expected no authority/,
  );
});

test('what is proposed twice at once is logged once', async () => {
  const { authority } = await setUp();
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const content = Buffer.from(publicKey.export({ format: 'pem', type: 'spki' })).toString('base64');
  const value = createHash('sha256').update('content').digest('hex');
  const signature = sign('sha256', Buffer.from('content'), privateKey).toString('base64');
  const spec = {
    data: { hash: { algorithm: 'sha256', value } },
    signature: { content: signature, publicKey: { content } },
  };
  const body = JSON.stringify({ kind: 'hashedrekord', apiVersion: '0.0.1', spec });
  const url = `${URL_OF_AUTHORITY}/api/v1/log/entries`;
  const propose = async () => await authority.handler(new Request(url, { method: 'POST', body }));
  const answers = await Promise.all([propose(), propose(), propose()]);
  assert.deepEqual(
    answers.map(({ status }) => status).toSorted((one, other) => one - other),
    [201, 409, 409],
  );
});
