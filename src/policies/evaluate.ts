/** Judgement: policies x evidence -> verdict. AND across policies, OR across authorities, AND across an authority's attestations. */
import { combineVerdicts, digestOf, formatRule, runBounded } from '../core/index.ts';
import type { Evidence, Outcome, Reason, Signer, Verdict, VerifiedAttestation } from '../core/index.ts';
import { describeMatches } from './matches.ts';
import type { Match } from './matches.ts';
import type {
  AttestationRule,
  Authority,
  ConditionResult,
  OverallRule,
  Policy,
  PolicySubject,
  RequiredSigner,
  SigningAuthority,
} from './policy.ts';

export interface Case {
  readonly subject: PolicySubject;
  /** All that verified for the subject's digest; evidence about another digest is never counted. */
  readonly evidence: readonly Evidence[];
  /** Why candidates did not verify; repeated in a denial. */
  readonly rejected: readonly Reason[];
  /** The image's configuration by platform, where a policy looks at it. */
  readonly configs?: Readonly<Record<string, unknown>>;
  readonly at: Date;
  /** What an image gets that no policy speaks of. */
  readonly noMatch: 'deny' | 'warn' | 'allow';
}

/** Reasons of a rejected candidate that a denial repeats; an image may carry very many. */
const MAX_REPEATED_REJECTIONS = 20;

/**
 * Milliseconds of all conditions of one image together. Each has a ceiling of its own, but there is one for each policy and attestation,
 * and meanwhile nobody else is answered.
 */
const MAX_MILLISECONDS = 5000;

/** Judges every policy that applies to the subject. `milliseconds` lowers the ceiling of all conditions together. */
export function evaluate(policies: readonly Policy[], matter: Case, milliseconds = MAX_MILLISECONDS): Verdict {
  const applying = policies.filter((policy) => policy.appliesTo(matter.subject));
  if (applying.length === 0) return noMatchVerdict(matter.subject.asWritten, matter.noMatch);
  const judge = () => combineVerdicts(applying.map((policy) => evaluatePolicy(policy, matter)));
  if (!applying.some(hasConditions)) return judge();
  const bounded = runBounded(judge, Math.min(milliseconds, MAX_MILLISECONDS));
  if (bounded.kind === 'done') return bounded.value;
  const reason: Reason = {
    code: 'condition-error',
    message: `the conditions of all policies together: ${bounded.message}`,
    subject: matter.subject.asWritten,
    fix: 'make the conditions simpler, or the attestations fewer',
  };
  return { outcome: applying.every(({ mode }) => mode === 'warn') ? 'warn' : 'deny', reasons: [reason] };
}

function hasConditions({ overall, authorities }: Policy): boolean {
  const has = (authority: Authority) =>
    authority.kind === 'signer' && authority.attestations.some(({ condition }) => condition !== undefined);
  return overall !== undefined || authorities.some(has);
}

/** What an image gets that no policy speaks of. */
export function noMatchVerdict(asWritten: string, outcome: Outcome): Verdict {
  const reason: Reason = {
    code: 'no-matching-policy',
    message: 'no policy speaks of this image',
    subject: asWritten,
    fix: 'add a ClusterImagePolicy whose images match it',
  };
  return { outcome, reasons: [reason] };
}

function evaluatePolicy(policy: Policy, matter: Case): Verdict {
  const results = policy.authorities.map((authority) => evaluateAuthority(policy, authority, matter));
  const passed = results.find((result) => result.match !== undefined);
  const refusal = policy.mode === 'warn' ? 'warn' : 'deny';
  if (passed !== undefined) {
    if (policy.overall === undefined) return { outcome: 'allow', reasons: passed.reasons };
    const reason = evaluateOverall(policy, policy.overall, results, matter);
    return { outcome: reason.code === 'policy-holds' ? 'allow' : refusal, reasons: [...passed.reasons, reason] };
  }
  const reasons = results.flatMap((result) => result.reasons);
  const usesSigners = policy.authorities.some((authority) => authority.kind === 'signer');
  const repeated = usesSigners
    ? matter.rejected.slice(0, MAX_REPEATED_REJECTIONS).map((reason) => ({ ...reason, rule: policy.name }))
    : [];
  return { outcome: refusal, reasons: [...reasons, ...repeated] };
}

