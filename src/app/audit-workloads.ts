/** Judges what runs, or would run, by one set of policies or by two side by side; each image is looked at once for each question. */
import { mapParallel } from '../core/index.ts';
import type { Outcome, Ports } from '../core/index.ts';
import { admit } from './admit.ts';
import type { Admission } from './admit.ts';
import { createEvidenceSource } from './gather-evidence.ts';
import { loadPolicies } from './load-policies.ts';
import type { RepositoryAccess } from './registry.ts';
import { createVerdictCache } from './verdict-cache.ts';

type Json = Readonly<Record<string, unknown>>;

export interface AuditInput extends RepositoryAccess {
  readonly objects: readonly Json[];
  readonly policyPaths: readonly string[];
  /** Those in force; none when empty. */
  readonly against: readonly string[];
  /** Of objects that name none. */
  readonly namespace: string;
  readonly noMatch: Outcome;
  readonly at: Date;
}

/** In the order of the objects. */
export interface Audited {
  readonly admission: Admission;
  /** Under the policies that it is compared with. */
  readonly before?: Admission;
}

/** Milliseconds; longer than an audit of a large cluster takes. */
const REUSE_MS = 60 * 60 * 1000;
/** Objects that are judged at the same time. */
const PARALLEL = 16;

export async function auditWorkloads(
  ports: Ports,
  input: AuditInput,
  signal: AbortSignal,
): Promise<readonly Audited[]> {
  const policies = await loadPolicies(ports, input.policyPaths);
  const against = input.against.length === 0 ? undefined : await loadPolicies(ports, input.against);
  const source = createEvidenceSource(ports, { ...input, reuseFor: REUSE_MS });
  const { namespace, noMatch, at } = input;
  const common = { namespace, noMatch, at, cache: createVerdictCache(REUSE_MS) };
  return await mapParallel(input.objects, PARALLEL, async (object) => {
    const admission = await admit(source, { ...common, object, policies }, signal);
    if (against === undefined) return { admission };
    return { admission, before: await admit(source, { ...common, object, policies: against }, signal) };
  });
}
