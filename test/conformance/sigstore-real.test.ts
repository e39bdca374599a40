/** Real keyless signatures of public registries: each verifies at its time, and is refused under anything else. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { AppError, digestOf, exactly, parseDigest } from '../../src/core/index.ts';
import type { Digest } from '../../src/core/index.ts';
import { parseBundle } from '../../src/trust/bundles/bundle.ts';
import type { Bundle } from '../../src/trust/bundles/bundle.ts';
import { legacyEnvelope, legacySignature } from '../../src/trust/bundles/legacy.ts';
import type { LegacyMaterial } from '../../src/trust/bundles/legacy.ts';
import { verifyBundle } from '../../src/trust/bundles/verify-bundle.ts';
import type { Blob, BundleRequirement, BundleVerdict } from '../../src/trust/bundles/verify-bundle.ts';
import { createSigningKey } from '../../src/trust/images/testing.ts';
import { parseTrustedRoot } from '../../src/trust/roots/trusted-root.ts';
import type { TrustedRoot } from '../../src/trust/roots/trusted-root.ts';
import { dataSet, hasSharedData, needsSharedData } from '../shared-data.ts';

const AT = new Date('2026-08-22T00:00:00Z');
const GITHUB_ACTIONS = 'https://token.actions.githubusercontent.com';
const GITHUB_LOGIN = 'https://github.com/login/oauth';

interface Sample {
  readonly name: string;
  readonly artifact: Blob;
  readonly issuer: string;
  readonly subject: string;
  /** Parts as found, and how they become a bundle. */
  readonly parts: readonly Buffer[];
  read(parts: readonly Buffer[]): Bundle;
}

const folder = hasSharedData ? join(dataSet('sigstore'), 'oci') : '';

function read(path: string): Buffer {
  return readFileSync(join(folder, path));
}

interface Layer {
  readonly digest: string;
  readonly annotations: Readonly<Record<string, string>>;
}

function layersOf(path: string): readonly Layer[] {
  return (JSON.parse(read(path).toString('utf8')) as { readonly layers: readonly Layer[] }).layers;
}

/** Certificate and log bundle of a layer, in this order, before the content. */
function annotationParts(layer: Layer): Buffer[] {
  return ['certificate', 'bundle'].map((name) => Buffer.from(layer.annotations[`dev.sigstore.cosign/${name}`] ?? ''));
}

function materialOf(parts: readonly Buffer[]): LegacyMaterial {
  return { certificate: parts[0]?.toString('latin1'), rekorBundle: parts[1]?.toString('latin1') };
}

function slsaSample(name: string): Sample {
  const index = JSON.parse(read(`${name}/index.json`).toString('utf8')) as {
    readonly manifests: readonly { readonly digest: string; readonly annotations: Readonly<Record<string, string>> }[];
  };
  const attestations = index.manifests.find((entry) => entry.annotations['kind'] === 'dev.cosignproject.cosign/atts');
  const blob = (digest: string): string => `${name}/blobs/sha256/${digest.slice('sha256:'.length)}`;
  const [layer] = layersOf(blob(attestations?.digest ?? ''));
  assert.ok(layer !== undefined);
  const workflow = 'slsa-framework/slsa-github-generator/.github/workflows/generator_container_slsa3.yml';
  return {
    name,
    artifact: { kind: 'digest', digest: parseDigest(read(`${name}/subject.digest`).toString('utf8').trim()) },
    issuer: GITHUB_ACTIONS,
    subject: `https://github.com/${workflow}@refs/tags/${name.replace('slsa-generic-container-', '')}`,
    parts: [...annotationParts(layer), read(blob(layer.digest))],
    read: (parts) => legacyEnvelope(parts[2] ?? Buffer.alloc(0), materialOf(parts)),
  };
}