/** The rule over everything, once an authority is satisfied. */
function evaluateOverall(
  policy: Policy,
  { condition, includes }: OverallRule,
  results: readonly AuthorityResult[],
  matter: Case,
): Reason {
  const { document } = matter.subject.object;
  const data = {
    authorityMatches: describeMatches(
      policy.authorities.map((authority, index) => results[index]?.match ?? noMatch(authority)),
    ),
    ...(includes.config ? { config: matter.configs ?? {} } : {}),
    ...(includes.spec ? { spec: document.spec ?? {} } : {}),
    ...(includes.objectMeta ? { metadata: document.metadata ?? {} } : {}),
    ...(includes.typeMeta ? { typemeta: { apiVersion: document.apiVersion, kind: document.kind } } : {}),
  };
  const place = { rule: policy.name, subject: matter.subject.asWritten };
  const result = condition(data, matter.at);
  if (result.kind === 'holds')
    return { code: 'policy-holds', message: 'the policy over all authorities holds', ...place };
  return { ...conditionReason(result, 'the policy over all authorities'), ...place };
}

function noMatch(authority: Authority): Match {
  const { name } = authority;
  if (authority.kind === 'static') return { name, kind: 'static', passes: false };
  if (authority.attestations.length === 0) return { name, kind: 'signatures', signatures: [] };
  return { name, kind: 'attestations', attestations: new Map(authority.attestations.map((rule) => [rule.name, []])) };
}

interface AuthorityResult {
  /** What satisfied it; absent when it is not satisfied. */
  readonly match?: Match;
  readonly reasons: readonly Reason[];
}

function evaluateAuthority(policy: Policy, authority: Authority, matter: Case): AuthorityResult {
  const { name } = authority;
  const rule = `${policy.name}/${name}`;
  const subject = matter.subject.asWritten;
  if (authority.kind === 'static') {
    const passes = authority.action === 'pass';
    const message = authority.message ?? `the policy ${passes ? 'lets' : 'does not let'} this image run`;
    const reasons = [{ code: passes ? 'static-pass' : 'static-fail', message, rule, subject }];
    return passes ? { match: { name, kind: 'static', passes }, reasons } : { reasons };
  }
  if (authority.attestations.length === 0) return evaluateSignature(authority, matter, { rule, subject });
  const results = authority.attestations.map((needed) =>
    evaluateAttestation(authority, needed, matter, { rule, subject }, policy.overall !== undefined),
  );
  const reasons = results.flatMap((result) => result.reasons);
  if (results.some(({ holding }) => holding.length === 0)) return { reasons };
  const attestations = new Map(
    authority.attestations.map((needed, index) => [needed.name, results[index]?.holding ?? []]),
  );
  return { match: { name, kind: 'attestations', attestations }, reasons };
}

interface Place {
  readonly rule: string;
  readonly subject: string;
}

function evaluateSignature(authority: SigningAuthority, matter: Case, place: Place): AuthorityResult {
  const signatures = ownEvidence(authority, matter).filter((item) => item.kind === 'signature');
  const [signature] = signatures;
  if (signature !== undefined) {
    const message = `signed by ${nameOf(signature.signer)}, found by ${signature.storage}`;
    return {
      match: { name: authority.name, kind: 'signatures', signatures },
      reasons: [{ code: 'signature-verified', message, ...place }],
    };
  }
  const reason: Reason = {
    code: 'no-matching-signature',
    message: 'no signature of this image verifies for the authority',
    ...place,
    expected: `a signature of ${matter.subject.digest} by ${describe(authority.signer)}`,
    found: summarise(matter),
    fix: 'sign this digest as that signer, or deploy the digest that was signed',
  };
  return { reasons: [reason] };
}

interface AttestationResult {
  /** Those that meet the condition. */
  readonly holding: readonly VerifiedAttestation[];
  readonly reasons: readonly Reason[];
}

