import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { AppError, digestOf, parseDigest } from '../../core/index.ts';
import { digestSetOf, encodeStatement, IN_TOTO_PAYLOAD_TYPE, signEnvelope } from '../../attestations/index.ts';
import { dataSet, needsSharedData } from '../../../test/shared-data.ts';
import { formatEnvelopeBundle } from '../bundles/bundle.ts';
import { importPlainPrivateKey, importPublicKey } from '../crypto/index.ts';
import type { PublicKey, SigningKey } from '../crypto/index.ts';
import { byKeys, createSigningKey } from '../images/testing.ts';
import { signBlob, verifyBlob } from './blob.ts';
import type { BlobProof } from './blob.ts';
import type { Blob } from '../bundles/verify-bundle.ts';

const content = new TextEncoder().encode('hello\n');
const file: Blob = { kind: 'content', content };
const byDigest: Blob = { kind: 'digest', digest: digestOf(content) };
const otherFile: Blob = { kind: 'content', content: new TextEncoder().encode('hullo\n') };
const key = createSigningKey();
const other = createSigningKey();

function ed25519(): SigningKey {
  const { privateKey } = generateKeyPairSync('ed25519');
  return importPlainPrivateKey(privateKey.export({ format: 'pem', type: 'pkcs8' }), 'key');
}

function bundleProof(text: string): BlobProof {
  return { kind: 'bundle', bytes: new TextEncoder().encode(text) };
}

function codes(proof: BlobProof, blob: Blob, signer: PublicKey = key.publicKey): readonly string[] {
  const { verified, rejected } = verifyBlob(proof, { blob, by: byKeys(signer) });
  assert.equal(verified.length > 0, rejected.length === 0);
  return rejected.map((reason) => reason.code);
}

test('a signed file verifies by bundle and by bare signature, from content and from the digest', async () => {
  const signed = await signBlob(content, key);
  for (const proof of [bundleProof(signed.bundle), { kind: 'signature', text: `${signed.signature}\n` } as const]) {
    for (const blob of [file, byDigest]) {
      const { verified } = verifyBlob(proof, { blob, by: byKeys(other.publicKey, key.publicKey) });
      assert.deepEqual(
        verified.map((entry) => [entry.signer, entry.artifact]),
        [[{ kind: 'key', keyId: key.publicKey.keyId }, digestOf(content)]],
      );
    }
  }
});

test('another file, another key, and malformed signatures are refused by code', async () => {
  const signed = await signBlob(content, key);
  const bare: BlobProof = { kind: 'signature', text: signed.signature };
  assert.deepEqual(codes(bundleProof(signed.bundle), otherFile), ['payload-other-artifact']);
  assert.deepEqual(codes(bare, otherFile), ['signature-mismatch']);
  assert.deepEqual(codes(bare, file, other.publicKey), ['signature-mismatch']);
  assert.deepEqual(codes(bundleProof(signed.bundle), file, other.publicKey), ['signature-mismatch']);
  assert.deepEqual(codes({ kind: 'signature', text: '' }, file), ['signature-malformed']);
  assert.deepEqual(codes({ kind: 'signature', text: '***' }, file), ['signature-malformed']);
});

test('a bundle whose digest was changed to the file at hand is refused by its signature', async () => {
  const signed = await signBlob(content, key);
  const otherDigest = Buffer.from(digestOf('hullo\n').slice(7), 'hex').toString('base64');
  const digest = Buffer.from(digestOf(content).slice(7), 'hex').toString('base64');
  const changed = bundleProof(signed.bundle.replace(digest, otherDigest));
  assert.deepEqual(codes(changed, otherFile), ['signature-mismatch']);
});

test('the JSON of older cosign verifies when it carries no certificate', async () => {
  const { signature } = await signBlob(content, key);
  const old = { base64Signature: signature };
  assert.deepEqual(codes(bundleProof(JSON.stringify(old)), file), []);
  assert.deepEqual(codes(bundleProof(JSON.stringify(old)), otherFile), ['signature-mismatch']);
  // A bare public key in `cert` once made cosign trust it: whatever stands there, a key does not vouch for it.
  assert.deepEqual(codes(bundleProof(JSON.stringify({ ...old, cert: 'LS0t' })), file), ['certificate-only']);
});

