/** Opens repositories in registries for use cases. */
import {
  openReference,
  openRegistry,
  type Registry,
  type RegistryOptions,
  type RegistryRepository,
} from '../artifacts/index.ts';
import type { Ports, Reference } from '../core/index.ts';

export { openCredentialProviders } from '../artifacts/index.ts';
export type { CredentialProviders } from '../artifacts/index.ts';

/** How to reach a registry, and as whom, where neither settings nor stored credentials are to decide. */
export type RepositoryAccess = Omit<RegistryOptions, 'retries'>;

/** The repository that the reference names; no request is made yet, and tag and digest do not matter here. */
export function openRepository(ports: Ports, reference: Reference, options: RepositoryAccess = {}): RegistryRepository {
  return openReference(ports, reference, options);
}

/** Milliseconds for which a registry is kept open: as long as pull secrets are not read again. */
const OPEN_MS = 30_000;
/** Registries that are kept open, each as whoever it was asked as. */
const MAX_OPEN = 200;

/** Repositories that share what a registry demands and the tokens that it gave. Equal scopes must mean equal access. */
export function shareRegistries(
  ports: Ports,
): (reference: Reference, access: RepositoryAccess, scope: string) => RegistryRepository {
  const open = new Map<string, { readonly registry: Registry; readonly until: number }>();
  return (reference, access, scope) => {
    const key = `${reference.registry}\n${scope}`;
    const now = ports.clock().getTime();
    const known = open.get(key);
    if (known !== undefined && now < known.until) return known.registry.repository(reference.repository);
    const registry = openRegistry(ports, reference.registry, access);
    open.delete(key);
    open.set(key, { registry, until: now + OPEN_MS });
    for (const oldest of open.keys()) {
      if (open.size <= MAX_OPEN) break;
      open.delete(oldest);
    }
    return registry.repository(reference.repository);
  };
}

/**
 * The access to another repository in the same run. A credential or client certificate given for the target's registry goes
 * to no other one: there the stored ones count.
 */
export function accessBeside(
  access: RepositoryAccess | undefined,
  target: Reference,
  other: Reference,
): RepositoryAccess {
  if (access === undefined || target.registry === other.registry) return access ?? {};
  const { credential: _, certFile: _cert, keyFile: _key, ...rest } = access;
  return rest;
}
