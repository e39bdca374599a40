/** Which of an index's images nodes may run: nodes as the API server lists them, or platforms that somebody names. */
import { AppError, isRecord } from '../core/index.ts';
import type { Descriptor, Platform, Ports } from '../core/index.ts';
import { holdCollections, metadataOf } from '../cluster/index.ts';
import type { KubeClient, KubeObject } from '../cluster/index.ts';

/** All variants of an architecture, and all versions of a system, are meant. */
export type NodePlatform = Pick<Platform, 'os' | 'architecture'>;

/** What judges of indexes look at; changes with the nodes. */
export interface PlatformSource {
  /** Undefined: all that an index has. Throws `unavailable` where nodes have not been listed yet. */
  current(): readonly NodePlatform[] | undefined;
  /** Undefined when `current` gives an answer. */
  readonly fault: string | undefined;
  close(): Promise<void>;
}

/** What runtimes take where an index has nothing for their own architecture (containerd's `platforms.Only`). */
const FALLBACKS: ReadonlyMap<string, string> = new Map([
  ['amd64', '386'],
  ['arm64', 'arm'],
]);
/** What is not said of an image's variant. */
const BASE_VARIANTS: ReadonlyMap<string, string> = new Map([
  ['amd64', 'v1'],
  ['arm64', 'v8'],
]);

/** An entry for no named platform may be for any. */
export function entriesFor(
  entries: readonly Descriptor[],
  platforms: readonly NodePlatform[] | undefined,
): readonly Descriptor[] {
  if (platforms === undefined) return entries;
  return entries.filter(
    ({ platform }) => platform === undefined || platforms.some((node) => runs(node, platform, entries)),
  );
}

function runs({ os, architecture }: NodePlatform, found: Platform, entries: readonly Descriptor[]): boolean {
  if (found.os !== os) return false;
  if (found.architecture === architecture) return true;
  if (FALLBACKS.get(architecture) !== found.architecture) return false;
  const base = BASE_VARIANTS.get(architecture);
  return !entries.some(
    ({ platform }) =>
      platform?.os === os && platform.architecture === architecture && (platform.variant ?? base) === base,
  );
}

/** Reads `any`, or a list like `linux/amd64,linux/arm64`. Throws `usage`. */
export function fixedPlatforms(text: string): PlatformSource {
  return always(text === 'any' ? undefined : text.split(',').map((part) => readPlatform(part.trim())));
}

/** Of the nodes that there are now. Throws `unauthorized` where listing them is not allowed. */
export async function readNodePlatforms(client: KubeClient, signal: AbortSignal): Promise<PlatformSource> {
  const { items } = await client.list(NODES, signal);
  return always(platformsOf(namesOf(items)));
}

function always(platforms: readonly NodePlatform[] | undefined): PlatformSource {
  return { current: () => platforms, fault: undefined, close: async () => undefined };
}

const PLATFORM = /^([a-z0-9]+)\/([a-z0-9_]+)$/;

function readPlatform(text: string): NodePlatform {
  const [, os, architecture] = PLATFORM.exec(text) ?? [];
  if (os !== undefined && architecture !== undefined) return { os, architecture };
  throw new AppError(
    'usage',
    `--platforms: expected nodes, any, or a list like linux/amd64,linux/arm64, found "${text}"`,
  );
}

const NODES = '/api/v1/nodes';

/** Of the nodes that there are, followed as they come and go. */
export function followNodes({ clock, log }: Pick<Ports, 'clock' | 'log'>, client: KubeClient): PlatformSource {
  let known: { readonly names: readonly string[]; readonly platforms: readonly NodePlatform[] | undefined } | undefined;
  const read = () => {
    const names = namesOf(nodes.objects?.nodes ?? []);
    if (known?.names.join() === names.join()) return;
    log.info('platforms', { platforms: names });
    known = { names, platforms: platformsOf(names) };
  };
  const nodes = holdCollections(
    client,
    { nodes: NODES },
    {
      clock,
      onFault: (collection, { kind, message }) => log.warn('collection-not-followed', { collection, kind, message }),
    },
  );
  nodes.subscribe(read);
  const unread = () => ['the nodes have not been read from the API server yet', ...nodes.faults].join('; ');
  return {
    current: () => {
      if (known === undefined) throw new AppError('unavailable', unread());
      return known.platforms;
    },
    get fault() {
      return known === undefined ? unread() : undefined;
    },
    close: async () => await nodes.close(),
  };
}

/** Each once, sorted. */
function namesOf(nodes: readonly KubeObject[]): readonly string[] {
  return [...new Set(nodes.map(platformName))].toSorted();
}

/** Where there are no nodes, or one does not say, all that an index has. */
function platformsOf(names: readonly string[]): readonly NodePlatform[] | undefined {
  return names.length > 0 && names.every((name) => PLATFORM.test(name)) ? names.map(readPlatform) : undefined;
}

/** By labels that every kubelet sets. */
function platformName(node: KubeObject): string {
  const { labels } = metadataOf(node);
  const { 'kubernetes.io/os': os, 'kubernetes.io/arch': architecture } = isRecord(labels) ? labels : {};
  return typeof os === 'string' && typeof architecture === 'string' ? `${os}/${architecture}` : '';
}
