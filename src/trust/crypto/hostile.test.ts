/** Whatever bytes come, certificates, SCT lists and timestamps are read or refused as invalid input. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { dataSet, needsSharedData } from '../../../test/shared-data.ts';
import { decodeBase64 } from './base64.ts';
import { parseCertificate } from './certificate.ts';
import { parseSctList } from './sct.ts';
import { fuzz } from './testing.ts';
import { parseTimestamp } from './timestamp.ts';

interface Material {
  readonly certificate: { readonly rawBytes: string };
  readonly timestampVerificationData: { readonly rfc3161Timestamps: readonly { readonly signedTimestamp: string }[] };
}

function load(name: string): Material {
  const path = join(dataSet('sigstore'), 'bundle-verify', name, 'bundle.sigstore.json');
  return (JSON.parse(readFileSync(path, 'utf8')) as { readonly verificationMaterial: Material }).verificationMaterial;
}

test('mutated certificates and SCT lists are read or refused as invalid input', needsSharedData, () => {
  const der = decodeBase64(load('rekor2-happy-path').certificate.rawBytes, 'certificate');
  fuzz(der, (bytes) => parseCertificate(bytes, 'certificate'));
  const { sctList } = parseCertificate(der, 'certificate').extensions;
  assert.ok(sctList !== undefined);
  fuzz(sctList, parseSctList);
});

test('mutated timestamps are read or refused as invalid input', needsSharedData, () => {
  for (const name of ['rekor2-happy-path', 'rekor2-timestamp-with-embedded-cert']) {
    const [stamp] = load(name).timestampVerificationData.rfc3161Timestamps;
    const der = decodeBase64(stamp?.signedTimestamp ?? '', 'timestamp');
    fuzz(der, (bytes) => parseTimestamp(bytes, 'timestamp'));
  }
});

test('bytes behind a certificate or a timestamp are refused', needsSharedData, () => {
  const { certificate, timestampVerificationData } = load('rekor2-happy-path');
  const behind = (text: string): Uint8Array => Buffer.concat([decodeBase64(text, 'der'), Uint8Array.of(0)]);
  assert.throws(() => parseCertificate(behind(certificate.rawBytes), 'certificate'), /nothing more/);
  const stamp = timestampVerificationData.rfc3161Timestamps[0]?.signedTimestamp ?? '';
  assert.throws(() => parseTimestamp(behind(stamp), 'timestamp'), /nothing more/);
});
