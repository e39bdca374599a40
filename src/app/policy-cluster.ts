/**
 * Policies of the API server: ClusterImagePolicies with the TrustRoots, and the ConfigMaps and Secrets of our namespace that they name, and
 * how to judge what none of them speaks of; followed as they change. A policy that cannot be used denies what it speaks of, by its own
 * name, until it is mended; the others are as they were.
 */
import { digestOf, isRecord, toAppError } from '../core/index.ts';
import type { Ports } from '../core/index.ts';
import { holdCollections, metadataOf, statusOf } from '../cluster/index.ts';
import type { HeldCollections, KubeClient, KubeObject } from '../cluster/index.ts';
import { parsePolicies, readPolicySet } from '../policies/index.ts';
import type { Need, Policy, PolicyDocument } from '../policies/index.ts';
import { parseException } from './exceptions.ts';
import type { Exception } from './exceptions.ts';
import { compilePolicies } from './load-policies.ts';
import { openMaterial } from './policy-material.ts';
import type { KeptMaterial, PolicyMaterial } from './policy-material.ts';
import { createStatusWriter, STATUS_PAUSE_MS } from './policy-status.ts';
import type { Status, StatusWriter } from './policy-status.ts';
import type { NoMatch, PolicySet, PolicySource } from './policy-source.ts';

const GROUP = 'policy.sigstore.dev';
const POLICIES = `/apis/${GROUP}/v1beta1/clusterimagepolicies`;
const TRUST_ROOTS = `/apis/${GROUP}/v1alpha1/trustroots`;
/** As policy-controller names it; its key `no-match-policy` says what becomes of an image that no policy speaks of. */
const SETTINGS = 'config-policy-controller';
const VERDICTS: readonly NoMatch[] = ['deny', 'warn', 'allow'];
/** Milliseconds after which a policy that could not be compiled is tried again: a service that it needs may be back. */
const RETRY_MS = 30_000;

/** Milliseconds for which the change of one policy waits for another that is slow to compile. */
const PATIENCE_MS = 300;

/** What policies are made of, and what else of our namespace is followed. */
export type ClusterCollections = HeldCollections<'policies' | 'trustRoots' | 'configMaps' | 'secrets' | 'exceptions'>;

type Objects = NonNullable<ClusterCollections['objects']>;

export interface ClusterPoliciesOptions {
  /** Where the settings do not say; `deny` when absent. */
  readonly noMatch?: NoMatch;
  /** Followed already; closed with the policies. */
  readonly collections?: ClusterCollections;
  readonly material?: KeptMaterial | undefined;
}

interface Running {
  readonly version: string;
  readonly result: Promise<CompiledPolicy>;
  /** Whether it will be looked for when it is done. */
  isLate: boolean;
}

interface CompiledPolicy {
  readonly document: KubeObject;
  readonly policy: Policy;
  /** Of all that it was compiled from. */
  readonly version: string;
  /** Why it denies all that it speaks of. */
  readonly fault: string | undefined;
}

export function followCluster({ clock, log }: Pick<Ports, 'clock' | 'log'>, client: KubeClient): ClusterCollections {
  return holdCollections(client, collectionsOf(client), {
    clock,
    onFault: (collection, { kind, message }) => log.warn('collection-not-followed', { collection, kind, message }),
  });
}

/** Not ready, and denying everything, until the API server has been read. */
export function openClusterPolicies(
  ports: Ports,
  client: KubeClient,
  options: ClusterPoliciesOptions = {},
): PolicySource {
  return new ClusterPolicies(ports, client, options);
}

/** As they are in force now, read once; what they are stays as it is there. Exceptions are not among them. */
export async function readClusterPolicies(
  ports: Ports,
  client: KubeClient,
  signal: AbortSignal,
): Promise<Pick<PolicySet, 'policies' | 'noMatch'>> {
  const collections = collectionsOf(client);
  const list = async (collection: string) => (await client.list(collection, signal)).items;
  const policies = await list(collections.policies);
  const documents = policies.map((object) => documentOf('ClusterImagePolicy', object, 'v1beta1'));
  const needsSecrets = documents.some((document) => listNeeds(document).some(({ kind }) => kind === 'secret'));
  const objects = {
    policies,
    trustRoots: await list(collections.trustRoots),
    configMaps: await list(collections.configMaps),
    // who audits may not be allowed to see them
    secrets: needsSecrets ? await list(collections.secrets) : [],
    exceptions: [],
  };
  const material = openMaterial(ports);
  const compiled = await Promise.all(
    documents.map((document, index) =>
      compileParts(material, policies[index] ?? {}, listParts(document, objects, client.namespace)),
    ),
  );
  return { policies: compiled.map(({ policy }) => policy), noMatch: noMatchOf(objects.configMaps, 'deny') };
}

