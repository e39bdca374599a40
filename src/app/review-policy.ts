/** Answers the review of a policy itself: one that could not be used is refused where it is written, with the reason. */
import { digestOf, toAppError } from '../core/index.ts';
import type { Ports } from '../core/index.ts';
import { encodeReviewResponse, parseReview } from '../cluster/index.ts';
import { readPolicySet } from '../policies/index.ts';
import { checkPolicy, compilePolicies } from './load-policies.ts';
import { openMaterial } from './policy-material.ts';

/** Throws `invalid-input` for bytes that are no review. */
export async function reviewPolicy(ports: Ports, bytes: Uint8Array): Promise<Readonly<Record<string, unknown>>> {
  const { uid, operation, object: value = {} } = parseReview(bytes);
  if (operation === 'DELETE') return encodeReviewResponse(uid, { allowed: true });
  const document = { value, where: 'policy', version: digestOf(JSON.stringify(value)) };
  try {
    const { plans } = readPolicySet([document]);
    // what it names may be applied after it: until then it denies, and its status says so
    for (const plan of plans) checkPolicy(plan);
    if (plans.every(({ needs }) => needs.length === 0)) await compilePolicies([document], openMaterial(ports));
    return encodeReviewResponse(uid, { allowed: true });
  } catch (error) {
    const { kind, message } = toAppError(error);
    if (kind === 'unavailable' || kind === 'untrusted-root')
      return encodeReviewResponse(uid, {
        allowed: true,
        warnings: [`the policy denies until this is mended: ${message}`],
      });
    return encodeReviewResponse(uid, { allowed: false, code: 422, message: `${kind}: ${message}` });
  }
}
