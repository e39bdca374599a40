/** A registry of a process's own, for tests of use cases and commands. */
import { join } from 'node:path';
import { createRegistry } from '../artifacts/index.ts';
import { createState, openAuthority, type Authority } from '../trust/index.ts';
import type { Ports, WebHandler } from '../core/index.ts';

/** Keeps its content in the home folder of the ports. */
export function createTestRegistry(ports: Ports): WebHandler {
  return createRegistry(ports.files, join(ports.home, 'registry'), ports);
}

/** A private Sigstore in the home of the ports, with a provider that believes whoever asks. Its keys have no password. */
export async function createTestAuthority(ports: Ports, url: string): Promise<Authority> {
  const folder = join(ports.home, 'authority');
  await createState(ports, folder, { url, password: '' });
  return await openAuthority(ports, folder, { password: '', issuers: [], tryOut: true });
}
