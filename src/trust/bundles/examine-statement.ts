import { digestOf } from '../../core/index.ts';
import type { Digest } from '../../core/index.ts';
import { findSubject, isInTotoPayloadType, isPredicateType, parseStatement } from '../../attestations/index.ts';
import type { Envelope, Statement } from '../../attestations/index.ts';
import { messageOf } from './reasons.ts';
import type { Reasons } from './reasons.ts';
import type { Blob } from './verify-bundle.ts';

/** The statement of an envelope whose signature is good, if it is about the artifact and of the wanted predicate type. */
export function examineStatement(
  envelope: Envelope,
  wanted: { readonly artifact: Blob; readonly predicateType?: string | undefined },
  reasons: Reasons,
): Statement | undefined {
  if (!isInTotoPayloadType(envelope.payloadType)) {
    const message = 'the envelope holds something else than an in-toto statement';
    reasons.add('artifact', 'payload-type-unsupported', { message, found: envelope.payloadType });
    return undefined;
  }
  let statement: Statement;
  try {
    statement = parseStatement(envelope.payload);
  } catch (error) {
    reasons.add('artifact', 'payload-malformed', { message: messageOf(error) });
    return undefined;
  }
  const digests = digestsOf(wanted.artifact);
  if (!digests.some((digest) => findSubject(statement, digest) !== undefined)) {
    const message = 'the statement is about another artifact';
    reasons.add('artifact', 'subject-mismatch', { message, expected: digests.join(' or ') });
  }
  const { predicateType } = wanted;
  if (predicateType !== undefined && !isPredicateType(statement.predicateType, predicateType)) {
    const message = 'the attestation is of another predicate type';
    const facts = { message, expected: predicateType, found: statement.predicateType };
    reasons.add('artifact', 'predicate-type-mismatch', facts);
  }
  return statement;
}

function digestsOf(artifact: Blob): readonly Digest[] {
  if (artifact.kind === 'digest') return [artifact.digest];
  return [digestOf(artifact.content), digestOf(artifact.content, 'sha512')];
}
