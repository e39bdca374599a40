/** What a cluster is made of: workloads and the images they run, nodes and what makes them nodes, from manifests or from its API server. */
import { AppError, isRecord, parseReference, VERSION } from '../core/index.ts';
import type { Ports, Reference, SkippedFile } from '../core/index.ts';
import {
  asPulled,
  controllerOf,
  createKubeClient,
  findImages,
  openConnection,
  WORKLOAD_KINDS,
} from '../cluster/index.ts';
import type { KubeObject } from '../cluster/index.ts';
import { createPurl, formatPurl } from '../metadata/ecosystem/index.ts';
import { arrangeSbom, mergeComponents } from '../metadata/sbom/index.ts';
import type { Component, Dependency, Sbom } from '../metadata/sbom/index.ts';
import { findManifestImages, readManifestObjects } from './manifest-images.ts';
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

/** Throws `invalid-input` for what is no manifest, `unavailable` and `unauthorized` for the API server. */
export async function createClusterSbom(ports: Ports, input: ClusterSbomInput): Promise<Sbom> {
  const declared = input.manifests.flatMap(({ name, text }) =>
    readManifestObjects(text, name).map((object) => ({ object, where: name })),
  );
  const live = input.live === undefined ? undefined : await readCluster(ports, input.live, input.signal);
  const objects = [...declared, ...(live?.objects ?? []).map((object) => ({ object, where: 'API server' }))];
  const digests = runningDigests(objects.map(({ object }) => object));
  const parts = [
    ...objects.map(({ object, where }) => describeObject(object, where, digests)),
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
  const images = imagesOf(asPulled(object), where).map((image) => describeImage(image, where, digests));
  const { name, namespace } = metadata;
  const id = ['k8s', namespace, object.kind, name].filter((part) => typeof part === 'string').join('/');
  // what a controller made is the controller's; its images may be of an older revision, and run
  if (controllerOf(object) !== undefined || images.length === 0)
    return { components: [...images, apiOf(object, where)], dependencies: [] };
  const workload = {
    ...blank(id, typeof name === 'string' ? name : object.kind, where),
    kind: 'application' as const,
    properties: {
      'k8s:apiVersion': String(object.apiVersion),
      'k8s:kind': object.kind,
      ...(typeof namespace === 'string' ? { 'k8s:namespace': namespace } : {}),
    },
  };
  const needed = [apiOf(object, where), ...images];
  return { components: [workload, ...needed], dependencies: [{ from: id, to: needed.map((part) => part.id) }] };
}

/** The version of an API that the cluster must serve. */
function apiOf({ apiVersion }: KubeObject, where: string): Component {
  const name = String(apiVersion);
  return { ...blank(`k8s-api/${name}`, name, where), kind: 'platform', version: name.split('/').at(-1) ?? '' };
}

function imagesOf(object: KubeObject, where: string): readonly string[] {
  const found = findImages(object)?.map(({ image }) => image) ?? findManifestImages(JSON.stringify(object), where);
  return [...new Set(found)];
}

function describeImage(text: string, where: string, digests: ReadonlyMap<string, string>): Component {
  const reference = parseReference(text);
  const digest = reference.digest ?? digests.get(text);
  const version = digest ?? reference.tag ?? 'latest';
  const repository = `${reference.registry}/${reference.repository}`;
  const purl = formatPurl(createPurl(purlOf(reference, version)));
  return { ...blank(purl, repository, where), kind: 'container', version, purl, properties: tagOf(reference) };
}

/** Type oci: the last part of the repository, lower-case; where it lies is a qualifier. */
function purlOf({ registry, repository, tag }: Reference, version: string): Parameters<typeof createPurl>[0] {
  const name = repository.split('/').at(-1) ?? repository;
  const qualifiers = { repository_url: `${registry}/${repository}`, ...(tag === undefined ? {} : { tag }) };
  return { type: 'oci', namespace: undefined, name, version, qualifiers };
}

function tagOf({ tag }: Reference): Readonly<Record<string, string>> {
  return tag === undefined ? {} : { 'oci:tag': tag };
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
    const written = findImages(pod) ?? [];
    for (const [index, { image }] of (findImages(asPulled(pod)) ?? []).entries()) {
      const { digest } = parseReference(image);
      const name = written[index]?.image;
      if (name !== undefined && digest !== undefined) found.set(name, (found.get(name) ?? new Set()).add(digest));
    }
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
