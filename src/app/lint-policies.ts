/** What is wrong with policies, and what in them is wider than its author may think. All of it, not the first. */
import { AppError, digestOf, findYamlPlace, toAppError } from '../core/index.ts';
import type { Ports, TextRule, VerifiedAttestation, YamlPlace } from '../core/index.ts';
import { readPolicyDocuments, readPolicySet } from '../policies/index.ts';
import type { Policy, PolicyDocument, PolicyPlan, RequiredSigner } from '../policies/index.ts';
import { compilePolicies, listPolicyFiles } from './load-policies.ts';
import { openMaterial } from './policy-material.ts';

export interface LintFinding {
  /** File, with line and column where they are known. */
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
  const texts = new Map<string, string>();
  for (const path of paths) {
    for (const file of await listPolicyFiles(ports, path)) {
      const text = new TextDecoder().decode(await ports.files.read(file, MAX_FILE_BYTES));
      texts.set(file, text);
      documents.push(...((await attempt(file, () => readPolicyDocuments(text, file))) ?? []));
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
    findings.push(...judgePolicy(policy, ports.clock()));
  const sorted = findings.toSorted((a, b) => (a.where < b.where ? -1 : Number(a.where > b.where)));
  return sorted.map((finding) => located(finding, texts));
}

/** A message that begins with the document and a path in it is shown with the line instead. */
function located(finding: LintFinding, texts: ReadonlyMap<string, string>): LintFinding {
  const [, file = '', number = '1'] = /^(.*?)(?:#(\d+))?$/s.exec(finding.where) ?? [];
  const text = texts.get(file);
  if (text === undefined) return finding;
  const rest = finding.message.startsWith(finding.where) ? finding.message.slice(finding.where.length) : '';
  const [all = '', path = '', line, column] = PLACE.exec(rest) ?? [];
  const inside = line === undefined ? {} : { inside: { line: Number(line), column: Number(column) } };
  const place =
    findYamlPlace(text, { document: Number(number) - 1, path, ...inside }) ?? findSyntaxPlace(finding.message);
  return {
    ...finding,
    where: place === undefined ? finding.where : `${file}:${place.line}:${place.column}`,
    message: all === '' ? finding.message : `${path === '' ? '' : `${path.slice(1)}: `}${rest.slice(all.length)}`,
  };
}

/** Of a text that is no YAML. */
function findSyntaxPlace(message: string): YamlPlace | undefined {
  const [, line, column] = / at line (\d+), column (\d+)$/.exec(message) ?? [];
  return line === undefined ? undefined : { line: Number(line), column: Number(column) };
}

/** The path of what is wrong, and the place in the text that stands there, before the message. */
const PLACE = /^((?:\.[^.[\]:\s]+|\[\d+\])*)(?::(\d+):(\d+))?: /;

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
    if (!given.resolves && isAway) {
      await attempt(plan.where, () => plan.check());
      continue;
    }
    const policies = await attempt(plan.where, async () =>
      given.resolves
        ? await compilePolicies([...own, ...beside], openMaterial(ports))
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
function judgePolicy({ where, policy }: Located, at: Date): readonly LintFinding[] {
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
    if (authority.kind === 'static') continue;
    const warnOf: Warn = (code, message, fix) => warn(code, `${authority.name}: ${message}`, fix);
    found.push(...judgeSigner(authority.signer, warnOf));
    for (const { name, predicateType, condition } of authority.attestations)
      if (condition?.(emptyAttestation(predicateType), at).kind === 'holds')
        found.push(
          warnOf(
            'asks-for-nothing',
            `${name}: an attestation that says nothing meets the condition`,
            'ask that the fields are there: CUE adds those that it names, and Rego finds nothing wrong in an empty list',
          ),
        );
  }
  return found;
}

/** Of the right type, with an empty predicate: what somebody attests who has nothing to say. */
function emptyAttestation(predicateType: string): VerifiedAttestation {
  const statement = { _type: 'https://in-toto.io/Statement/v1', subject: [], predicateType, predicate: {} };
  const payload = new TextEncoder().encode(JSON.stringify(statement));
  const digest = digestOf(payload);
  return {
    kind: 'attestation',
    artifact: digest,
    signer: { kind: 'key', keyId: digest },
    storage: 'referrer',
    source: digest,
    predicateType,
    predicate: {},
    statement,
    payload,
  };
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
  const anybody = signer.identities
    .filter(({ subject }) => subject.kind === 'pattern' && /^\^\(\?:\.[*+]\)\$$/.test(subject.pattern.source))
    .map(() =>
      warn('any-subject', 'whoever the issuer knows may sign', 'name the subject, or a pattern of yours alone'),
    );
  const scts = signer.unsafeIgnoreScts
    ? [warn('ignores-scts', 'certificates that nobody published count', 'remove insecureIgnoreSCT')]
    : [];
  return [...loose, ...anybody, ...scts];
}

/** The pattern as it was written, if a bare full stop is in it. */
function loosePattern(rule: TextRule): readonly string[] {
  if (rule.kind !== 'pattern') return [];
  const written = rule.pattern.source.replace(/^\^\(\?:(.*)\)\$$/s, '$1').replaceAll('\\/', '/');
  const bare = written.replaceAll(/\\.|\[(?:\\.|[^\]\\])*\]/gs, '');
  return /\.(?![*+?{])/.test(bare) ? [written] : [];
}