/** Stops at the first that holds unless `all` of them are asked for. */
function evaluateAttestation(
  authority: SigningAuthority,
  needed: AttestationRule,
  matter: Case,
  place: Place,
  all: boolean,
): AttestationResult {
  const ofType = ownEvidence(authority, matter).filter(
    (item): item is VerifiedAttestation => item.kind === 'attestation' && item.predicateType === needed.predicateType,
  );
  if (ofType.length === 0) return { holding: [], reasons: [missingAttestation(authority, needed, matter, place)] };
  const holding: VerifiedAttestation[] = [];
  const failures: Reason[] = [];
  // The same statement pushed many times over, or by many, is judged once: conditions may be slow.
  for (const same of Map.groupBy(ofType, ({ payload }) => digestOf(payload)).values()) {
    const [attestation] = same;
    const failure = attestation && conditionFailure(needed, attestation, matter.at, place);
    if (failure === undefined) holding.push(...same);
    else failures.push(failure);
    if (failure === undefined && !all) break;
  }
  const [first] = holding;
  if (first === undefined) return { holding, reasons: failures };
  const message = `${needed.name}: attestation ${needed.predicateType} by ${nameOf(first.signer)} holds`;
  return { holding, reasons: [{ code: 'attestation-verified', message, ...place }] };
}

function missingAttestation(authority: SigningAuthority, needed: AttestationRule, matter: Case, place: Place): Reason {
  return {
    code: 'no-matching-attestation',
    message: `${needed.name}: no attestation of this type verifies for the authority`,
    ...place,
    expected: `${needed.predicateType} about ${matter.subject.digest} by ${describe(authority.signer)}`,
    found: summarise(matter),
    fix: `attest this digest: plimsoll attest --type ${needed.predicateType} --predicate FILE${authority.signer.kind === 'key' ? ' --key KEY' : ''} IMAGE`,
  };
}

function conditionFailure(
  needed: AttestationRule,
  attestation: VerifiedAttestation,
  at: Date,
  place: Place,
): Reason | undefined {
  const result = needed.condition?.(attestation, at) ?? { kind: 'holds' as const };
  if (result.kind === 'holds') return undefined;
  return {
    ...conditionReason(result, `${needed.name}: the attestation`),
    ...place,
    found: `attestation ${attestation.source}`,
  };
}

function conditionReason(result: Exclude<ConditionResult, { readonly kind: 'holds' }>, what: string): Reason {
  return result.kind === 'fails'
    ? { code: 'condition-failed', message: `${what} does not meet the condition`, expected: result.expected }
    : { code: 'condition-error', message: `${what}: the condition could not be evaluated: ${result.message}` };
}

/** Evidence gathered for this authority's signer about exactly this digest. */
function ownEvidence({ signer }: SigningAuthority, matter: Case): readonly Evidence[] {
  return matter.evidence.filter((item) => item.artifact === matter.subject.digest && isOf(item, signer));
}

function isOf(item: Evidence, signer: RequiredSigner): boolean {
  if (signer.kind === 'keyless') return item.signer.kind === 'certificate' && item.demand === signer.id;
  if (item.signer.kind !== 'key' || item.signer.keyId !== signer.key.keyId) return false;
  // a key of which nothing more is demanded needs nothing but itself
  return signer.id === signer.key.keyId || item.demand === signer.id;
}

function nameOf(signer: Signer): string {
  return signer.kind === 'key' ? `key ${shortKey(signer.keyId)}` : signer.subject;
}

function describe(signer: RequiredSigner): string {
  if (signer.kind === 'key') return `key ${shortKey(signer.key.keyId)}`;
  const names = signer.identities.map((rule) => `${formatRule(rule.subject)} by ${formatRule(rule.issuer)}`);
  return names.join(' or ');
}

function shortKey(keyId: string): string {
  return keyId.slice(0, 'sha256:'.length + 12);
}

function summarise(matter: Case): string {
  if (matter.evidence.length === 0 && matter.rejected.length === 0) return 'nothing signed or attested for this digest';
  const kinds = matter.evidence.map((item) => (item.kind === 'signature' ? 'a signature' : item.predicateType));
  const verified = kinds.length === 0 ? 'nothing that verifies' : [...new Set(kinds)].join(', ');
  return matter.rejected.length === 0 ? verified : `${verified}; ${matter.rejected.length} rejected`;
}