/** Those that are whole, expired ones among them; who reads them may not be allowed to (`unauthorized`). None where there is no such kind. */
export async function readClusterExceptions(
  ports: Pick<Ports, 'log'>,
  client: KubeClient,
  signal: AbortSignal,
): Promise<readonly Exception[]> {
  try {
    const { items } = await client.list(collectionsOf(client).exceptions, signal);
    return items.flatMap((object) => readException(ports, object));
  } catch (error) {
    if (statusOf(error) === 404) return [];
    throw error;
  }
}

/** One that cannot be read lets nothing through. */
function readException({ log }: Pick<Ports, 'log'>, object: KubeObject): readonly Exception[] {
  try {
    return [parseException({ ...object, kind: 'AdmissionException' })];
  } catch (error) {
    log.warn('exception-refused', { reason: toAppError(error).message });
    return [];
  }
}

function collectionsOf({ namespace }: KubeClient) {
  const ours = `/api/v1/namespaces/${namespace}`;
  return {
    policies: POLICIES,
    trustRoots: TRUST_ROOTS,
    configMaps: `${ours}/configmaps`,
    secrets: `${ours}/secrets`,
    exceptions: `/apis/plimsoll.dev/v1alpha1/namespaces/${namespace}/admissionexceptions`,
  };
}

class ClusterPolicies implements PolicySource {
  current: PolicySet = { policies: [], noMatch: 'deny', exceptions: [] };
  readonly #ports: Ports;
  readonly #client: KubeClient;
  readonly #collections: ClusterCollections;
  readonly #end = new AbortController();
  #isCompiled = false;
  #broken: string | undefined;
  #compiled: ReadonlyMap<string, CompiledPolicy> = new Map();
  readonly #running = new Map<string, Running>();
  readonly #noMatch: NoMatch;
  readonly #material: PolicyMaterial & Partial<KeptMaterial>;
  readonly #statuses: StatusWriter;
  #compiling: Promise<void> = Promise.resolve();
  #isWaiting = false;
  #retry: NodeJS.Timeout | undefined;

