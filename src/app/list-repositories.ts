/** What repositories a registry holds, as far as it tells: Docker Hub and many hosted ones do not. */
import { openRegistry } from '../artifacts/index.ts';
import { parseRegistry, type Ports } from '../core/index.ts';
import type { RepositoryAccess } from './registry.ts';

export interface CatalogInput {
  /** A host with its port, as text. */
  readonly registry: string;
  readonly access?: RepositoryAccess;
}

/** All pages, in the registry's order. */
export async function listRepositories(
  ports: Ports,
  input: CatalogInput,
  signal: AbortSignal,
): Promise<readonly string[]> {
  return await openRegistry(ports, parseRegistry(input.registry), input.access).catalog(signal);
}
