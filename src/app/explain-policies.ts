/** Why each policy says what it says of an object: policy by policy, image by image, authority by authority. */
import type { Outcome, Ports, Reason } from '../core/index.ts';
import { admit } from './admit.ts';
import { createEvidenceSource } from './gather-evidence.ts';
import { loadPolicies } from './load-policies.ts';
import type { RepositoryAccess } from './registry.ts';

export interface ExplainInput extends RepositoryAccess {
  readonly objects: readonly Readonly<Record<string, unknown>>[];
  readonly policyPaths: readonly string[];
  readonly namespace: string;
  readonly at: Date;
}

export interface ObjectExplained {
  readonly kind: string;
  readonly name: string;
  readonly images: readonly ImageExplained[];
  /** About the object as a whole. */
  readonly reasons: readonly Reason[];
}

export interface ImageExplained {
  readonly image: string;
  readonly digest?: string;
  readonly policies: readonly {
    readonly name: string;
    readonly mode: 'enforce' | 'warn';
    /** Undefined where the policy does not speak of the image. */
    readonly outcome?: Outcome;
    readonly reasons: readonly Reason[];
  }[];
}

/** Milliseconds; what one policy had fetched, the next one uses. */
const REUSE_MS = 10 * 60 * 1000;

export async function explainPolicies(
  ports: Ports,
  input: ExplainInput,
  signal: AbortSignal,
): Promise<readonly ObjectExplained[]> {
  const policies = await loadPolicies(ports, input.policyPaths);
  const source = createEvidenceSource(ports, { ...input, reuseFor: REUSE_MS });
  const { namespace, at } = input;
  const explainObject = async (object: ExplainInput['objects'][number]): Promise<ObjectExplained> => {
    const each = await Promise.all(
      policies.map(async (policy) => ({
        policy,
        admission: await admit(source, { object, namespace, policies: [policy], noMatch: 'deny', at }, signal),
      })),
    );
    const [first] = each;
    const images = new Map<string, ImageExplained>();
    for (const { policy, admission } of each) {
      for (const { use, verdict, digest } of admission.images) {
        const known = images.get(use.image);
        const speaks = verdict.reasons.every(({ code }) => code !== 'no-matching-policy');
        const { name, mode } = policy;
        const said = speaks
          ? { name, mode, outcome: verdict.outcome, reasons: verdict.reasons }
          : { name, mode, reasons: [] };
        if (known?.policies.some((one) => one.name === name) === true) continue;
        images.set(use.image, {
          image: use.image,
          ...(known?.digest === undefined ? (digest === undefined ? {} : { digest }) : { digest: known.digest }),
          policies: [...(known?.policies ?? []), said],
        });
      }
    }
    const { kind = '', name = '' } = first?.admission.object ?? {};
    return { kind, name, images: [...images.values()], reasons: first?.admission.reasons ?? [] };
  };
  return await Promise.all(input.objects.map(explainObject));
}
