/** Whatever bytes come, the readers of trust end in a value or in invalid input, and quickly. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { isRecord } from '../../core/index.ts';
import { dataSet, hasSharedData, needsSharedData } from '../../../test/shared-data.ts';
import { endsWell, fuzz, RUNS, refusal } from '../crypto/testing.ts';
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
  const values = fc.constantFrom<unknown>(
    null,
    true,
    -1,
    1e300,
    '',
    'x',
    [],
    {},
    [[]],
    { rawBytes: 7 },
    '9007199254740993',
  );
  fc.assert(
    fc.property(values, fc.nat(), (value, choice) => {
      const document: unknown = JSON.parse(load('rekor2-happy-path').toString('utf8'));
      const places = placesOf(document);
      const place = places[choice % places.length];
      assert.ok(place !== undefined);
      place.holder[place.key] = value;
      endsWell(() => parseBundle(JSON.stringify(document), 'bundle'));
    }),
    { numRuns: RUNS },
  );
});

interface Place {
  readonly holder: Record<string, unknown>;
  readonly key: string;
}

function placesOf(value: unknown): readonly Place[] {
  if (!isRecord(value) && !Array.isArray(value)) return [];
  const holder = value as Record<string, unknown>;
  return Object.keys(holder).flatMap((key) => [{ holder, key }, ...placesOf(holder[key])]);
}

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
