/** What a cluster is made of: workloads and the images they run, nodes and what makes them nodes, from manifests or from its API server. */
import { AppError, DEFAULT_TAG, isRecord, parseReference, VERSION } from '../core/index.ts';
import type { Ports, SkippedFile } from '../core/index.ts';
import {
  asPulled,
  controllerOf,
  createKubeClient,
  findLooseImages,
  isIdle,
  listKnownKinds,
  listPulled,
  openConnection,
  WORKLOAD_KINDS,
} from '../cluster/index.ts';
import type { KubeObject } from '../cluster/index.ts';
import { createPurl, formatPurl } from '../metadata/ecosystem/index.ts';
import { arrangeSbom, mergeComponents } from '../metadata/sbom/index.ts';
import type { Component, Dependency, Sbom } from '../metadata/sbom/index.ts';
import { imagesOf, readManifestObjects } from './manifest-images.ts';
import { creationTime } from './sbom.ts';

export interface ClusterSbomInput {
  /** Of the cluster or of what is delivered to it. */
  readonly name: string;
  readonly manifests: readonly { readonly name: string; readonly text: string }[];
  /** Ask the API server, too. */
  readonly live?: {
    /** KUBECONFIG when absent, and the cluster around this pod when that is not there. */
    readonly kubeconfig: string | undefined;
    /** Of the kubeconfig; its current one when absent. */
    readonly context: string | undefined;
  };
  readonly signal: AbortSignal;
}

/** Throws `invalid-input` for what is no manifest and where there is no object at all, `unavailable` and `unauthorized` for the API server. */
export async function createClusterSbom(ports: Ports, input: ClusterSbomInput): Promise<Sbom> {
  const declared = input.manifests.flatMap(({ name, text }) =>
    readManifestObjects(text, name).map((object) => ({ object, where: name })),
  );
  if (declared.length === 0 && input.live === undefined) {
    const names = input.manifests.map(({ name }) => name).join(', ');
    throw new AppError('invalid-input', `${names}: expected objects of Kubernetes, found none`);
  }
  const live = input.live === undefined ? undefined : await readCluster(ports, input.live, input.signal);
  const objects = [...declared, ...(live?.objects ?? []).map((object) => ({ object, where: 'API server' }))];
  const digests = runningDigests(objects.map(({ object }) => object));
  const parts = [
    ...objects
      .filter(({ object }) => !isPast(object))
      .map(({ object, where }) => describeObject(object, where, digests)),
    ...(live === undefined ? [] : [describeVersion(live.version)]),
  ];
  return arrangeSbom({
    subject: { kind: 'cluster', name: input.name, ...(live === undefined ? {} : { version: live.version }) },
    components: mergeComponents(parts.flatMap(({ components }) => components)),
    dependencies: parts.flatMap(({ dependencies }) => dependencies),
    skipped: parts.flatMap(({ skipped = [] }) => skipped),
    tool: { name: 'plimsoll', version: VERSION },
    created: creationTime(ports),
  });
}

interface Part {
  readonly components: readonly Component[];
  readonly dependencies: readonly Dependency[];
  readonly skipped?: readonly SkippedFile[];
}

function describeObject(object: KubeObject, where: string, digests: ReadonlyMap<string, string>): Part {
  if (object.kind === 'Node' && object.apiVersion === 'v1') return describeNode(object, where);
  const { metadata } = object;
  if (!isRecord(metadata) || typeof object.kind !== 'string') {
    const reason = `expected an object with kind and metadata, found ${Object.keys(object).slice(0, 5).join(', ')}`;
    return { components: [], dependencies: [], skipped: [{ path: where, reason }] };
  }
  const { namespace } = metadata;
  const name = [metadata.name, metadata.generateName].find((given) => typeof given === 'string');
  const id = ['k8s', namespace, object.kind, name].filter((part) => typeof part === 'string').join('/');
  const { images, skipped } = describeImages(object, { id, where, digests });
  // what a controller made is the controller's; its images may be of an older revision, and run
  if (isMade(object)) return { components: [...images, apiOf(object, where)], dependencies: [], skipped };
  if (images.length === 0) return { components: [apiOf(object, where)], dependencies: [], skipped };
  const workload = {
    ...blank(id, name ?? object.kind, where),
    kind: 'application' as const,
    properties: {
      'k8s:apiVersion': String(object.apiVersion),
      'k8s:kind': object.kind,
      ...(typeof namespace === 'string' ? { 'k8s:namespace': namespace } : {}),
    },
  };
  const needed = [apiOf(object, where), ...images];
  const dependencies = [{ from: id, to: needed.map((part) => part.id) }];
  return { components: [workload, ...needed], dependencies, skipped };
}

