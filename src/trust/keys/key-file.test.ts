import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { AppError } from '../../core/index.ts';
import { dataSet, needsSharedData } from '../../../test/shared-data.ts';
import { formatPem, generatePkcs8, importPkcs8, importPublicKey, parsePem } from '../crypto/index.ts';
import { decryptKeyFile, encryptKeyFile, isEncryptedKeyFile, KeyFiles } from './key-file.ts';

const random = (bytes: number): Uint8Array => new Uint8Array(randomBytes(bytes));
const pkcs8 = generatePkcs8();
// scrypt is slow on purpose: one file serves all tests.
const sealed = encryptKeyFile(pkcs8, 'open sesame', random);

interface Document {
  kdf: { name: string; params: { N: number; r: number; p: number }; salt: string };
  cipher: { name: string; nonce: string };
  ciphertext: string;
}

function changed(change: (document: Document) => void, label = 'ENCRYPTED SIGSTORE PRIVATE KEY'): string {
  const document = JSON.parse(new TextDecoder().decode(parsePem(sealed, 'key').bytes)) as Document;
  change(document);
  return formatPem({ label, bytes: new TextEncoder().encode(JSON.stringify(document)) });
}

function refuses(pem: string, message: RegExp, password = 'open sesame'): void {
  assert.throws(
    () => decryptKeyFile(pem, password, 'cosign.key'),
    (error) => error instanceof AppError && error.kind === 'invalid-input' && message.test(error.message),
  );
}

test('a key file opens with its password and gives the same key', () => {
  assert.ok(isEncryptedKeyFile(sealed));
  assert.match(sealed, /^-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\n/);
  const opened = decryptKeyFile(sealed, 'open sesame', 'cosign.key');
  assert.equal(opened.publicKey.keyId, importPkcs8(pkcs8, 'key').publicKey.keyId);
});

test('a wrong password gives an error that says so, and never a key', () => {
  refuses(sealed, /the password does not open this key file/, 'open barley');
});

test('parameters outside the three allowed sets are refused before any work', () => {
  for (const params of [
    { N: 16_384, r: 8, p: 1 },
    { N: 1_073_741_824, r: 8, p: 1 },
    { N: 65_536, r: 16, p: 1 },
    { N: 65_536, r: 8, p: 2 },
  ]) {
    refuses(
      changed((document) => {
        document.kdf.params = params;
      }),
      /kdf\.params: expected N of 32768, 65536, 131072/,
    );
  }
});

test('other names of kdf and cipher, bad nonces, labels and documents are refused', () => {
  refuses(
    changed((document) => {
      document.kdf.name = 'argon2id';
    }),
    /kdf\.name: expected scrypt/,
  );
  refuses(
    changed((document) => {
      document.cipher.name = 'aes';
    }),
    /cipher\.name: expected nacl/,
  );
  refuses(
    changed((document) => {
      document.cipher.nonce = 'AAAA';
    }),
    /nonce: expected 24 bytes, found 3/,
  );
  refuses(
    changed(() => undefined, 'ENCRYPTED PRIVATE KEY'),
    /expected a PEM block ENCRYPTED SIGSTORE PRIVATE KEY/,
  );
  refuses(formatPem({ label: 'ENCRYPTED COSIGN PRIVATE KEY', bytes: new Uint8Array(3) }), /expected JSON/);
});

const published: readonly (readonly [string, string, string])[] = [
  [
    'cosign-keys-test/cosign-label-pkcs8.key',
    'hello',
    'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAECYtspttZZ7e9PMd8wyU2CWDlpEXNbqTve0ZBuOXu9xTjtm7Z107cVLCCk96Ma4D0tesnKeCPwrcspLz7GNZJSw==',
  ],
  [
    'cosign-keys-test/sigstore-label-pkcs8.key',
    'hello',
    'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE7z9gA/tqa9iHt/f9F3ulyVi4lwqULfHWfhG2mK4eyJ8LDcLstb+VVhxj3pkMjc3fNo+sSfiIY2NLR7c+DG1V4w==',
  ],
  [
    'conforma-cli-test/empty-password.key',
    '',
    'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEMk2x2CCtYaFNteFO9CDuOMyDP54D5+gXKKweldxuaq7Ns+3RIZDb/7fSkae3hDK7/ZdvR46/U6mvcFyncxHHSQ==',
  ],
];

test('published key files open and give the published public halves', needsSharedData, () => {
  const folder = join(dataSet('sigstore'), 'keys');
  const read = (name: string): string => readFileSync(join(folder, name), 'utf8');
  for (const [name, password, spki] of published) {
    const { publicKey } = decryptKeyFile(read(name), password, name);
    assert.equal(Buffer.from(publicKey.spki).toString('base64'), spki, name);
  }
  const example = decryptKeyFile(read('policy-controller-example/cosign.key'), '', 'cosign.key');
  assert.equal(example.publicKey.keyId, importPublicKey(read('policy-controller-example/cosign.pub')).keyId);
});

test('a key file that holds SEC 1 instead of PKCS#8 is refused', needsSharedData, () => {
  const pem = readFileSync(join(dataSet('sigstore'), 'keys/cosign-keys-test/cosign-label-sec1-ec.key'), 'utf8');
  refuses(pem, /expected a private key in PKCS#8 form/, 'hello');
});

test('a key file far larger than any key is refused unread', () => {
  const large = changed((document) => {
    document.ciphertext = 'A'.repeat(80_000);
  });
  refuses(large, /expected at most 65536 bytes/);
});

test('files of one owner share what is slow, and each opens by itself', () => {
  const files = new KeyFiles('open sesame');
  const [one, other] = [files.encrypt(pkcs8, random), files.encrypt(generatePkcs8(), random)];
  const read = (pem: string) => JSON.parse(new TextDecoder().decode(parsePem(pem, 'key').bytes)) as Document;
  assert.equal(read(one).kdf.salt, read(other).kdf.salt);
  assert.notEqual(read(one).cipher.nonce, read(other).cipher.nonce);
  assert.equal(decryptKeyFile(one, 'open sesame', 'key').publicKey.keyId, importPkcs8(pkcs8, 'key').publicKey.keyId);
  assert.equal(files.decrypt(one, 'key').publicKey.keyId, importPkcs8(pkcs8, 'key').publicKey.keyId);
  assert.throws(() => new KeyFiles('wrong').decrypt(other, 'key'), /password does not open/);
});
