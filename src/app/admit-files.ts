/** Judges manifests on disk as the server would judge them, without a cluster. */
import type { Ports } from '../core/index.ts';
import { admit } from './admit.ts';
import type { Admission } from './admit.ts';
import { createEvidenceSource } from './gather-evidence.ts';
import type { IndexChoice } from './gather-evidence.ts';
import type { RepositoryAccess } from './registry.ts';
import { loadPolicies } from './load-policies.ts';
import { readManifestObjects } from './manifest-images.ts';

export interface AdmitFilesInput extends RepositoryAccess, IndexChoice {
  readonly manifests: readonly { readonly name: string; readonly text: string }[];
  readonly policyPaths: readonly string[];
  readonly namespace: string;
  readonly noMatch: 'deny' | 'warn' | 'allow';
  readonly at: Date;
}

/** Milliseconds; images named many times in one run are fetched once. */
const REUSE_MS = 10 * 60 * 1000;

export async function admitFiles(
  ports: Ports,
  input: AdmitFilesInput,
  signal: AbortSignal,
): Promise<readonly Admission[]> {
  const policies = await loadPolicies(ports, input.policyPaths);
  const source = createEvidenceSource(ports, { ...input, reuseFor: REUSE_MS });
  const objects = input.manifests.flatMap(({ name, text }) => readManifestObjects(text, name));
  const { namespace, noMatch, at } = input;
  return await Promise.all(
    objects.map((object) => admit(source, { object, namespace, policies, noMatch, at }, signal)),
  );
}