const KNOWN_KINDS: ReadonlySet<unknown> = new Set(WORKLOAD_KINDS.map(({ kind }) => kind));

/** By a workload that is read itself: not by a node, as its static pods are, nor by what an operator brought. */
function isMade(object: KubeObject): boolean {
  return KNOWN_KINDS.has(controllerOf(object)?.kind);
}

/** Pods that ended and replica sets of old revisions: of them there are as many as the history keeps. */
function isPast(object: KubeObject): boolean {
  return isMade(object) && isIdle({ ...object, metadata: {} });
}

interface Place {
  readonly id: string;
  readonly where: string;
  readonly digests: ReadonlyMap<string, string>;
}

/** What cannot be read takes nothing from the rest: API servers keep images that no node could pull. */
function describeImages(object: KubeObject, { id, where, digests }: Place) {
  const skipped: SkippedFile[] = [];
  const trying = <T>(read: () => readonly T[]): readonly T[] => {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      skipped.push({ path: where, reason: `${id.slice('k8s/'.length)}: ${error.message}` });
      return [];
    }
  };
  const pulled = asPulled(object);
  const found = [...trying(() => imagesOf(pulled)), ...trying(() => looseImagesOf(pulled))];
  const images = [...new Set(found)].flatMap((image) => trying(() => [describeImage(image, where, digests)]));
  return { images, skipped };
}

function looseImagesOf(object: KubeObject): readonly string[] {
  const kind = `${String(object.apiVersion)}/${String(object.kind)}`;
  return listKnownKinds().includes(kind) ? [] : findLooseImages(object);
}

/** The version of an API that the cluster must serve. */
function apiOf({ apiVersion }: KubeObject, where: string): Component {
  const name = String(apiVersion);
  return { ...blank(`k8s-api/${name}`, name, where), kind: 'platform', version: name.split('/').at(-1) ?? '' };
}

function describeImage(text: string, where: string, digests: ReadonlyMap<string, string>): Component {
  const reference = parseReference(text);
  const digest = reference.digest ?? digests.get(text);
  const tag = reference.tag ?? (digest === undefined ? DEFAULT_TAG : undefined);
  const repository = `${reference.registry}/${reference.repository}`;
  const purl = formatPurl(createPurl(purlOf(repository, digest, tag)));
  const properties: Readonly<Record<string, string>> = tag === undefined ? {} : { 'oci:tag': tag };
  return { ...blank(purl, repository, where), kind: 'container', version: digest ?? tag ?? '', purl, properties };
}

/** Type oci: the last part of the repository; where it lies is a qualifier. Only a digest is a version, and it says all that a tag does. */
function purlOf(
  repository: string,
  digest: string | undefined,
  tag: string | undefined,
): Parameters<typeof createPurl>[0] {
  const name = repository.split('/').at(-1) ?? repository;
  const qualifiers = { repository_url: repository, ...(digest !== undefined || tag === undefined ? {} : { tag }) };
  return { type: 'oci', namespace: undefined, name, version: digest, qualifiers };
}

function blank(id: string, name: string, where: string): Component {
  return {
    id,
    kind: 'library',
    name,
    version: '',
    licences: [],
    locations: [{ path: where }],
    hashes: [],
    scope: 'runtime',
    properties: {},
  };
}

/** By an image as it is written, the digest that nodes pulled for it, as pods tell; none where two pods tell two. */
function runningDigests(objects: readonly KubeObject[]): ReadonlyMap<string, string> {
  const found = new Map<string, Set<string>>();
  for (const pod of objects.filter(({ kind }) => kind === 'Pod')) {
    for (const { image, digest } of listPulled(pod)) found.set(image, (found.get(image) ?? new Set()).add(digest));
  }
  return new Map([...found].flatMap(([name, all]) => (all.size === 1 ? [[name, [...all][0] ?? '']] : [])));
}

