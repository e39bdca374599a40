import { auditWorkloads } from '../../app/audit-workloads.ts';
import type { Audited, Rules } from '../../app/audit-workloads.ts';
import { openAuditedCluster } from '../../app/audited-cluster.ts';
import type { AuditedCluster, Workload } from '../../app/audited-cluster.ts';
import type { Exception } from '../../app/exceptions.ts';
import { explainAdmission } from '../../app/explain.ts';
import type { Paint } from '../../app/explain.ts';
import { loadPolicies } from '../../app/load-policies.ts';
import { readManifestObjects } from '../../app/manifest-images.ts';
import { AppError, EXIT_NEGATIVE } from '../../core/index.ts';
import type { Outcome } from '../../core/index.ts';
import { defineCommand } from '../command.ts';
import type { Context } from '../command.ts';
import { INDEX_FLAGS, openPlatforms } from '../flags/platform.ts';
import { POLICY_TRUST_FLAG } from '../flags/trust.ts';
import { readManifests } from '../manifest.ts';

interface Row {
  readonly namespace: string | undefined;
  readonly kind: string;
  readonly name: string;
  /** Pods that are alike, where there are several. */
  readonly pods?: number;
  readonly outcome: Outcome;
  /** Under the policies that it is compared with. */
  readonly before?: Outcome;
  readonly images: readonly {
    readonly image: string;
    readonly digest?: string;
    readonly outcome: Outcome;
    /** That lets it through until it expires (RFC 3339). */
    readonly exception?: { readonly name: string; readonly expires: string };
  }[];
}

export const audit = defineCommand({
  name: 'audit',
  group: 'policies',
  summary: 'say which workloads policies would deny, and what a change of policies changes',
  description:
    'Judges what runs in a cluster (--cluster, or --kubeconfig), or any manifests (-f), without touching it: first see what would be denied, ' +
    'then enforce. In a cluster it looks at pods by the digests that nodes pulled, and at what makes pods by its template, in the ' +
    'namespaces that the installed webhook is asked about; in all, where none is installed. Without --policy it judges by the policies of the ' +
    'API server. What an AdmissionException lets through is a warning with its name and its end. With --against or --against-cluster, only what the two sets of policies judge differently is explained. Exit code 1 when something would be denied, or, compared, something that was not denied before.',
  args: [],
  flags: {
    filename: {
      kind: 'list',
      short: 'f',
      value: 'FILE',
      description: 'manifest, folder of manifests, or - for standard input; instead of what runs',
    },
    cluster: {
      kind: 'boolean',
      description: 'what runs in the cluster of the kubeconfig (KUBECONFIG), or around this pod',
    },
    kubeconfig: { kind: 'string', value: 'FILE', description: 'how to reach the API server; implies --cluster' },
    context: { kind: 'string', value: 'NAME', description: 'of the kubeconfig, instead of its current one' },
    namespace: {
      kind: 'list',
      short: 'n',
      value: 'NAME',
      description: 'only this namespace of the cluster',
    },
    'all-namespaces': {
      kind: 'boolean',
      short: 'A',
      description: 'also namespaces that the webhook is not asked about',
    },
    policy: {
      kind: 'list',
      value: 'PATH',
      description: 'policy file, or folder of policy files; those of the API server when absent',
    },
    against: { kind: 'list', value: 'PATH', description: 'policies to compare with: those in force' },
    'against-cluster': { kind: 'boolean', description: 'compare with the policies of the API server' },
    'policy-namespace': {
      kind: 'string',
      value: 'NAME',
      default: 'plimsoll-system',
      description: 'where the settings are that the policies of the API server name',
    },
    'no-match': {
      kind: 'choice',
      choices: ['deny', 'warn', 'allow'],
      default: 'deny',
      description: 'verdict for an image that no policy speaks of',
    },
    ...INDEX_FLAGS,
    ...POLICY_TRUST_FLAG,
    insecure: { kind: 'boolean', description: 'ask registries over plain HTTP' },
  },
  examples: [
    {
      command: 'plimsoll audit --cluster --context production --policy new/ --against-cluster',
      explains: 'what a change of policies would do to what runs',
    },
    {
      command: 'plimsoll audit --cluster --platforms nodes --accept-platform-proofs',
      explains: 'as a server judges indexes that runs with these flags',
    },
    { command: 'plimsoll audit --cluster', explains: 'what runs that the policies in force would not let in again' },
    { command: 'helm template chart/ | plimsoll audit -f - --policy policies/', explains: 'before anything runs' },
  ],
  async run({ flags }, context) {
    const cluster = await openClusterIfWanted(flags, context);
    const rules =
      flags.policy.length > 0 ? await readRules(flags.policy, flags, context) : await inForce(cluster, context);
    const against = await readAgainst(flags, cluster, context);
    const platforms = await openPlatforms(flags.platforms, cluster && (() => cluster.readPlatforms(context.signal)));
    const workloads = await readWorkloads(flags, cluster, context);
    const audited = await auditWorkloads(
      context.ports,
      {
        objects: workloads.map(({ object }) => object),
        rules,
        ...(against === undefined ? {} : { against }),
        exceptions: cluster === undefined ? [] : await readExceptions(cluster, context),
        namespace: 'default',
        at: context.ports.clock(),
        platforms,
        acceptsPlatformProofs: flags['accept-platform-proofs'],
        insecure: flags.insecure,
      },
      context.signal,
    );
    const rows = audited.map((one, index) => rowOf(one, workloads[index]?.count ?? 1));
    const { paint } = context.output;
    const lines = audited.flatMap((one, index) => {
      const row = rows[index];
      return row === undefined || !isNotable(row) ? [] : [explain(one, row, paint)];
    });
    context.output.result(rows, [...lines, summaryOf(rows)].join('\n'));
    return rows.some((row) => row.outcome === 'deny' && row.before !== 'deny') ? EXIT_NEGATIVE : 0;
  },
});

