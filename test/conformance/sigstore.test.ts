/** The published bundle verification cases: each accepted or refused as they say, and refused for the case's own reason. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { AppError, digestOf, exactly } from '../../src/core/index.ts';
import { parseBundle } from '../../src/trust/bundles/bundle.ts';
import { verifyBundle } from '../../src/trust/bundles/verify-bundle.ts';
import type { Blob, SignerRule } from '../../src/trust/bundles/verify-bundle.ts';
import { importPublicKey } from '../../src/trust/crypto/index.ts';
import { parseTrustedRoot } from '../../src/trust/roots/trusted-root.ts';
import { dataSet, hasSharedData, needsSharedData } from '../shared-data.ts';

interface Case {
  readonly case: string;
  readonly expect: 'pass' | 'fail';
  readonly artifact: string;
  readonly trustedRoot: string;
  readonly key: string | null;
  readonly identity: string | null;
  readonly issuer: string | null;
}

/** The day of the copied trust material. */
const AT = new Date('2026-08-22T00:00:00Z');

/** Documents that cannot be read: the path that the error names. */
const MALFORMED: Readonly<Record<string, RegExp>> = {
  'bundle-empty-certificate-chain_fail': /^bundle\.verificationMaterial: expected a certificate, found an empty chain$/,
  'bundle-invalid-base64-signature_fail': /^bundle\.messageSignature\.signature: expected base64/,
  'bundle-malformed-json_fail': /^bundle: expected JSON/,
  'bundle-unknown-version_fail': /^bundle\.mediaType: .*version=99\.9/,
  'trust-root-tlog-missing-validity-start_fail': /^root\.tlogs\[1\]\.publicKey\.validFor\.start: /,
};

/** Every code, sorted: nothing else may be wrong with the case. */
const REFUSED: Readonly<Record<string, readonly string[]>> = {
  'bundle-from-wrong-instance_fail': ['issuer-unknown'],
  'checkpoint-bad-keyhint_fail': ['checkpoint-signature-missing', 'log-threshold'],
  'dsse-invalid-sig_fail': ['entry-other-signature', 'log-threshold', 'signature-mismatch'],
  'dsse-mismatch-sig_fail': ['entry-other-signature', 'log-threshold'],
  'incorrect-public-key_fail': [
    'entry-other-key',
    'inclusion-promise-mismatch',
    'inclusion-proof-mismatch',
    'log-threshold',
  ],
  'integrated-time-in-future_fail': ['certificate-not-valid-at-time'],
  'intoto-expired-certificate_fail': ['certificate-not-valid-at-time'],
  'intoto-log-entry-mismatch_fail': ['entry-other-signature', 'log-threshold'],
  'intoto-missing-inclusion-proof_fail': ['inclusion-proof-missing', 'log-threshold'],
  'intoto-set-outside-signing-cert-validity_fail': ['certificate-not-valid-at-time'],
  'invalid-checkpoint-signature_fail': ['checkpoint-signature-mismatch', 'log-threshold'],
  'invalid-inclusion-proof_fail': ['checkpoint-missing', 'inclusion-proof-mismatch', 'log-threshold'],
  'managed-key-no-key_fail': ['key-only'],
  'rekor2-checkpoint-missing-log-signature_fail': ['checkpoint-signature-missing', 'log-threshold'],
  'rekor2-checkpoint-missing-root-hash_fail': ['checkpoint-malformed', 'log-threshold'],
  'rekor2-checkpoint-missing-size_fail': ['checkpoint-malformed', 'log-threshold'],
  'rekor2-checkpoint-no-matching-signature_fail': [
    'checkpoint-other-log',
    'checkpoint-signature-missing',
    'log-threshold',
  ],
  'rekor2-dsse-invalid-sig_fail': ['entry-rebuilt-mismatch', 'log-threshold', 'signature-mismatch'],
  'rekor2-dsse-mismatch-envelope_fail': ['entry-rebuilt-mismatch', 'log-threshold'],
  'rekor2-no-inclusion-proof_fail': ['inclusion-proof-missing', 'log-threshold'],
  'rekor2-no-timestamp_fail': ['time-missing'],
  'rekor2-timestamp-outside-trust-root-tsa-validity_fail': ['time-missing', 'timestamp-authority-not-valid-at-time'],
  'rekor2-timestamp-outside-tsa-cert-validity_fail': ['time-missing', 'timestamp-certificate-not-valid-at-time'],
  'rekor2-timestamp-untrusted-tsa-with-embedded-cert_fail': ['time-missing', 'timestamp-authority-unknown'],
  'rekor2-timestamp-untrusted-tsa-without-embedded-cert_fail': ['time-missing', 'timestamp-authority-unknown'],
  'rekor2-timestamp-with-incorrect-time_fail': ['certificate-not-valid-at-time'],
  'set-invalid-signature_fail': ['inclusion-promise-mismatch', 'log-threshold'],
  'signature-mismatch_fail': ['entry-other-signature', 'log-threshold', 'signature-mismatch'],
  'wrong-hashedrekord-artifact_fail': ['entry-other-artifact', 'entry-other-signature', 'log-threshold'],
  'wrong-hashedrekord-entry_fail': [
    'entry-other-artifact',
    'entry-other-key',
    'entry-other-signature',
    'log-threshold',
  ],
  'wrong-material_fail': ['artifact-mismatch', 'entry-other-artifact', 'log-threshold', 'signature-mismatch'],
};

const folder = hasSharedData ? join(dataSet('sigstore'), 'bundle-verify') : '';

function read(path: string): Buffer {
  return readFileSync(join(folder, path));
}

function whoOf(entry: Case): SignerRule {
  if (entry.key !== null) return { kind: 'keys', keys: [importPublicKey(read(entry.key).toString('utf8'))] };
  const identity = { issuer: exactly(entry.issuer ?? ''), subject: exactly(entry.identity ?? '') };
  return { kind: 'identities', identities: [identity] };
}

/** `pass`, the sorted codes of the refusal, or the message of what cannot be read. */
function outcomeOf(entry: Case, artifact: Blob): string | readonly string[] {
  try {
    const verdict = verifyBundle(parseBundle(read(join(entry.case, 'bundle.sigstore.json')), 'bundle'), {
      artifact,
      who: whoOf(entry),
      trustedRoot: parseTrustedRoot(read(entry.trustedRoot), 'root'),
      at: AT,
    });
    return verdict.kind === 'verified' ? 'pass' : verdict.reasons.map(({ code }) => code).toSorted();
  } catch (error) {
    if (error instanceof AppError && error.kind === 'invalid-input') return error.message;
    throw error;
  }
}

const cases = hasSharedData ? (JSON.parse(read('cases.json').toString('utf8')) as readonly Case[]) : [];

test(
  'every published bundle is accepted, or refused for its own reason, as file and as digest',
  needsSharedData,
  () => {
    assert.equal(cases.length, 52);
    for (const entry of cases) {
      const content = read(entry.artifact);
      const artifacts: readonly Blob[] = [
        { kind: 'content', content },
        { kind: 'digest', digest: digestOf(content) },
      ];
      for (const artifact of artifacts) {
        const outcome = outcomeOf(entry, artifact);
        const name = `${entry.case} as ${artifact.kind}`;
        const malformed = MALFORMED[entry.case];
        if (entry.expect === 'pass') assert.equal(outcome, 'pass', name);
        else if (malformed === undefined) assert.deepEqual(outcome, REFUSED[entry.case], name);
        else assert.match(String(outcome), malformed, name);
      }
    }
  },
);