test('a DSSE bundle verifies when the file is one of its subjects', async () => {
  const bundleOf = async (digest: string, payloadType = IN_TOTO_PAYLOAD_TYPE): Promise<BlobProof> => {
    const subjects = [{ digest: digestSetOf(parseDigest(digest)) }];
    const payload = encodeStatement({ subjects, predicateType: 'https://x.example/p', predicate: {} });
    return bundleProof(
      formatEnvelopeBundle(await signEnvelope(payload, payloadType, key), { hint: key.publicKey.hint }),
    );
  };
  assert.deepEqual(codes(await bundleOf(digestOf(content)), file), []);
  assert.deepEqual(codes(await bundleOf(digestOf(content)), otherFile), ['subject-mismatch']);
  assert.deepEqual(codes(await bundleOf(digestOf(content)), file, other.publicKey), ['signature-mismatch']);
  assert.deepEqual(codes(await bundleOf(digestOf(content), 'text/plain'), file), ['payload-type-unsupported']);
});

test('a managed key never vouches for a bundle that carries a certificate', async () => {
  const { bundle } = await signBlob(content, key);
  const proof = bundleWith((document) => {
    document['verificationMaterial'] = { certificate: { rawBytes: 'MAA=' } };
  }, bundle);
  assert.deepEqual(codes(proof, file), ['certificate-only']);
});

test('an envelope that nobody trusted signed is refused before its payload is read', async () => {
  const envelope = await signEnvelope(new TextEncoder().encode('not json'), IN_TOTO_PAYLOAD_TYPE, other);
  assert.deepEqual(codes(bundleProof(formatEnvelopeBundle(envelope, { hint: key.publicKey.hint })), file), [
    'signature-mismatch',
  ]);
});

test('Ed25519 verifies content and says that a digest is not enough', async () => {
  const signer = ed25519();
  const proof = bundleProof((await signBlob(content, signer)).bundle);
  assert.deepEqual(codes(proof, file, signer.publicKey), []);
  assert.deepEqual(codes(proof, otherFile, signer.publicKey), ['payload-other-artifact']);
  assert.throws(
    () => verifyBlob(proof, { blob: byDigest, by: byKeys(signer.publicKey) }),
    (error) => error instanceof AppError && error.kind === 'invalid-input' && /from a digest/.test(error.message),
  );
});

test('a signature over SHA-384 verifies from the file, and from a digest says which one is wanted', async () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' });
  const signer = importPlainPrivateKey(privateKey.export({ format: 'pem', type: 'pkcs8' }), 'key');
  const signature = sign('sha384', content, privateKey).toString('base64');
  const digest = createHash('sha384').update(content).digest('base64');
  const proof = bundleWith(
    (document) => {
      document['messageSignature'] = { messageDigest: { algorithm: 'SHA2_384', digest }, signature };
    },
    (await signBlob(content, signer)).bundle,
  );
  assert.deepEqual(codes(proof, file, signer.publicKey), []);
  assert.deepEqual(codes(proof, otherFile, signer.publicKey), ['payload-other-artifact']);
  assert.throws(
    () => verifyBlob(proof, { blob: byDigest, by: byKeys(signer.publicKey) }),
    (error) => error instanceof AppError && error.kind === 'invalid-input' && /a sha384 digest/.test(error.message),
  );
});

test('verifying with no keys is refused instead of accepting anybody', async () => {
  const proof = bundleProof((await signBlob(content, key)).bundle);
  assert.throws(
    () => verifyBlob(proof, { blob: file, by: byKeys() }),
    (error) => error instanceof AppError && error.kind === 'usage',
  );
});

function bundleWith(change: (bundle: Record<string, unknown>) => void, text: string): BlobProof {
  const document = JSON.parse(text) as Record<string, unknown>;
  change(document);
  return bundleProof(JSON.stringify(document));
}