interface SourceFlags {
  readonly filename: readonly string[];
  readonly cluster: boolean;
  readonly kubeconfig: string | undefined;
  readonly context: string | undefined;
  readonly namespace: readonly string[];
  readonly 'all-namespaces': boolean;
  readonly policy: readonly string[];
  readonly against: readonly string[];
  readonly 'against-cluster': boolean;
  readonly 'policy-namespace': string;
  readonly 'no-match': string;
}

async function openClusterIfWanted(flags: SourceFlags, context: Context): Promise<AuditedCluster | undefined> {
  const { filename, kubeconfig, namespace: namespaces, 'all-namespaces': all } = flags;
  const isLive = flags.cluster || kubeconfig !== undefined;
  const isFileOnly = !isLive && filename.length > 0;
  for (const [name, isGiven] of [
    ['context', flags.context !== undefined],
    ['namespace', namespaces.length > 0],
    ['all-namespaces', all],
    ['against-cluster', flags['against-cluster']],
  ] as const)
    if (isGiven && !isLive) throw new AppError('usage', `--${name}: expected --cluster or --kubeconfig FILE beside it`);
  if (!isLive && !isFileOnly) throw new AppError('usage', 'expected -f FILE, or --cluster or --kubeconfig FILE');
  if (isFileOnly && flags.policy.length === 0) throw new AppError('usage', 'expected at least one --policy PATH');
  if (all && namespaces.length > 0) throw new AppError('usage', 'expected either --namespace or --all-namespaces');
  if (flags['against-cluster'] && (flags.against.length > 0 || flags.policy.length === 0))
    throw new AppError('usage', '--against-cluster: expected --policy PATH beside it, and no --against');
  if (!isLive) return undefined;
  const policyNamespace = flags['policy-namespace'];
  return await openAuditedCluster(context.ports, {
    kubeconfig,
    context: flags.context,
    namespaces,
    all,
    policyNamespace,
  });
}

