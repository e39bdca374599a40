/**
 * What policies name and do not hold themselves. Policies never fetch: they say what they need, somebody brings it, and they are compiled
 * over what was brought.
 */
import { AppError } from '../core/index.ts';
import type { Digest } from '../core/index.ts';

export type Need =
  /** Of the namespace that policies' own things are kept in, unless it says. */
  | { readonly kind: 'secret'; readonly name: string; readonly namespace?: string }
  | { readonly kind: 'config-map'; readonly name: string; readonly key: string; readonly namespace?: string }
  | { readonly kind: 'trust-root'; readonly name: string }
  /** An https address whose content has this SHA-256, in hex. */
  | { readonly kind: 'remote'; readonly url: string; readonly sha256: string }
  /** A public key in a key service, as `openPublicKey` names it. */
  | { readonly kind: 'kms'; readonly reference: string };

/** Whom to believe, by the name of a TrustRoot. */
export interface TrustRootRef {
  readonly name: string;
  /** sha256 of the definition. */
  readonly version: Digest;
  readonly definition: TrustRootDefinition;
}

export type TrustRootDefinition =
  | { readonly kind: 'keys'; readonly services: TrustRootServices }
  /** A TUF repository somewhere else. */
  | { readonly kind: 'remote'; readonly root: Uint8Array; readonly mirror: string; readonly target: string }
  /** A TUF repository as a gzipped tar; its targets are below `targets`. */
  | {
      readonly kind: 'repository';
      readonly root: Uint8Array;
      readonly archive: Uint8Array;
      readonly targets: string;
      readonly target: string;
    };

/** Certificates and keys as PEM. */
export interface TrustRootServices {
  readonly authorities: readonly { readonly url: string; readonly chain: string }[];
  readonly logs: readonly { readonly url: string; readonly publicKey: string }[];
  readonly ctLogs: readonly { readonly url: string; readonly publicKey: string }[];
  readonly timestampAuthorities: readonly { readonly url: string; readonly chain: string }[];
}

/** What was brought; undefined is "looked for and not there". */
export interface PolicyResources {
  text(need: Exclude<Need, { kind: 'trust-root' }>): string | undefined;
  trustRoot(name: string): TrustRootRef | undefined;
}

/** Throws `invalid-input` when nobody brought it: a policy without what it needs is no policy. */
export function requireText(
  resources: PolicyResources,
  need: Exclude<Need, { kind: 'trust-root' }>,
  where: string,
): string {
  const text = resources.text(need);
  if (text !== undefined) return text;
  throw new AppError('invalid-input', `${where}: expected ${describeNeed(need)}, found none`);
}

export function requireTrustRoot(resources: PolicyResources, name: string, where: string): TrustRootRef {
  const found = resources.trustRoot(name);
  if (found !== undefined) return found;
  throw new AppError('invalid-input', `${where}: expected ${describeNeed({ kind: 'trust-root', name })}, found none`);
}

export function describeNeed(need: Need): string {
  switch (need.kind) {
    case 'secret':
      return `Secret ${need.namespace === undefined ? '' : `${need.namespace}/`}${need.name}`;
    case 'config-map':
      return `ConfigMap ${need.namespace === undefined ? '' : `${need.namespace}/`}${need.name} with ${need.key}`;
    case 'trust-root':
      return `TrustRoot ${need.name}`;
    case 'remote':
      return `${need.url} with SHA-256 ${need.sha256}`;
    case 'kms':
      return `key ${need.reference}`;
  }
}
