/** Every place in a Kubernetes object from which a node would pull an image, and the secrets with which it would. */
import { AppError, isRecord, mismatch } from '../core/index.ts';

type Json = Readonly<Record<string, unknown>>;

/** One image and where it stands, as a JSON pointer (RFC 6901) into the object. */
export interface ImageUse {
  readonly image: string;
  readonly pointer: string;
  /** The container's or volume's name, for messages. */
  readonly name: string;
  readonly role: 'container' | 'init container' | 'ephemeral container' | 'image volume';
}

/** Where each kind keeps its pod spec. */
const POD_SPECS: ReadonlyMap<string, readonly string[]> = new Map([
  ['v1/Pod', ['spec']],
  ['v1/PodTemplate', ['template', 'spec']],
  ['v1/ReplicationController', ['spec', 'template', 'spec']],
  ['apps/v1/ReplicaSet', ['spec', 'template', 'spec']],
  ['apps/v1/Deployment', ['spec', 'template', 'spec']],
  ['apps/v1/StatefulSet', ['spec', 'template', 'spec']],
  ['apps/v1/DaemonSet', ['spec', 'template', 'spec']],
  ['batch/v1/Job', ['spec', 'template', 'spec']],
  ['batch/v1/CronJob', ['spec', 'jobTemplate', 'spec', 'template', 'spec']],
]);

/** Ceiling of images in one object: a pod of etcd's maximum size could name more only to harm. */
const MAX_IMAGES = 1000;

/** Kinds whose images are known, as `group/version/Kind` (`v1/Pod` in the core group). */
export function listKnownKinds(): readonly string[] {
  return [...POD_SPECS.keys()];
}

/**
 * Images of an object of a known kind, or undefined for another kind. Throws `invalid-input` when the object is not of the
 * shape that its kind demands: an image that is not seen would run unjudged.
 */
export function findImages(object: Json): readonly ImageUse[] | undefined {
  const path = POD_SPECS.get(`${String(object.apiVersion)}/${String(object.kind)}`);
  if (path === undefined) return undefined;
  const pointer = `/${path.join('/')}`;
  const spec = getPodSpec(object, path);
  if (spec === undefined) return [];
  const images = listSpecImages(spec, pointer);
  if (images.length > MAX_IMAGES)
    throw new AppError('invalid-input', `${pointer}: expected at most ${MAX_IMAGES} images, found ${images.length}`);
  return images;
}

/** What a node would pull the object's images with, in its namespace. */
export interface PullNames {
  readonly secrets: readonly string[];
  readonly serviceAccount: string;
}