async function readRules(paths: readonly string[], flags: SourceFlags, { ports }: Context): Promise<Rules> {
  return { policies: await loadPolicies(ports, paths), noMatch: flags['no-match'] as Outcome };
}

async function inForce(cluster: AuditedCluster | undefined, { signal }: Context): Promise<Rules> {
  if (cluster === undefined) throw new AppError('usage', 'expected at least one --policy PATH');
  return await cluster.readPolicies(signal);
}

async function readAgainst(
  flags: SourceFlags,
  cluster: AuditedCluster | undefined,
  context: Context,
): Promise<Rules | undefined> {
  if (flags['against-cluster']) return await inForce(cluster, context);
  return flags.against.length === 0 ? undefined : await readRules(flags.against, flags, context);
}

/** Who may not see them is told, and sees what would be denied without them. */
async function readExceptions(cluster: AuditedCluster, { signal, output }: Context): Promise<readonly Exception[]> {
  try {
    return await cluster.readExceptions(signal);
  } catch (error) {
    if (!(error instanceof AppError) || error.kind !== 'unauthorized') throw error;
    output.note(`exceptions are not counted: ${error.message}`);
    return [];
  }
}

/** What stands in files, or else what runs. */
async function readWorkloads(
  flags: SourceFlags,
  cluster: AuditedCluster | undefined,
  context: Context,
): Promise<readonly Workload[]> {
  if (cluster === undefined || flags.filename.length > 0) {
    const manifests = await readManifests(flags.filename, context);
    return manifests
      .flatMap(({ name, text }) => readManifestObjects(text, name))
      .map((object) => ({ object, count: 1 }));
  }
  const { workloads, namespaces, chosenBy } = await cluster.listWorkloads(context.signal);
  if (chosenBy === 'all' && !flags['all-namespaces'])
    context.output.note(
      'no webhook of plimsoll is installed: all namespaces are looked at; choose some with --namespace',
    );
  context.output.note(`${workloads.length} workloads in ${namespaces.length} namespaces`);
  return workloads;
}

function rowOf({ admission, before }: Audited, count: number): Row {
  const { namespace, kind, name } = admission.object;
  const images = admission.images.map(({ use, digest, verdict, exception }) => ({
    image: use.image,
    ...(digest === undefined ? {} : { digest }),
    outcome: verdict.outcome,
    ...(exception && { exception: { name: exception.name, expires: exception.expires.toISOString() } }),
  }));
  return {
    namespace,
    kind,
    name,
    ...(count === 1 ? {} : { pods: count }),
    outcome: admission.outcome,
    ...(before === undefined ? {} : { before: before.outcome }),
    images,
  };
}

function explain({ admission }: Audited, row: Row, paint: Paint): string {
  const change = row.before === undefined ? '' : paint('dim', `was ${row.before}, now `);
  const alike = row.pods === undefined ? '' : paint('dim', `${row.pods} pods alike: `);
  return `${change}${alike}${explainAdmission(admission, paint)}`;
}

function isNotable(row: Row): boolean {
  return row.before === undefined ? row.outcome !== 'allow' : row.outcome !== row.before;
}

function summaryOf(rows: readonly Row[]): string {
  const count = (outcome: Outcome) => rows.filter((row) => row.outcome === outcome).length;
  const changed = rows.filter((row) => row.before !== undefined && row.before !== row.outcome).length;
  const compared = rows.some(({ before }) => before !== undefined) ? `; ${changed} judged differently` : '';
  const excepted = rows.filter(({ images }) => images.some(({ exception }) => exception !== undefined)).length;
  const through = excepted === 0 ? '' : ` (${excepted} let through by exceptions)`;
  return `${rows.length} objects: ${count('deny')} denied, ${count('warn')} with warnings${through}, ${count('allow')} admitted${compared}`;
}
