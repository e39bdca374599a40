import assert from 'node:assert/strict';
import { constants, createHash, createPublicKey, generateKeyPairSync, privateEncrypt, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { test } from 'node:test';
import { ed25519ph } from '@noble/curves/ed25519.js';
import { AppError } from '../../core/index.ts';
import { importPublicKey } from './public-key.ts';
import type { PublicKey } from './public-key.ts';
import { importPlainPrivateKey } from './signing-key.ts';

const content = new TextEncoder().encode('a ship at sea');
const sha256 = new Uint8Array(createHash('sha256').update(content).digest());

interface Pair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

const pairs: Readonly<Record<string, Pair>> = {
  'ecdsa-p256': generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  'ecdsa-p384': generateKeyPairSync('ec', { namedCurve: 'P-384' }),
  'ecdsa-p521': generateKeyPairSync('ec', { namedCurve: 'P-521' }),
  ed25519: generateKeyPairSync('ed25519'),
  rsa: generateKeyPairSync('rsa', { modulusLength: 2048 }),
};

function pemOf(pair: Pair): string {
  return pair.publicKey.export({ format: 'pem', type: 'spki' });
}

function importPair(name: string): { readonly key: PublicKey; readonly pair: Pair } {
  const pair = pairs[name];
  assert.ok(pair !== undefined);
  return { key: importPublicKey(pemOf(pair)), pair };
}

for (const name of Object.keys(pairs)) {
  const { key, pair } = importPair(name);
  const hash = name === 'ed25519' ? null : 'sha256';
  const signature = new Uint8Array(sign(hash, content, pair.privateKey));

  test(`${name}: verify accepts its own signature and refuses changed content, changed signatures and other keys`, () => {
    assert.equal(key.algorithm, name);
    assert.equal(key.verify(content, signature), true);
    assert.equal(key.verify(new TextEncoder().encode('a ship at see'), signature), false);
    const damaged = Uint8Array.from(signature);
    damaged[damaged.length - 1] = (damaged.at(-1) ?? 0) ^ 1;
    assert.equal(key.verify(content, damaged), false);
    assert.equal(key.verify(content, new Uint8Array()), false);
    assert.equal(key.verify(content, Buffer.concat([signature, Buffer.of(0)])), false);
    const other = importPair(name === 'rsa' ? 'ed25519' : 'rsa').key;
    assert.equal(other.verify(content, signature), false);
  });

  test(`${name}: verifyDigest agrees with verify wherever digests are signed`, () => {
    const wrong = Uint8Array.from(sha256);
    wrong[0] = (wrong[0] ?? 0) ^ 1;
    const expected = name === 'ed25519' ? undefined : true;
    assert.equal(key.verifyDigest(sha256, 'sha256', signature), expected);
    assert.equal(key.verifyDigest(wrong, 'sha256', signature), name === 'ed25519' ? undefined : false);
    assert.equal(key.verifyDigest(sha256, 'sha256', Buffer.of(1, 2, 3)), name === 'ed25519' ? undefined : false);
  });

  test(`${name}: what a signing key signs, its public half verifies`, async () => {
    const pem = pair.privateKey.export({ format: 'pem', type: 'pkcs8' });
    const signing = importPlainPrivateKey(pem, 'key');
    assert.equal(signing.publicKey.keyId, key.keyId);
    assert.equal(key.verify(content, await signing.sign(content)), true);
  });
}

test('P-384 and P-521 signatures over the hash of their own size are accepted, P-256 ones over SHA-512 are not', () => {
  for (const [name, hash, expected] of [
    ['ecdsa-p384', 'sha384', true],
    ['ecdsa-p521', 'sha512', true],
    ['ecdsa-p256', 'sha512', false],
    ['rsa', 'sha1', false],
  ] as const) {
    const { key, pair } = importPair(name);
    assert.equal(key.verify(content, sign(hash, content, pair.privateKey)), expected, name);
  }
});

test('verifyDigest refuses a hash that the key does not sign', () => {
  const { key, pair } = importPair('ecdsa-p256');
  const sha512 = createHash('sha512').update(content).digest();
  assert.equal(key.verifyDigest(sha512, 'sha512', sign('sha512', content, pair.privateKey)), false);
});

/** A modulus of this many bits that nobody generated: only its size is looked at. */
function rsaOf(bits: number): string {
  const n = Buffer.alloc(bits / 8, 0xff).toString('base64url');
  return createPublicKey({ key: { kty: 'RSA', n, e: 'AQAB' }, format: 'jwk' }).export({ format: 'pem', type: 'spki' });
}

const refused: readonly (readonly [string, () => string, RegExp])[] = [
  ['a short RSA key', () => pemOf(generateKeyPairSync('rsa', { modulusLength: 1024 })), /RSA with 1024 bits/],
  ['an RSA key that takes long to verify with', () => rsaOf(8448), /RSA with 8448 bits/],
  ['a text that is far too long', () => `${rsaOf(2048)}${' '.repeat(300_000)}`, /at most 262144 characters/],
  ['P-224', () => pemOf(generateKeyPairSync('ec', { namedCurve: 'secp224r1' })), /elliptic curve secp224r1/],
  ['secp256k1', () => pemOf(generateKeyPairSync('ec', { namedCurve: 'secp256k1' })), /elliptic curve secp256k1/],
  ['Ed448', () => pemOf(generateKeyPairSync('ed448')), /found ed448/],
  ['an X25519 key', () => pemOf(generateKeyPairSync('x25519')), /found x25519/],
  [
    'a private key',
    () => generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }),
    /expected a PEM block PUBLIC KEY, found PRIVATE KEY/,
  ],
  ['text without PEM', () => 'ssh-ed25519 AAAA', /expected a PEM block, found none/],
  ['two keys', () => pemOf(importPair('rsa').pair) + pemOf(importPair('ed25519').pair), /one PEM block, found more/],
  ['damaged DER', () => '-----BEGIN PUBLIC KEY-----\nMAA=\n-----END PUBLIC KEY-----\n', /SubjectPublicKeyInfo/],
];