test('malformed bundles are refused with the path', async () => {
  const { bundle } = await signBlob(content, key);
  const wrong: readonly (readonly [(document: Record<string, unknown>) => void, RegExp])[] = [
    [(document) => delete document['mediaType'], /mediaType: expected a string/],
    [(document) => (document['mediaType'] = 'application/vnd.dev.sigstore.bundle.v0.9+json'), /mediaType/],
    [
      (document) => (document['verificationMaterial'] = {}),
      /expected one of publicKey, certificate and chain, found 0/,
    ],
    [
      (document) =>
        (document['verificationMaterial'] = { publicKey: { hint: 'x' }, certificate: { rawBytes: 'AAAA' } }),
      /found 2/,
    ],
    [
      (document) => {
        document['mediaType'] = 'application/vnd.dev.sigstore.bundle+json;version=0.1';
        document['verificationMaterial'] = { x509CertificateChain: { certificates: [] } };
      },
      /empty chain/,
    ],
    [
      (document) => (document['verificationMaterial'] = { x509CertificateChain: { certificates: [] } }),
      /single certificate in version 0\.3/,
    ],
    [(document) => delete document['messageSignature'], /either dsseEnvelope or messageSignature/],
    [
      (document) => (document['dsseEnvelope'] = { payload: '', payloadType: '', signatures: [] }),
      /either dsseEnvelope/,
    ],
    [(document) => (document['messageSignature'] = { signature: '%' }), /signature: expected base64/],
    [
      (document) =>
        (document['messageSignature'] = { signature: 'AAAA', messageDigest: { algorithm: 'MD5', digest: 'AA' } }),
      /algorithm: expected SHA2_256/,
    ],
    [
      (document) =>
        (document['verificationMaterial'] = { publicKey: {}, tlogEntries: Array.from({ length: 33 }, () => ({})) }),
      /at most 32 entries/,
    ],
    [
      (document) =>
        (document['verificationMaterial'] = {
          publicKey: {},
          timestampVerificationData: { rfc3161Timestamps: Array.from({ length: 33 }, () => ({})) },
        }),
      /at most 32 entries/,
    ],
  ];
  for (const [change, message] of wrong) {
    assert.throws(
      () => verifyBlob(bundleWith(change, bundle), { blob: file, by: byKeys(key.publicKey) }),
      (error) => error instanceof AppError && error.kind === 'invalid-input' && message.test(error.message),
      String(message),
    );
  }
});

test('the published managed-key bundle verifies from file and digest, and only with its key', needsSharedData, () => {
  const folder = join(dataSet('sigstore'), 'bundle-verify');
  const artifact = readFileSync(join(folder, 'a.txt'));
  const signer = importPublicKey(readFileSync(join(folder, 'managed-key-happy-path/key.pub'), 'utf8'));
  const proof: BlobProof = {
    kind: 'bundle',
    bytes: readFileSync(join(folder, 'managed-key-happy-path/bundle.sigstore.json')),
  };
  assert.deepEqual(codes(proof, { kind: 'content', content: artifact }, signer), []);
  assert.deepEqual(codes(proof, { kind: 'digest', digest: digestOf(artifact) }, signer), []);
  assert.deepEqual(codes(proof, { kind: 'content', content: artifact }), ['signature-mismatch']);
  assert.deepEqual(codes(proof, otherFile, signer), ['payload-other-artifact']);
});

interface BundleCase {
  readonly case: string;
  readonly key: string | null;
}

test('no published bundle made without a managed key passes for a key', needsSharedData, () => {
  const folder = join(dataSet('sigstore'), 'bundle-verify');
  const cases = JSON.parse(readFileSync(join(folder, 'cases.json'), 'utf8')) as readonly BundleCase[];
  const signer = importPublicKey(readFileSync(join(folder, 'managed-key-happy-path/key.pub'), 'utf8'));
  const artifact = readFileSync(join(folder, 'a.txt'));
  // That one is the happy path's bundle, given to a verifier without a key.
  const others = cases.filter((entry) => entry.key === null && entry.case !== 'managed-key-no-key_fail');
  assert.ok(others.length > 45);
  for (const entry of others) {
    const bytes = readFileSync(join(folder, entry.case, 'bundle.sigstore.json'));
    try {
      const result = verifyBlob(
        { kind: 'bundle', bytes },
        { blob: { kind: 'content', content: artifact }, by: byKeys(signer) },
      );
      assert.deepEqual(result.verified, [], entry.case);
      assert.ok(result.rejected.length > 0, entry.case);
    } catch (error) {
      assert.ok(error instanceof AppError && error.kind === 'invalid-input', entry.case);
    }
  }
});
