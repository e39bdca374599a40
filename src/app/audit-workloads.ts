/** Judges what runs, or would run, by one set of policies or by two side by side; each image is looked at once for each question. */
import { mapParallel } from '../core/index.ts';
import type { Outcome, Ports } from '../core/index.ts';
import type { Policy } from '../policies/index.ts';
import { admit } from './admit.ts';
import type { Admission } from './admit.ts';
import { applyExceptions } from './exceptions.ts';
import type { Exception } from './exceptions.ts';
import { createEvidenceSource } from './gather-evidence.ts';
import type { IndexChoice } from './gather-evidence.ts';
import type { RepositoryAccess } from './registry.ts';
import { createVerdictCache } from './verdict-cache.ts';

type Json = Readonly<Record<string, unknown>>;

/** With what becomes of an image that none of them speaks of. */
export interface Rules {
  readonly policies: readonly Policy[];
  readonly noMatch: Outcome;
}

export interface AuditInput extends RepositoryAccess, IndexChoice {
  readonly objects: readonly Json[];
  readonly rules: Rules;
  /** Those in force, to compare with. */
  readonly against?: Rules;
  /** What they let through counts as let through, whichever policies deny it. */
  readonly exceptions?: readonly Exception[];
  /** Of objects that name none. */
  readonly namespace: string;
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
  const { objects, rules, against, namespace, at, exceptions = [] } = input;
  const source = createEvidenceSource(ports, { ...input, reuseFor: REUSE_MS });
  const cache = createVerdictCache(REUSE_MS);
  const judge = async (object: Json, by: Rules) =>
    applyExceptions(await admit(source, { ...by, object, namespace, at, cache }, signal), exceptions, at);
  return await mapParallel(objects, PARALLEL, async (object) => {
    const admission = await judge(object, rules);
    return against === undefined ? { admission } : { admission, before: await judge(object, against) };
  });
}
