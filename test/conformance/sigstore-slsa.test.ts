/** Provenance of released builders as signatures: what carries its log entry verifies offline, by the identity of its builder alone. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { AppError, digestOf, exactly, parseDigest, parsePattern } from '../../src/core/index.ts';
import type { TextRule } from '../../src/core/index.ts';
import { parseBundle } from '../../src/trust/bundles/bundle.ts';
import { proveBundle, verifyBundle } from '../../src/trust/bundles/verify-bundle.ts';
import type { Blob } from '../../src/trust/bundles/verify-bundle.ts';
import { parseTrustedRoot } from '../../src/trust/roots/trusted-root.ts';
import type { TrustedRoot } from '../../src/trust/roots/trusted-root.ts';
import { dataSet, hasSharedData, needsSharedData } from '../shared-data.ts';

const AT = new Date('2026-08-22T00:00:00Z');
const ISSUER = 'https://token.actions.githubusercontent.com';
const BUILDERS = 'https://github\\.com/[^/]+/[^/]+/\\.github/workflows/[^@]+@.*';

interface Case {
  readonly id: string;
  readonly kind: string;
  readonly provenance: string;
  readonly artifacts: readonly { readonly sha256: string }[];
  readonly expect: 'pass' | 'fail';
}

interface BundleCase {
  readonly id: string;
  readonly check: string;
  readonly bundle: string;
}

const folder = hasSharedData ? dataSet('slsa') : '';

function load(name: string): unknown {
  return JSON.parse(readFileSync(join(folder, name), 'utf8'));
}

function publicGood(): TrustedRoot {
  return parseTrustedRoot(readFileSync(join(dataSet('sigstore'), 'trust/public-good/trusted_root.json')), 'root');
}

interface Given {
  readonly root: TrustedRoot;
  readonly subject: TextRule;
}

/** `verified`, or the sorted codes. */
function outcomeOf(path: string, artifact: Blob, given: Given): string {
  return verdictOf(readFileSync(join(folder, path)), artifact, given);
}

function verdictOf(text: string | Uint8Array, artifact: Blob, given: Given): string {
  try {
    const verdict = verifyBundle(parseBundle(text, 'bundle'), {
      artifact,
      who: { kind: 'identities', identities: [{ issuer: exactly(ISSUER), subject: given.subject }] },
      trustedRoot: given.root,
      at: AT,
    });
    if (verdict.kind === 'verified') return 'verified';
    return [...new Set(verdict.reasons.map(({ code }) => code))].toSorted().join(' ');
  } catch (error) {
    if (error instanceof AppError) return error.message;
    throw error;
  }
}

test('provenance with a log entry verifies about its artifacts, by its builder', needsSharedData, () => {
  const root = publicGood();
  const subject = parsePattern(BUILDERS, 'builder');
  const cases = (load('cases.json') as readonly Case[]).filter(
    ({ kind, expect }) => kind === 'sigstore-bundle' && expect === 'pass',
  );
  assert.equal(cases.length, 82);
  for (const { id, provenance, artifacts } of cases) {
    for (const { sha256 } of artifacts) {
      const artifact: Blob = { kind: 'digest', digest: parseDigest(`sha256:${sha256}`) };
      const path = join('cli', provenance);
      assert.equal(outcomeOf(path, artifact, { root, subject }), 'verified', id);
      const other: Blob = { kind: 'digest', digest: digestOf('other') };
      assert.equal(outcomeOf(path, other, { root, subject }), 'subject-mismatch', id);
      const stranger = exactly('https://github.com/acme/app/.github/workflows/build.yml@refs/heads/main');
      assert.equal(outcomeOf(path, artifact, { root, subject: stranger }), 'identity-mismatch', id);
    }
  }
});

interface NpmCase extends Case {
  readonly artifacts: readonly { readonly sha256: string; readonly sha512: string }[];
}

interface NpmAttestations {
  readonly attestations: readonly { readonly predicateType: string; readonly bundle: unknown }[];
}

test('provenance of npm packages verifies, with the whole chains that its first clients wrote', needsSharedData, () => {
  const root = publicGood();
  const subject = parsePattern(BUILDERS, 'builder');
  const cases = (load('cases.json') as readonly NpmCase[]).filter(
    ({ kind, expect }) => kind === 'npm-attestations' && expect === 'pass',
  );
  assert.equal(cases.length, 11);
  for (const { id, provenance, artifacts } of cases) {
    const document = JSON.parse(readFileSync(join(folder, 'cli', provenance), 'utf8')) as NpmAttestations;
    const signed = document.attestations.filter(({ predicateType }) => predicateType.includes('slsa.dev/provenance'));
    assert.equal(signed.length, 1, id);
    for (const { sha512 } of artifacts) {
      const artifact: Blob = { kind: 'digest', digest: parseDigest(`sha512:${sha512}`) };
      assert.equal(verdictOf(JSON.stringify(signed[0]?.bundle), artifact, { root, subject }), 'verified', id);
    }
  }
});

/** What is wrong with each, in our codes; the others are good. */
const REFUSED: Readonly<Record<string, readonly string[]>> = {
  'bundle/mismatch-tlog.intoto.sigstore': [
    'entry-other-artifact',
    'entry-other-key',
    'entry-other-signature',
    'log-threshold',
  ],
  'bundle/invalid-set.intoto.sigstore': ['inclusion-promise-mismatch', 'log-threshold'],
  'bundle/invalid-dsse-sig.intoto.sigstore': ['entry-other-signature', 'inclusion-promise-mismatch', 'log-threshold'],
};

test('bundles whose signature or log entry was changed are refused for it', needsSharedData, () => {
  const trustedRoot = publicGood();
  const subject = parsePattern(BUILDERS, 'builder');
  const cases = (load('bundle-cases.json') as readonly BundleCase[]).filter(({ check }) =>
    check.startsWith('bundle signature'),
  );
  assert.equal(cases.length, 5);
  for (const { id, bundle: path } of cases) {
    const bundle = parseBundle(readFileSync(join(folder, path)), 'bundle');
    const identities = [{ issuer: exactly(ISSUER), subject }];
    const proof = proveBundle(bundle, {
      artifact: { kind: 'digest', digest: digestOf('only the signature is asked about') },
      who: { kind: 'identities', identities },
      trustedRoot,
      at: AT,
    });
    const codes = proof.kind === 'proven' ? undefined : proof.reasons.map(({ code }) => code).toSorted();
    assert.deepEqual(codes, REFUSED[id], id);
  }
});