/** Secrets that one pod names; more would be looked up only to harm. */
const MAX_PULL_SECRETS = 64;
/** A DNS subdomain, as Kubernetes names secrets and service accounts: anything else would be another path of the API. */
const NAME = /^(?=.{1,253}$)[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?$/;

/** Undefined for a kind whose pod spec is not known. Throws `invalid-input` for what is no name. */
export function findPullNames(object: Json): PullNames | undefined {
  const path = POD_SPECS.get(`${String(object.apiVersion)}/${String(object.kind)}`);
  const spec = path === undefined ? undefined : getPodSpec(object, path);
  if (path === undefined || spec === undefined) return undefined;
  const pointer = `/${path.join('/')}`;
  const secrets = listOf(spec.imagePullSecrets, `${pointer}/imagePullSecrets`).flatMap(({ entry, at }) =>
    // the API server takes entries without a name, and nodes pass them over
    entry.name === undefined || entry.name === '' ? [] : [nameOf(entry.name, `${at}/name`)],
  );
  if (secrets.length > MAX_PULL_SECRETS)
    throw mismatch(`${pointer}/imagePullSecrets`, `at most ${MAX_PULL_SECRETS} names`, spec.imagePullSecrets);
  const account = [spec.serviceAccountName, spec.serviceAccount].find((name) => name !== undefined && name !== '');
  const serviceAccount = account === undefined ? 'default' : nameOf(account, `${pointer}/serviceAccountName`);
  return { secrets, serviceAccount };
}

function nameOf(value: unknown, pointer: string): string {
  if (typeof value !== 'string' || !NAME.test(value)) throw mismatch(pointer, 'the name of an object', value);
  return value;
}

/** Undefined for a ReplicationController without a template: it makes no pods. */
function getPodSpec(object: Json, path: readonly string[]): Json | undefined {
  if (path.includes('template') && valueAt(object, path.slice(0, path.indexOf('template') + 1)) === undefined)
    return undefined;
  const spec = valueAt(object, path);
  if (!isRecord(spec)) throw mismatch(`/${path.join('/')}`, 'a pod spec', spec);
  return spec;
}

/** Pointers of pod specs in an object of an unknown kind: any object that holds a list `containers` whose entries have images. */
export function findPodSpecs(value: unknown, pointer = '', depth = 0): readonly string[] {
  if (depth > 32) throw new AppError('invalid-input', `${pointer}: expected at most 32 levels of nesting`);
  if (Array.isArray(value))
    return value.flatMap((entry, index) => findPodSpecs(entry, `${pointer}/${index}`, depth + 1));
  if (!isRecord(value)) return [];
  const { containers } = value;
  const own =
    Array.isArray(containers) && containers.some((entry) => isRecord(entry) && 'image' in entry) ? [pointer] : [];
  return [
    ...own,
    ...Object.entries(value).flatMap(([key, entry]) => findPodSpecs(entry, `${pointer}/${escape(key)}`, depth + 1)),
  ];
}

/** Fields under which operators' own kinds keep containers: Tekton's steps and sidecars, what a template of Argo Workflows runs. */
const CONTAINER_FIELDS: ReadonlySet<string> = new Set([
  'container',
  'containers',
  'initContainers',
  'script',
  'sidecars',
  'stepTemplate',
  'steps',
]);

/**
 * Images that an object of an unknown kind names outside of pod specs, in containers; and as `spec.image` where that has a tag or a digest,
 * as Prometheus's operator takes it: without one it may be the image of a machine.
 */
export function findLooseImages(object: Json): readonly string[] {
  const whole: unknown = isRecord(object.spec) ? object.spec.image : undefined;
  const isWhole = typeof whole === 'string' && /[:@][^/]+$/.test(whole);
  return [...(isWhole ? [whole] : []), ...looseImages(object, 0)];
}

function looseImages(value: unknown, depth: number): readonly string[] {
  if (depth > 32) throw new AppError('invalid-input', 'expected at most 32 levels of nesting');
  if (Array.isArray(value)) return value.flatMap((entry) => looseImages(entry, depth + 1));
  if (!isRecord(value)) return [];
  return Object.entries(value).flatMap(([key, entry]) => {
    const containers = CONTAINER_FIELDS.has(key) ? [entry].flat().filter(isRecord) : [];
    const images = containers.flatMap(({ image }) => (typeof image === 'string' && image !== '' ? [image] : []));
    return [...images, ...looseImages(entry, depth + 1)];
  });
}

function listSpecImages(spec: Json, pointer: string): ImageUse[] {
  return [
    ...listContainerImages(spec, pointer, 'initContainers', 'init container'),
    ...listContainerImages(spec, pointer, 'containers', 'container'),
    ...listContainerImages(spec, pointer, 'ephemeralContainers', 'ephemeral container'),
    ...listVolumeImages(spec, pointer),
  ];
}

function listContainerImages(spec: Json, pointer: string, field: string, role: ImageUse['role']): ImageUse[] {
  return listOf(spec[field], `${pointer}/${field}`).map(({ entry, at }) => ({
    image: textOf(entry.image, `${at}/image`),
    pointer: `${at}/image`,
    name: typeof entry.name === 'string' ? entry.name : at,
    role,
  }));
}

function listVolumeImages(spec: Json, pointer: string): ImageUse[] {
  return listOf(spec.volumes, `${pointer}/volumes`).flatMap(({ entry, at }) => {
    if (entry.image === undefined || entry.image === null) return [];
    if (!isRecord(entry.image)) throw mismatch(`${at}/image`, 'an image volume', entry.image);
    const name = typeof entry.name === 'string' ? entry.name : at;
    const image = textOf(entry.image.reference, `${at}/image/reference`);
    return [{ image, pointer: `${at}/image/reference`, name, role: 'image volume' as const }];
  });
}

function listOf(value: unknown, pointer: string): readonly { readonly entry: Json; readonly at: string }[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw mismatch(pointer, 'a list', value);
  return value.map((entry: unknown, index) => {
    const at = `${pointer}/${index}`;
    if (!isRecord(entry)) throw mismatch(at, 'an object', entry);
    return { entry, at };
  });
}

function textOf(value: unknown, pointer: string): string {
  if (typeof value !== 'string' || value === '') throw mismatch(pointer, 'an image reference', value);
  return value;
}

function valueAt(object: Json, path: readonly string[]): unknown {
  let value: unknown = object;
  for (const key of path) value = isRecord(value) && Object.hasOwn(value, key) ? value[key] : undefined;
  return value;
}

/** Escapes a key for a JSON pointer. */
function escape(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}
