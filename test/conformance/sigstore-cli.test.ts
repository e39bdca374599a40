/** Real signatures and attestations of public images through the commands: saved by cosign in a folder, and copied to a registry. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openRepository } from '../../src/app/registry.ts';
import { createTestRegistry } from '../../src/app/testing.ts';
import { createHandlerHttp } from '../../src/artifacts/testing.ts';
import { runCommand } from '../../src/cli/testing.ts';
import { digestOf, parseReference } from '../../src/core/index.ts';
import type { Ports } from '../../src/core/index.ts';
import { createTestPorts } from '../../src/io/testing.ts';
import { dataSet, hasSharedData, needsSharedData } from '../shared-data.ts';
import { saveTestImage } from './saved-image.ts';

const HOST = 'localhost:5000';
const AT = new Date('2026-08-22T00:00:00Z');
const folder = hasSharedData ? dataSet('sigstore') : '';
const ROOT = ['--trusted-root', join(folder, 'trust/public-good/trusted_root.json')];
const GITHUB = ['--certificate-oidc-issuer', 'https://token.actions.githubusercontent.com'];
const LOGIN = ['--certificate-oidc-issuer', 'https://github.com/login/oauth'];

interface Saved {
  readonly path: string;
  readonly subject: string;
  /** Words that ask for the right signer. */
  readonly words: readonly string[];
}

function savedImages(): readonly Saved[] {
  const names = readdirSync(join(folder, 'oci')).filter((name) => name.startsWith('slsa-generic-container-'));
  return names.map((name) => {
    const path = join(folder, 'oci', name);
    const workflow = 'slsa-framework/slsa-github-generator/.github/workflows/generator_container_slsa3.yml';
    const identity = `https://github.com/${workflow}@refs/tags/${name.replace('slsa-generic-container-', '')}`;
    const words = ['verify-attestation', '--type', 'slsaprovenance', ...ROOT, ...GITHUB];
    const subject = readFileSync(join(path, 'subject.digest'), 'utf8').trim();
    return { path, subject, words: [...words, '--certificate-identity', identity] };
  });
}

/** No network but a registry in this process. */
function createPorts(): Ports {
  const plain = createTestPorts({ clock: () => AT });
  return { ...plain, http: createHandlerHttp({ [HOST]: createTestRegistry(plain) }) };
}

test('what cosign saved verifies from the folder by the right identity alone', needsSharedData, async () => {
  const saved = savedImages();
  assert.equal(saved.length, 9);
  for (const { path, words } of saved) {
    // These ports answer every request with an error.
    const ports = createTestPorts({ clock: () => AT });
    const { code, stdout, stderr } = await runCommand(ports, [...words, '--local-image', path]);
    assert.equal(code, 0, stderr);
    assert.equal((JSON.parse(stdout) as { payloadType: string }).payloadType, 'application/vnd.in-toto+json');
    const other = words.map((word) => word.replace('@refs/tags/', '@refs/heads/'));
    const refused = await runCommand(ports, [...other, '--local-image', path]);
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /identity-mismatch/);
    assert.equal((await runCommand(ports, ['verify', ...words.slice(3), '--local-image', path])).code, 10);
  }
});

test('an image signature that cosign saved verifies, and prints as cosign prints it', needsSharedData, async () => {
  const ports = createTestPorts({ clock: () => AT });
  const path = join(ports.home, 'saved');
  saveTestImage(path);
  const who = ['--certificate-identity', 'philipp.belitz@securesystems.de', ...LOGIN];
  const { code, stdout } = await runCommand(ports, ['verify', '--local-image', ...ROOT, ...who, path]);
  assert.equal(code, 0);
  const [payload] = JSON.parse(stdout) as { critical: { identity: object }; optional: object }[];
  assert.deepEqual(payload?.critical.identity, { 'docker-reference': 'index.docker.io/phbelitz/rekor-test' });
  assert.deepEqual(payload?.optional, { Issuer: LOGIN[1], Subject: 'philipp.belitz@securesystems.de' });
  const someone = ['--certificate-identity', 'someone@example.com', ...LOGIN];
  assert.equal((await runCommand(ports, ['verify', '--local-image', ...ROOT, ...someone, path])).code, 12);
  const staging = ['--trusted-root', join(folder, 'trust/staging/trusted_root.json')];
  assert.equal((await runCommand(ports, ['verify', '--local-image', ...staging, ...who, path])).code, 12);
});

test('the same attestations verify from a registry', needsSharedData, async () => {
  const ports = createPorts();
  for (const { path, subject, words } of savedImages()) {
    await uploadAttestations(ports, path, subject);
    const { code, stderr } = await runCommand(ports, [...words, `${HOST}/app@${subject}`]);
    assert.equal(code, 0, stderr);
  }
  const [first, second] = savedImages();
  assert.ok(first !== undefined && second !== undefined);
  const swapped = await runCommand(ports, [...first.words, `${HOST}/app@${second.subject}`]);
  assert.equal(swapped.code, 1);
});

interface Index {
  readonly manifests: readonly { readonly digest: string; readonly annotations?: { readonly kind?: string } }[];
}

async function uploadAttestations(ports: Ports, path: string, subject: string): Promise<void> {
  const repository = openRepository(ports, parseReference(`${HOST}/app`));
  const index = JSON.parse(readFileSync(join(path, 'index.json'), 'utf8')) as Index;
  const entry = index.manifests.find(({ annotations }) => annotations?.kind?.endsWith('/atts') === true);
  const read = (digest: string): Buffer => readFileSync(join(path, 'blobs', digest.replace(':', '/')));
  const manifest = read(entry?.digest ?? '');
  const { mediaType, layers, config } = JSON.parse(manifest.toString('utf8')) as {
    readonly mediaType: string;
    readonly layers: readonly { readonly digest: string }[];
    readonly config: { readonly digest: string };
  };
  for (const { digest } of [...layers, config]) {
    const bytes = read(digest);
    const blob = { mediaType: 'application/octet-stream', size: bytes.length, digest: digestOf(bytes) };
    await repository.pushBlob(blob, bytes);
  }
  await repository.pushManifest(manifest, mediaType, `${subject.replace(':', '-')}.att`);
}

test('real bundles of attestations verify by the digest of the image', needsSharedData, async () => {
  const ports = createTestPorts({ clock: () => AT });
  const bundles = [
    [
      'cosign-new-bundle/oci-attestation.sigstore.json',
      'cody@soyland.com',
      '732112270d7e59418a8c080b134b24cabd67d250d0d0147a97ed95ba5c280aa4',
    ],
    [
      'trivy-demo-sbom/sbom-attestation.sigstore.json',
      'thomas.grininger@ringodev.com',
      'ea9c657ca44371fadd027510f2a1a68b799003294bf6a4827827971cc4390ad4',
    ],
  ] as const;
  const words = ['verify-blob-attestation', ...ROOT, ...LOGIN];
  for (const [file, identity, hex] of bundles) {
    const bundle = join(folder, 'oci', file);
    const { predicateType } = JSON.parse(
      Buffer.from(
        (JSON.parse(readFileSync(bundle, 'utf8')) as { dsseEnvelope: { payload: string } }).dsseEnvelope.payload,
        'base64',
      ).toString('utf8'),
    ) as { predicateType: string };
    const asked = [...words, '--certificate-identity', identity, '--bundle', bundle, '--type', predicateType];
    assert.equal((await runCommand(ports, [...asked, `sha256:${hex}`])).code, 0);
    assert.equal((await runCommand(ports, [...asked, digestOf('other')])).code, 1);
  }
});