  constructor(ports: Ports, client: KubeClient, options: ClusterPoliciesOptions) {
    const { noMatch = 'deny', material } = options;
    this.#noMatch = noMatch;
    this.#material = material ?? openMaterial(ports);
    material?.subscribe(() => this.#recompile());
    this.#ports = ports;
    this.#client = client;
    this.#statuses = createStatusWriter(client, ports.clock);
    this.#collections = options.collections ?? followCluster(ports, client);
    this.#collections.subscribe(() => this.#recompile());
  }

  get fault(): string | undefined {
    if (this.#isCompiled) return this.#broken;
    return ['the policies have not been read from the API server yet', ...this.#collections.faults].join('; ');
  }

  get faults(): number {
    return [...this.#compiled.values()].filter(({ fault }) => fault !== undefined).length;
  }

  get namespace(): string {
    return this.#client.namespace;
  }

  get confirmed(): Date {
    return this.#collections.confirmed;
  }

  async close(): Promise<void> {
    clearTimeout(this.#retry);
    this.#end.abort();
    await this.#collections.close();
    await this.#compiling;
  }

  /** One after the other, and however much changes meanwhile, once more at the end. */
  #recompile(): void {
    if (this.#isWaiting) return;
    this.#isWaiting = true;
    this.#compiling = this.#compiling.then(async () => {
      this.#isWaiting = false;
      await this.#compile().then(
        () => (this.#broken = undefined),
        (error: unknown) => {
          // what was changed is not known: the old policies may no longer be wanted
          this.#broken = toAppError(error).message;
          this.#ports.log.warn('policies-refused', { reason: this.#broken });
        },
      );
    });
  }

  async #compile(): Promise<void> {
    const { objects } = this.#collections;
    if (objects === undefined) return;
    const compiled = await Promise.all(
      objects.policies.map(async (document) => await this.#compileOne(document, objects)),
    );
    this.#compiled = new Map(compiled.map((one) => [one.policy.name, one]));
    for (const name of this.#running.keys()) if (!this.#compiled.has(name)) this.#running.delete(name);
    this.current = {
      policies: compiled.map(({ policy }) => policy),
      noMatch: noMatchOf(objects.configMaps, this.#noMatch),
      exceptions: objects.exceptions.flatMap((object) => readException(this.#ports, object)),
    };
    this.#isCompiled = true;
    const faults = compiled.flatMap(({ policy, fault }) =>
      fault === undefined ? [] : [{ policy: policy.name, fault }],
    );
    this.#ports.log.info('policies-loaded', { count: compiled.length, noMatch: this.current.noMatch });
    for (const fault of faults) this.#ports.log.warn('policy-refused', fault);
    clearTimeout(this.#retry);
    if (faults.length > 0) this.#retryIn(RETRY_MS);
    void this.#tell(objects, compiled);
  }

  #retryIn(milliseconds: number): void {
    clearTimeout(this.#retry);
    if (!this.#end.signal.aborted) this.#retry = setTimeout(() => this.#recompile(), milliseconds).unref();
  }

  /**
   * What is as it was is not compiled again: its remote parts would be asked for with each change of another. What takes long is not
   * waited for: meanwhile what held before holds, or, if it is new, all that it speaks of is denied.
   */
  async #compileOne(document: KubeObject, objects: Objects): Promise<CompiledPolicy> {
    const own = documentOf('ClusterImagePolicy', document, 'v1beta1');
    const name = String(metadataOf(document).name);
    const parts = listParts(own, objects, this.#client.namespace);
    const version = [...parts.map((part) => part.version), this.#material.stamp].join();
    const known = this.#compiled.get(name);
    if (known?.version === version && known.fault === undefined) return { ...known, document };
    let running = this.#running.get(name);
    if (running?.version !== version) {
      const result = compileParts(this.#material, document, parts).then((compiled) => ({ ...compiled, version }));
      running = { version, result, isLate: false };
      this.#running.set(name, running);
    }
    const result = await Promise.race([running.result, sleep(PATIENCE_MS)]);
    if (result !== undefined) {
      this.#running.delete(name);
      return { ...result, document };
    }
    if (!running.isLate) void running.result.then(() => this.#recompile());
    running.isLate = true;
    return (
      known ?? { document, policy: refusing(own.value, 'it is being read'), version: '', fault: 'it is being read' }
    );
  }

  #stateOfRoot(document: KubeObject): Pick<Status, 'fault' | 'note'> {
    const what = `TrustRoot ${String(metadataOf(document).name)}`;
    const stale = this.#material.faults?.find((fault) => fault.what === what);
    if (stale === undefined) return { fault: faultOfRoot(document) };
    if (stale.until === undefined) return { fault: stale.message };
    return { fault: undefined, note: `believed until ${stale.until.toISOString()}, not up to date: ${stale.message}` };
  }

  /** Off the path of reviews: whoever reads a policy or a TrustRoot sees whether it holds. */
  async #tell(objects: Objects, compiled: readonly CompiledPolicy[]): Promise<void> {
    const policies = compiled.map(({ document, fault }) => ({ collection: POLICIES, document, fault }));
    const roots = objects.trustRoots.map((document) => ({
      collection: TRUST_ROOTS,
      document,
      ...this.#stateOfRoot(document),
    }));
    for (const one of [...policies, ...roots]) {
      if (this.#end.signal.aborted) return;
      const isDone = await this.#statuses.write(one, this.#end.signal).catch((error: unknown) => {
        const { kind, message } = toAppError(error);
        if (kind !== 'not-found') this.#ports.log.warn('status-not-written', { kind, message });
        return true;
      });
      if (!isDone) this.#retryIn(STATUS_PAUSE_MS);
    }
  }
}

/** What it serves is opened, and fetched, by the policies that name it. */
function faultOfRoot(document: KubeObject): string | undefined {
  try {
    readPolicySet([documentOf('TrustRoot', document, 'v1alpha1')]);
    return undefined;
  } catch (error) {
    return toAppError(error).message;
  }
}

/** What is written there and is none of the three words lets nothing through. */
function noMatchOf(configMaps: readonly KubeObject[], fallback: NoMatch): NoMatch {
  const settings = configMaps.find((object) => metadataOf(object).name === SETTINGS);
  const found = isRecord(settings?.data) ? settings.data['no-match-policy'] : undefined;
  if (found === undefined) return fallback;
  return VERDICTS.find((verdict) => verdict === found) ?? 'deny';
}

/** As it would stand in a file. Items of lists do not say their kind. */
function documentOf(kind: string, object: KubeObject, version?: string): PolicyDocument {
  const { name, namespace } = metadataOf(object);
  const { spec, data } = object;
  const value = {
    apiVersion: version === undefined ? 'v1' : `${GROUP}/${version}`,
    kind,
    metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
    ...(version === undefined ? { data } : { spec }),
  };
  return { value, where: `${kind} ${String(name)}`, version: digestOf(JSON.stringify(value)) };
}

/** Never throws: what cannot be used denies. */
async function compileParts(
  material: PolicyMaterial,
  document: KubeObject,
  parts: readonly PolicyDocument[],
): Promise<CompiledPolicy> {
  const version = parts.map((part) => part.version).join();
  try {
    const [policy] = await compilePolicies(parts, material);
    if (policy === undefined) throw new TypeError('a document that is no policy was taken for one');
    return { document, policy, version, fault: undefined };
  } catch (error) {
    const fault = toAppError(error).message;
    return { document, policy: refusing(parts[0]?.value ?? {}, fault), version, fault };
  }
}

function sleep(milliseconds: number): Promise<undefined> {
  return new Promise((resolve) => setTimeout(() => resolve(undefined), milliseconds).unref());
}

/** A policy and what it names: TrustRoots, and of our namespace ConfigMaps and Secrets. */
function listParts(policy: PolicyDocument, objects: Objects, namespace: string): readonly PolicyDocument[] {
  const needs = listNeeds(policy);
  const wanted = (kind: Need['kind']) =>
    new Set(
      needs.flatMap((need) =>
        need.kind === kind && 'name' in need && (!('namespace' in need) || (need.namespace ?? namespace) === namespace)
          ? [need.name]
          : [],
      ),
    );
  const pick = (kind: Need['kind'], from: readonly KubeObject[], read: (object: KubeObject) => PolicyDocument) => {
    const names = wanted(kind);
    return from.filter((object) => names.has(String(metadataOf(object).name))).map(read);
  };
  return [
    policy,
    ...pick('trust-root', objects.trustRoots, (object) => documentOf('TrustRoot', object, 'v1alpha1')),
    ...pick('config-map', objects.configMaps, (object) => documentOf('ConfigMap', object)),
    ...pick('secret', objects.secrets, (object) => documentOf('Secret', object)),
  ];
}

/** Of one that cannot be read none: compiling it will say why. */
function listNeeds(policy: PolicyDocument): readonly Need[] {
  try {
    return readPolicySet([policy]).plans.flatMap((plan) => plan.needs);
  } catch {
    return [];
  }
}

/** Denies what the policy speaks of, as far as that can be read, and says why; of a policy that only warns it is a warning. */
function refusing(value: KubeObject, fault: string): Policy {
  const { images, match, mode } = isRecord(value.spec) ? value.spec : {};
  const authorities = [{ static: { action: 'fail', message: `the policy cannot be used: ${fault}` } }];
  const rest = { authorities, ...(mode === 'warn' ? { mode } : {}) };
  const parse = (scope: KubeObject) => {
    const [policy] = parsePolicies(JSON.stringify({ ...value, spec: { ...scope, ...rest } }), 'policy');
    if (policy === undefined) throw new TypeError('a document that is no policy was taken for one');
    return policy;
  };
  for (const scope of [{ images, match }, { images }]) {
    try {
      return parse(scope);
    } catch {
      continue; // that part is what is wrong: the next scope is wider
    }
  }
  return parse({ images: [{ glob: '**' }] });
}