/** The node itself, what runs its containers, and its kubelet. */
function describeNode({ metadata, status }: KubeObject, where: string): Part {
  const info = isRecord(status) && isRecord(status.nodeInfo) ? status.nodeInfo : {};
  const name = isRecord(metadata) && typeof metadata.name === 'string' ? metadata.name : 'node';
  const text = (key: string) => (typeof info[key] === 'string' ? info[key] : '');
  const id = `k8s/Node/${name}`;
  const facts = { architecture: text('architecture'), kernel: text('kernelVersion'), system: text('osImage') };
  const node: Component = {
    ...blank(id, name, where),
    kind: 'platform',
    version: text('kubeletVersion'),
    properties: Object.fromEntries(
      Object.entries(facts).flatMap(([key, value]) => (value === '' ? [] : [[`node:${key}`, value]])),
    ),
  };
  const [runtime, runtimeVersion] = text('containerRuntimeVersion').split('://');
  const parts = [
    ...(text('kubeletVersion') === '' ? [] : [kubernetes('kubelet', text('kubeletVersion'), where)]),
    ...(runtime === undefined || runtimeVersion === undefined ? [] : [runtimeOf(runtime, runtimeVersion, where)]),
  ];
  return { components: [node, ...parts], dependencies: [{ from: id, to: parts.map((part) => part.id) }] };
}

/** Modules under which advisories speak of what runs containers. */
const RUNTIMES: Readonly<Record<string, string>> = {
  containerd: 'github.com/containerd/containerd',
  'cri-o': 'github.com/cri-o/cri-o',
};

function runtimeOf(name: string, version: string, where: string): Component {
  const module = RUNTIMES[name];
  return module === undefined
    ? { ...blank(`${name}@${version}`, name, where), kind: 'application', version }
    : goModule(module, version, { name, where });
}

/** All parts of Kubernetes are of one module. */
function kubernetes(part: string, version: string, where: string): Component {
  return goModule('k8s.io/kubernetes', version, { name: part, where });
}

function goModule(
  module: string,
  given: string,
  { name, where }: { readonly name: string; readonly where: string },
): Component {
  const version = `v${given.replace(/^v/, '')}`;
  // from version 2 on, a module's path says so
  const major = /^v([2-9]|\d\d+)\./.exec(version)?.[1];
  const path = major === undefined ? module : `${module}/v${major}`;
  const slash = path.lastIndexOf('/');
  const parts = { type: 'golang', namespace: path.slice(0, slash), name: path.slice(slash + 1), version };
  const purl = formatPurl(createPurl({ ...parts, subpath: name }));
  return { ...blank(purl, name, where), kind: 'application', version, purl };
}

function describeVersion(version: string): Part {
  return { components: [kubernetes('kube-apiserver', version, 'API server')], dependencies: [] };
}

const KINDS = [{ collection: '/api/v1/nodes', apiVersion: 'v1', kind: 'Node' }, ...WORKLOAD_KINDS];

async function readCluster(
  ports: Ports,
  { kubeconfig, context }: NonNullable<ClusterSbomInput['live']>,
  signal: AbortSignal,
): Promise<{ readonly version: string; readonly objects: readonly KubeObject[] }> {
  const connection = await openConnection(ports, kubeconfig ?? ports.environment.KUBECONFIG, context);
  const client = createKubeClient(ports.http, connection);
  const { gitVersion } = await client.get('/version', signal);
  if (typeof gitVersion !== 'string') {
    throw new AppError('invalid-input', '/version: expected gitVersion, found none');
  }
  const objects: KubeObject[] = [];
  for (const { collection, apiVersion, kind } of KINDS) {
    // items of a list do not repeat what they are
    for await (const page of client.pages(collection, signal)) {
      objects.push(...page.map((item) => ({ ...item, apiVersion, kind })));
    }
  }
  return { version: gitVersion, objects };
}
