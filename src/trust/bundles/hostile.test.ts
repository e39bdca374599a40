/** Whatever bytes come, the readers of trust end in a value or in invalid input, and quickly. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { dataSet, hasSharedData, needsSharedData } from '../../../test/shared-data.ts';
import { fuzz, fuzzValues, refusal } from '../crypto/testing.ts';
import { parseTrustedRoot } from '../roots/trusted-root.ts';
import { parseBundle } from './bundle.ts';
import { parseBlobBundle } from './legacy.ts';

const folder = hasSharedData ? join(dataSet('sigstore'), 'bundle-verify') : '';

function load(name: string): Buffer {
  return readFileSync(join(folder, name, 'bundle.sigstore.json'));
}

test('mutated bundles are read or refused as invalid input', needsSharedData, () => {
  for (const name of ['happy-path-v0.1', 'rekor2-dsse-happy-path'])
    fuzz(load(name), (bytes) => parseBundle(bytes, 'bundle'));
});

test('a bundle whose values are of other types is refused as invalid input', needsSharedData, () => {
  fuzzValues(load('rekor2-happy-path'), (text) => parseBundle(text, 'bundle'));
});

test('mutated trusted roots and old bundles are read or refused as invalid input', needsSharedData, () => {
  const root = readFileSync(join(dataSet('sigstore'), 'trust/public-good/trusted_root.json'));
  fuzz(root, (bytes) => parseTrustedRoot(bytes, 'root'));
  const old = {
    base64Signature: 'AAAA',
    cert: 'AAAA',
    rekorBundle: { SignedEntryTimestamp: 'AAAA', Payload: { body: 'e30=' } },
  };
  fuzz(Buffer.from(JSON.stringify(old)), (bytes) => parseBlobBundle(bytes, 'bundle'));
});

test(
  'more log entries, timestamps or proof hashes than the client specification allows are refused',
  needsSharedData,
  () => {
    const document = JSON.parse(load('rekor2-happy-path').toString('utf8')) as {
      verificationMaterial: { tlogEntries: unknown[]; timestampVerificationData: { rfc3161Timestamps: unknown[] } };
    };
    const { tlogEntries, timestampVerificationData } = document.verificationMaterial;
    const entries = {
      ...document,
      verificationMaterial: { ...document.verificationMaterial, tlogEntries: Array(33).fill(tlogEntries[0]) },
    };
    assert.match(
      refusal(() => parseBundle(JSON.stringify(entries), 'bundle')),
      /tlogEntries: expected at most 32/,
    );
    timestampVerificationData.rfc3161Timestamps = Array(33).fill(timestampVerificationData.rfc3161Timestamps[0]);
    assert.match(
      refusal(() => parseBundle(JSON.stringify(document), 'bundle')),
      /rfc3161Timestamps: expected at most 32/,
    );
  },
);
