/** Where a copy goes: a repository in a registry, or a local form that is made when it is not there. */
import { openLayout, type Repository } from '../artifacts/index.ts';
import {
  AppError,
  DEFAULT_TAG,
  formatReference,
  parseReference,
  referenceWithDigest,
  type Digest,
  type Ports,
  type Reference,
} from '../core/index.ts';
import { openRepository, type RepositoryAccess } from './registry.ts';
import { isPath, splitTarget } from './resolve-source.ts';

export type TargetName =
  | { readonly scheme: 'registry'; readonly reference: Reference; readonly tags: readonly string[] }
  | {
      readonly scheme: 'oci-dir' | 'oci-archive' | 'docker-archive';
      readonly path: string;
      readonly tag: string | undefined;
    };

/**
 * TARGET is `REF[,TAG]...`, `oci-dir:PATH[:TAG]` (`oci:` and a path that begins with `/` or `.` are the same),
 * `oci-archive:PATH[:TAG]` or `docker-archive:PATH[:NAME:TAG]`.
 */
export function parseTarget(text: string): TargetName {
  if (/^(?:blobs|containerd|dir|file):/.test(text)) {
    throw new AppError(
      'usage',
      `${text}: expected a registry, a layout or an archive as target; this form is only read`,
    );
  }
  const match = /^(oci-dir|oci|oci-archive|docker-archive):(.+)$/.exec(text);
  const rest = match?.[2] ?? (isPath(text) ? text : undefined);
  if (rest === undefined) return parseRegistryTarget(text.replace(/^registry:/, ''));
  const isDocker = match?.[1] === 'docker-archive';
  const { path, target } = splitTarget(rest, isDocker);
  if (!isDocker && target?.includes(':') === true) {
    throw new AppError('usage', `${text}: expected a path with or without a tag, found a digest`);
  }
  const scheme = isDocker ? 'docker-archive' : match?.[1] === 'oci-archive' ? 'oci-archive' : 'oci-dir';
  return { scheme, path, tag: target };
}

/** oras's `repository:tag,tag`. */
function parseRegistryTarget(text: string): TargetName {
  const [first = '', ...others] = text.split(',');
  const reference = parseReference(first);
  const base = `${reference.registry}/${reference.repository}`;
  const tags = [first, ...others.map((tag) => `${base}:${tag}`)].flatMap((name) => parseReference(name).tag ?? []);
  return { scheme: 'registry', reference, tags };
}

export interface OpenedTarget {
  readonly repository: Repository;
  /** The tags under which this manifest goes, given the one that the source has for it. */
  readonly tagsFor: (digest: Digest, sourceTag: string | undefined) => readonly string[];
  readonly nameOf: (digest: Digest) => string;
}

/** Throws `usage` for archives, which are written in one go. */
export async function openTarget(ports: Ports, name: TargetName, access?: RepositoryAccess): Promise<OpenedTarget> {
  if (name.scheme === 'registry') return openRegistryTarget(openRepository(ports, name.reference, access), name);
  if (name.scheme !== 'oci-dir') {
    throw new AppError('usage', `${name.path}: expected a registry or an OCI layout as target, found an archive`);
  }
  return {
    repository: await openLayout(ports.files, name.path),
    // what has no tag is not found again in a layout
    tagsFor: (_, sourceTag) => [name.tag ?? sourceTag ?? DEFAULT_TAG],
    nameOf: (digest) => `${name.path}@${digest}`,
  };
}

function openRegistryTarget(
  repository: Repository,
  { reference, tags }: TargetName & { readonly scheme: 'registry' },
): OpenedTarget {
  return {
    repository,
    tagsFor: (digest, sourceTag) => {
      if (reference.digest !== undefined && reference.digest !== digest) {
        throw new AppError('invalid-input', `target: expected ${reference.digest}, found ${digest} in the source`);
      }
      if (tags.length > 0 || reference.digest !== undefined) return tags;
      return sourceTag === undefined ? [] : [sourceTag];
    },
    nameOf: (digest) => formatReference(referenceWithDigest(reference, digest)),
  };
}
