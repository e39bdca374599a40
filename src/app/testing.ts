/** A registry of a process's own, for tests of use cases and commands. */
import { join } from 'node:path';
import { createRegistry } from '../artifacts/index.ts';
import type { Ports, WebHandler } from '../core/index.ts';

/** Keeps its content in the home folder of the ports. */
export function createTestRegistry(ports: Ports): WebHandler {
  return createRegistry(ports.files, join(ports.home, 'registry'), ports);
}