function imageSample(): Sample {
  const manifest =
    'connaisseur-testimage/manifests/sha256-31dc72a13a0c34b40eb95419d2b2fd67320c856baf3b72da518023ee8d370aee.sig.json';
  const [layer] = layersOf(manifest);
  assert.ok(layer !== undefined);
  const content = read(`connaisseur-testimage/blobs/${layer.digest.replace(':', '-')}.json`);
  return {
    name: 'connaisseur-testimage',
    artifact: { kind: 'content', content },
    issuer: GITHUB_LOGIN,
    subject: 'philipp.belitz@securesystems.de',
    parts: [...annotationParts(layer), Buffer.from(layer.annotations['dev.cosignproject.cosign/signature'] ?? '')],
    read: (parts) => legacySignature(parts[2]?.toString('latin1') ?? '', materialOf(parts)),
  };
}

function bundleSample(path: string, subject: string, artifact: Digest): Sample {
  return {
    name: path,
    artifact: { kind: 'digest', digest: artifact },
    issuer: GITHUB_LOGIN,
    subject,
    parts: [read(path)],
    read: (parts) => parseBundle(parts[0] ?? Buffer.alloc(0), 'bundle'),
  };
}

const samples: readonly Sample[] = hasSharedData
  ? [
      ...readdirSync(folder)
        .filter((name) => name.startsWith('slsa-generic-container-'))
        .map(slsaSample),
      imageSample(),
      bundleSample(
        'cosign-new-bundle/oci-attestation.sigstore.json',
        'cody@soyland.com',
        parseDigest('sha256:732112270d7e59418a8c080b134b24cabd67d250d0d0147a97ed95ba5c280aa4'),
      ),
      bundleSample(
        'trivy-demo-sbom/sbom-attestation.sigstore.json',
        'thomas.grininger@ringodev.com',
        parseDigest('sha256:ea9c657ca44371fadd027510f2a1a68b799003294bf6a4827827971cc4390ad4'),
      ),
    ]
  : [];

function loadRoot(path: string): TrustedRoot {
  return parseTrustedRoot(readFileSync(join(dataSet('sigstore'), path)), 'root');
}

const publicGood = hasSharedData ? loadRoot('trust/public-good/trusted_root.json') : undefined;

function requirementOf(sample: Sample, changes: Partial<BundleRequirement> = {}): BundleRequirement {
  assert.ok(publicGood !== undefined);
  const identity = { issuer: exactly(sample.issuer), subject: exactly(sample.subject) };
  return {
    artifact: sample.artifact,
    who: { kind: 'identities', identities: [identity] },
    trustedRoot: publicGood,
    at: AT,
    ...changes,
  };
}

function codesOf(verdict: BundleVerdict): readonly string[] {
  return verdict.kind === 'verified' ? ['verified'] : verdict.reasons.map(({ code }) => code).toSorted();
}

test('every real signature verifies at the time that the log tells', needsSharedData, () => {
  assert.equal(samples.length, 12);
  for (const sample of samples) {
    const verdict = verifyBundle(sample.read(sample.parts), requirementOf(sample));
    assert.equal(verdict.kind, 'verified', `${sample.name}: ${JSON.stringify(verdict)}`);
    const [signature] = verdict.kind === 'verified' ? verdict.signatures : [];
    assert.deepEqual(signature?.identity, { issuer: sample.issuer, subject: sample.subject });
    assert.deepEqual(
      signature?.times.map(({ source, by }) => `${source} ${by}`),
      ['log rekor.sigstore.dev'],
    );
  }
});

