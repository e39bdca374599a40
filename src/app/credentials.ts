/** What a registry is asked with, for other programs: stored credentials and tokens. */
import { findCredential, openRegistry, type Credential } from '../artifacts/index.ts';
import { AppError, parseReference, parseRegistry, type Ports } from '../core/index.ts';
import { secretOf } from './login.ts';
import type { RepositoryAccess } from './registry.ts';

export interface StoredCredential {
  readonly ServerURL: string;
  readonly Username: string;
  readonly Secret: string;
}

/** As credential helpers answer `get`. Throws `not-found` where the registry would be asked anonymously. */
export async function findStoredCredential(
  ports: Ports,
  input: { readonly server: string; readonly access?: RepositoryAccess },
): Promise<StoredCredential> {
  const registry = parseRegistry(input.server.replace(/^https?:\/\//, '').replace(/\/.*$/, ''));
  const found: Credential | undefined =
    input.access?.credential ?? (await findCredential(ports, { registry, repository: '' }, input.access));
  if (found === undefined) throw new AppError('not-found', `${registry}: no stored credentials`);
  const { username, secret } = secretOf(found);
  return { ServerURL: input.server, Username: username, Secret: secret };
}

export interface TokenInput {
  readonly repository: string;
  readonly push: boolean;
  /** Repositories on the same registry whose blobs are to be mounted. */
  readonly mounts: readonly string[];
  readonly access?: RepositoryAccess;
}

/** The Authorization header that the repository's registry wants. Throws `not-found` where it wants none. */
export async function fetchAuthorization(ports: Ports, input: TokenInput, signal: AbortSignal): Promise<string> {
  const { registry, repository } = parseReference(input.repository);
  const mounted = input.mounts.map((text) => {
    const mount = parseReference(text);
    if (mount.registry === registry) return `repository:${mount.repository}:pull`;
    throw new AppError('usage', `${text}: expected a repository on ${registry}`);
  });
  const scopes = [`repository:${repository}:${input.push ? 'pull,push' : 'pull'}`, ...mounted];
  const header = await openRegistry(ports, registry, input.access).authorize(scopes, signal);
  if (header === undefined) throw new AppError('not-found', `${registry}: it is asked without a token`);
  return header;
}
