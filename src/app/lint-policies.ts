/** What is wrong with policies, and what in them is wider than its author may think. All of it, not the first. */
import { AppError, toAppError } from '../core/index.ts';
import type { Ports, TextRule } from '../core/index.ts';
import { readPolicyDocuments, readPolicySet } from '../policies/index.ts';
import type { Policy, PolicyDocument, PolicyPlan, RequiredSigner } from '../policies/index.ts';
import { compilePolicies, listPolicyFiles } from './load-policies.ts';

export interface LintFinding {
  /** File, and place in it where that is known. */
  readonly where: string;
  readonly level: 'error' | 'warning';
  /** Stable. */
  readonly code: string;
  readonly message: string;
  readonly fix?: string;
}

/** Of one policy file. */
const MAX_FILE_BYTES = 16 * 1024 * 1024;

export interface LintInput {
  readonly paths: readonly string[];
  /** Whether what policies name elsewhere is fetched, and whom they name is looked for. */
  readonly resolves: boolean;
}

/** Errors are what `serve` and `admit` would refuse. Throws only when a path is not there. */
export async function lintPolicies(ports: Ports, { paths, resolves }: LintInput): Promise<readonly LintFinding[]> {
  const findings: LintFinding[] = [];
  const attempt = async <T>(where: string, work: () => T | Promise<T>): Promise<T | undefined> => {
    try {
      return await work();
    } catch (error) {
      findings.push(errorFinding(where, error));
      return undefined;
    }
  };
  const documents: PolicyDocument[] = [];
  for (const path of paths) {
    for (const file of await listPolicyFiles(ports, path)) {
      const bytes = await ports.files.read(file, MAX_FILE_BYTES);
      documents.push(
        ...((await attempt(file, () => readPolicyDocuments(new TextDecoder().decode(bytes), file))) ?? []),
      );
    }
  }
  const plans: PolicyPlan[] = [];
  const sound: PolicyDocument[] = [];
  for (const document of documents) {
    const set = await attempt(document.where, () => readPolicySet([document]));
    if (set === undefined) continue;
    sound.push(document);
    plans.push(...set.plans);
  }
  if (documents.length > 0 && plans.length === 0 && findings.length === 0)
    findings.push({
      where: paths.join(', '),
      level: 'error',
      code: 'no-policy',
      message: 'expected policies, found none',
    });
  for (const policy of await compileEach(ports, { plans, documents: sound, resolves }, attempt))
    findings.push(...judgePolicy(policy));
  return findings.toSorted((a, b) => (a.where < b.where ? -1 : Number(a.where > b.where)));
}

type Attempt = <T>(where: string, work: () => T | Promise<T>) => Promise<T | undefined>;

interface Located {
  readonly where: string;
  readonly policy: Policy;
}

/** Each by itself, with all that stands beside it. */
async function compileEach(
  ports: Ports,
  given: {
    readonly plans: readonly PolicyPlan[];
    readonly documents: readonly PolicyDocument[];
    readonly resolves: boolean;
  },
  attempt: Attempt,
): Promise<readonly Located[]> {
  const names = new Map<string, string>();
  const compiled: Located[] = [];
  const beside = given.documents.filter(({ where }) => given.plans.every((plan) => plan.where !== where));
  for (const plan of given.plans) {
    const first = names.get(plan.name);
    await attempt(plan.where, () => {
      if (first !== undefined)
        throw new AppError('invalid-input', `the name ${plan.name} is that of the policy in ${first}, too`);
    });
    names.set(plan.name, plan.where);
    const own = given.documents.filter(({ where }) => where === plan.where);
    const isAway = plan.needs.some(({ kind }) => kind === 'remote' || kind === 'kms');
    if (!given.resolves && isAway) continue;
    const policies = await attempt(plan.where, async () =>
      given.resolves
        ? await compilePolicies(ports, [...own, ...beside])
        : [plan.compile(readPolicySet(beside).resources(new Map()))],
    );
    compiled.push(...(policies ?? []).map((policy) => ({ where: plan.where, policy })));
  }
  return compiled;
}

function errorFinding(where: string, error: unknown): LintFinding {
  const { kind, message, hint } = toAppError(error);
  return { where, level: 'error', code: `error-${kind}`, message, ...(hint === undefined ? {} : { fix: hint }) };
}

/** What is legal and rarely meant. */
function judgePolicy({ where, policy }: Located): readonly LintFinding[] {
  const warn = (code: string, message: string, fix: string): LintFinding => ({
    where,
    level: 'warning',
    code,
    message: `${policy.name}: ${message}`,
    fix,
  });
  const found: LintFinding[] = [];
  const passing = policy.authorities.find((authority) => authority.kind === 'static' && authority.action === 'pass');
  if (passing !== undefined && policy.authorities.length > 1)
    found.push(
      warn('moot-authorities', `one authority suffices and ${passing.name} always does`, 'remove it, or the others'),
    );
  if (policy.mode === 'warn')
    found.push(warn('warns-only', 'mode warn denies nothing', 'say mode: enforce when warnings are gone'));
  for (const authority of policy.authorities) {
    if (authority.kind === 'signer')
      found.push(
        ...judgeSigner(authority.signer, (code, message, fix) => warn(code, `${authority.name}: ${message}`, fix)),
      );
  }
  return found;
}

type Warn = (code: string, message: string, fix: string) => LintFinding;

function judgeSigner(signer: RequiredSigner, warn: Warn): readonly LintFinding[] {
  if (signer.kind === 'key') return [];
  const rules = signer.identities.flatMap(({ issuer, subject }) => [issuer, subject]);
  const loose = rules
    .flatMap(loosePattern)
    .map((pattern) =>
      warn(
        'loose-pattern',
        `. in ${pattern} stands for any character`,
        'write \\. for a full stop, or name the identity exactly',
      ),
    );
  const scts = signer.unsafeIgnoreScts
    ? [warn('ignores-scts', 'certificates that nobody published count', 'remove insecureIgnoreSCT')]
    : [];
  return [...loose, ...scts];
}

/** The pattern as it was written, if a bare full stop is in it. */
function loosePattern(rule: TextRule): readonly string[] {
  if (rule.kind !== 'pattern') return [];
  const written = rule.pattern.source.replace(/^\^\(\?:(.*)\)\$$/s, '$1').replaceAll('\\/', '/');
  const bare = written.replaceAll(/\\.|\[(?:\\.|[^\]\\])*\]/gs, '');
  return /\.(?![*+?{])/.test(bare) ? [written] : [];
}