for (const [what, pem, message] of refused) {
  test(`importPublicKey refuses ${what} by name`, () => {
    assert.throws(
      () => importPublicKey(pem()),
      (error) => error instanceof AppError && error.kind === 'invalid-input' && message.test(error.message),
    );
  });
}

test('Ed25519ph signatures are accepted, and only over the same content', () => {
  const { key, pair } = importPair('ed25519');
  const secret = Buffer.from(pair.privateKey.export({ format: 'jwk' }).d ?? '', 'base64url');
  const signature = ed25519ph.sign(content, secret);
  assert.equal(key.verify(content, signature), true);
  assert.equal(key.verify(new TextEncoder().encode('a ship at see'), signature), false);
});

test('a PSS signature counts only with a salt as long as the hash', () => {
  const { key, pair } = importPair('rsa');
  const pss = (saltLength: number) =>
    sign('sha256', content, { key: pair.privateKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength });
  assert.equal(key.verify(content, pss(32)), true);
  assert.equal(key.verify(content, pss(20)), false);
  assert.equal(key.verify(content, pss(0)), false);
});

test('an RSA signature over a bare digest, or over one with another header, is none', () => {
  const { key, pair } = importPair('rsa');
  const sealed = (header: string) =>
    privateEncrypt(
      { key: pair.privateKey, padding: constants.RSA_PKCS1_PADDING },
      Buffer.concat([Buffer.from(header, 'hex'), sha256]),
    );
  assert.equal(key.verifyDigest(sha256, 'sha256', sealed('3031300d060960864801650304020105000420')), true);
  for (const header of ['', '3031300d060960864801650304020305000420', '302f300b0609608648016503040201042000']) {
    assert.equal(key.verifyDigest(sha256, 'sha256', sealed(header)), false, header);
  }
});