test('every real signature is refused under another identity, key, digest, root and time', needsSharedData, () => {
  const other = digestOf('another');
  for (const sample of samples) {
    const bundle = sample.read(sample.parts);
    const refused = (changes: Partial<BundleRequirement>, codes: readonly string[]): void =>
      assert.deepEqual(codesOf(verifyBundle(bundle, requirementOf(sample, changes))), codes, sample.name);
    const identity = (issuer: string, subject: string): Partial<BundleRequirement> => ({
      who: { kind: 'identities', identities: [{ issuer: exactly(issuer), subject: exactly(subject) }] },
    });
    for (const subject of [sample.subject.slice(0, -1), `${sample.subject}x`, sample.subject.toUpperCase()]) {
      refused(identity(sample.issuer, subject), ['identity-mismatch']);
    }
    refused(identity(`${sample.issuer}/`, sample.subject), ['identity-mismatch']);
    refused({ who: { kind: 'keys', keys: [createSigningKey().publicKey] } }, ['certificate-only']);
    const isMessage = bundle.content.kind === 'message';
    refused(
      { artifact: { kind: 'digest', digest: other } },
      isMessage ? ['entry-other-artifact', 'log-threshold', 'signature-mismatch'] : ['subject-mismatch'],
    );
    refused({ trustedRoot: loadRoot('trust/staging/trusted_root.json') }, ['issuer-unknown']);
    refused({ at: new Date('2022-01-01T00:00:00Z') }, ['time-in-future']);
    refused({ thresholds: { logs: 2 } }, ['log-threshold']);
    refused({ thresholds: { timestamps: 1 } }, ['timestamp-threshold']);
    refused({ thresholds: { scts: 2 } }, ['sct-threshold']);
    // Nothing proves a time any more, so the certificate of ten minutes is judged now.
    refused({ thresholds: { logs: 0 } }, ['certificate-not-valid-at-time']);
  }
});

/** All byte strings of a bundle that something vouches for. */
function vouchedBytes(bundle: Bundle): Uint8Array[] {
  const { material, content, entries } = bundle;
  return [
    ...(material.kind === 'certificate' ? [material.certificate] : []),
    ...(content.kind === 'message' ? [content.signature] : [content.envelope.payload]),
    ...(content.kind === 'envelope'
      ? content.envelope.signatures.flatMap(({ sig }) => (sig === undefined ? [] : [sig]))
      : []),
    ...entries.flatMap(({ logId, body, promise, proof }) => [
      logId,
      body,
      ...(promise === undefined ? [] : [promise]),
      ...(proof?.hashes ?? []),
      ...(proof?.root === undefined ? [] : [proof.root]),
    ]),
  ];
}

test('one flipped bit in anything that is signed, certified or logged refuses the signature', needsSharedData, () => {
  const choice = fc.record({ sample: fc.nat(), part: fc.nat(), at: fc.nat(), bit: fc.nat(7) });
  fc.assert(
    fc.property(choice, ({ sample: index, part, at, bit }) => {
      const sample = samples[index % samples.length];
      assert.ok(sample !== undefined);
      const bundle = sample.read(sample.parts);
      const parts = vouchedBytes(bundle);
      const bytes = parts[part % parts.length];
      assert.ok(bytes !== undefined);
      const place = at % bytes.length;
      bytes[place] = (bytes[place] ?? 0) ^ (1 << bit);
      assert.equal(
        verifyBundle(bundle, requirementOf(sample)).kind,
        'refused',
        `${sample.name} part ${part % parts.length} byte ${place}`,
      );
    }),
    { numRuns: 1500 },
  );
});

test('one flipped bit in a document refuses it, or changes nothing that was proven', needsSharedData, () => {
  const choice = fc.record({ sample: fc.nat(), part: fc.nat(), at: fc.nat(), bit: fc.nat(7) });
  const proven = samples.map((sample) => verifyBundle(sample.read(sample.parts), requirementOf(sample)));
  fc.assert(
    fc.property(choice, ({ sample: index, part, at, bit }) => {
      const sample = samples[index % samples.length];
      assert.ok(sample !== undefined);
      const parts = sample.parts.map((bytes) => Buffer.from(bytes));
      const bytes = parts[part % parts.length] ?? Buffer.alloc(0);
      const place = at % bytes.length;
      bytes[place] = (bytes[place] ?? 0) ^ (1 << bit);
      try {
        const verdict = verifyBundle(sample.read(parts), requirementOf(sample));
        if (verdict.kind === 'verified') assert.deepEqual(verdict, proven[index % samples.length], sample.name);
      } catch (error) {
        assert.ok(error instanceof AppError && error.kind === 'invalid-input', String(error));
      }
    }),
    { numRuns: 1500 },
  );
});
