/** Policy texts and evidence for tests, here and in rooms that use policies. */
import { generateKeyPairSync } from 'node:crypto';
import { digestOf, parseReference } from '../core/index.ts';
import type { Digest, Evidence, VerifiedAttestation } from '../core/index.ts';
import type { PolicySubject } from './policy.ts';

export interface TestKey {
  readonly pem: string;
  readonly keyId: Digest;
}

export function createTestKey(): TestKey {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return {
    pem: publicKey.export({ type: 'spki', format: 'pem' }),
    keyId: digestOf(publicKey.export({ type: 'spki', format: 'der' })),
  };
}

const IMAGE_DIGEST: Digest = digestOf('the image');

export function createSubject(image = 'registry.example/team/app:1'): PolicySubject {
  return {
    reference: parseReference(image),
    asWritten: image,
    digest: IMAGE_DIGEST,
    object: {
      apiVersion: 'v1',
      kind: 'Pod',
      namespace: 'default',
      name: 'app',
      labels: { tier: 'web' },
      document: { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'app' }, spec: { containers: [] } },
    },
  };
}

export function createSignature(key: TestKey, artifact: Digest = IMAGE_DIGEST): Evidence {
  return {
    kind: 'signature',
    artifact,
    signer: { kind: 'key', keyId: key.keyId },
    storage: 'referrer',
    source: digestOf('a bundle'),
    annotations: {},
  };
}

export function createAttestation(
  key: TestKey,
  predicateType: string,
  predicate: unknown,
  artifact: Digest = IMAGE_DIGEST,
): VerifiedAttestation {
  const statement = { _type: 'https://in-toto.io/Statement/v1', subject: [], predicateType, predicate };
  return {
    kind: 'attestation',
    artifact,
    signer: { kind: 'key', keyId: key.keyId },
    storage: 'referrer',
    source: digestOf(JSON.stringify(statement)),
    predicateType,
    predicate,
    statement,
    payload: new TextEncoder().encode(JSON.stringify(statement)),
  };
}

/** A ClusterImagePolicy's YAML with these authorities, each given as a JSON value. */
export function policyText(authorities: readonly unknown[], more: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({
    apiVersion: 'policy.sigstore.dev/v1beta1',
    kind: 'ClusterImagePolicy',
    metadata: { name: 'policy' },
    spec: { images: [{ glob: '**' }], authorities, ...more },
  });
}
