/**
 * Who a token of an OpenID provider is for, as a certificate says it: its one name, and Fulcio's claims (1.3.6.1.4.1.57264.1.N).
 *
 * Implements people's e-mail, GitHub Actions, GitLab CI, Kubernetes service accounts, SPIFFE and plain URIs.
 */
import { AppError, isRecord } from '../../core/index.ts';
import type { SubjectName } from './certificates.ts';

export const ISSUER_KINDS = ['email', 'github-workflow', 'gitlab-pipeline', 'kubernetes', 'spiffe', 'uri'] as const;
export type IssuerKind = (typeof ISSUER_KINDS)[number];

export interface Identity {
  /** What the client signs to prove that it holds the key. */
  readonly subject: string;
  readonly name: SubjectName;
  /** By the last number of the claim's identifier. */
  readonly claims: ReadonlyMap<number, string>;
}

type Token = Readonly<Record<string, unknown>>;

/** The token is verified already. Throws `unauthorized` when it does not say what its kind must say. */
export function identityOf(kind: IssuerKind, issuer: string, token: Token): Identity {
  const sub = claimOf(token, 'sub');
  const told = KINDS[kind](token, issuer);
  const claims = new Map<number, string>([
    [1, issuer],
    [8, issuer],
    ...told.claims.filter((entry): entry is readonly [number, string] => entry[1] !== undefined),
    [24, sub],
  ]);
  return { subject: told.subject ?? sub, name: told.name, claims };
}

interface Told {
  readonly subject?: string;
  readonly name: SubjectName;
  readonly claims: readonly (readonly [number, string | undefined])[];
}

const KINDS: Readonly<Record<IssuerKind, (token: Token, issuer: string) => Told>> = {
  email: (token) => {
    const email = claimOf(token, 'email');
    const { email_verified: verified } = token;
    if (verified !== true && verified !== 'true') throw refused('email_verified', 'true', verified);
    if (!/^[^\s@<>]+@[^\s@<>]+$/.test(email)) throw refused('email', 'an e-mail address', email);
    return { subject: email, name: { kind: 'email', value: email }, claims: [] };
  },
  'github-workflow': (token) => {
    const of = (name: string) => claimOf(token, name);
    const web = 'https://github.com/';
    const signer = `${web}${of('job_workflow_ref')}`;
    return {
      name: uri(signer),
      claims: [
        [2, of('event_name')],
        [3, of('sha')],
        [4, of('workflow')],
        [5, of('repository')],
        [6, of('ref')],
        [9, signer],
        [10, of('job_workflow_sha')],
        [11, of('runner_environment')],
        [12, `${web}${of('repository')}`],
        [13, of('sha')],
        [14, of('ref')],
        [15, of('repository_id')],
        [16, `${web}${of('repository_owner')}`],
        [17, of('repository_owner_id')],
        [18, `${web}${of('workflow_ref')}`],
        [19, of('workflow_sha')],
        [20, of('event_name')],
        [21, `${web}${of('repository')}/actions/runs/${of('run_id')}/attempts/${of('run_attempt')}`],
        [22, findClaim(token, 'repository_visibility')],
        [23, findClaim(token, 'environment')],
      ],
    };
  },
  'gitlab-pipeline': (token, issuer) => {
    const of = (name: string) => claimOf(token, name);
    const signer = `https://${of('ci_config_ref_uri')}`;
    const place = of('ref_type') === 'tag' ? 'tags' : 'heads';
    return {
      name: uri(signer),
      claims: [
        [9, signer],
        [10, of('ci_config_sha')],
        [11, of('runner_environment')],
        [12, `${issuer}/${of('project_path')}`],
        [13, of('sha')],
        [14, `refs/${place}/${of('ref')}`],
        [15, of('project_id')],
        [16, `${issuer}/${of('namespace_path')}`],
        [17, of('namespace_id')],
        [18, signer],
        [19, of('ci_config_sha')],
        [20, of('pipeline_source')],
        [21, `${issuer}/${of('project_path')}/-/jobs/${of('job_id')}`],
        [22, findClaim(token, 'project_visibility')],
        [23, findClaim(token, 'environment')],
      ],
    };
  },
  kubernetes: (token) => {
    const { 'kubernetes.io': cluster } = token;
    const account = isRecord(cluster) ? cluster.serviceaccount : undefined;
    if (!isRecord(cluster) || !isRecord(account)) throw refused('kubernetes.io', 'a service account', cluster);
    const [namespace, name] = [claimOf(cluster, 'namespace'), claimOf(account, 'name')];
    return { name: uri(`https://kubernetes.io/namespaces/${namespace}/serviceaccounts/${name}`), claims: [] };
  },
  spiffe: (token) => {
    const sub = claimOf(token, 'sub');
    if (!/^spiffe:\/\/[a-z0-9._-]+(?:\/[A-Za-z0-9._-]+)+$/.test(sub)) throw refused('sub', 'a SPIFFE id', sub);
    return { name: uri(sub), claims: [] };
  },
  uri: (token, issuer) => {
    const sub = claimOf(token, 'sub');
    // whoever may speak for one host may not speak for another
    const isOfIssuer = URL.canParse(sub) && new URL(sub).hostname === new URL(issuer).hostname;
    if (!isOfIssuer) throw refused('sub', `a URI on ${new URL(issuer).hostname}`, sub);
    return { name: uri(sub), claims: [] };
  },
};

function uri(value: string): SubjectName {
  return { kind: 'uri', value };
}

function claimOf(token: Token, name: string): string {
  const found = findClaim(token, name);
  if (found === undefined || found === '') throw refused(name, 'a text', token[name]);
  return found;
}

function findClaim(token: Token, name: string): string | undefined {
  const { [name]: value } = token;
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : undefined;
}

function refused(claim: string, expected: string, found: unknown): AppError {
  return new AppError('unauthorized', `token: expected ${claim} to be ${expected}, found ${JSON.stringify(found)}`);
}
