/** Opens repositories in registries for use cases. */
import { openReference, type RegistryOptions, type RegistryRepository } from '../artifacts/index.ts';
import type { Ports, Reference } from '../core/index.ts';

export { openCredentialProviders } from '../artifacts/index.ts';
export type { CredentialProviders } from '../artifacts/index.ts';

/** How to reach a registry, and as whom, where neither settings nor stored credentials are to decide. */
export type RepositoryAccess = Omit<RegistryOptions, 'retries'>;

/** The repository that the reference names; no request is made yet, and tag and digest do not matter here. */
export function openRepository(ports: Ports, reference: Reference, options: RepositoryAccess = {}): RegistryRepository {
  return openReference(ports, reference, options);
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
