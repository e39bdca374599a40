import { join } from 'node:path';
import { createRegistry } from '../artifacts/index.ts';
import { AppError, type Ports, type WebServer } from '../core/index.ts';

export interface ServeRegistryInput {
  /** `HOST:PORT`; port 0 takes any free one. */
  readonly address: string;
  /** Folder that keeps everything; `registry` in the data folder when absent. */
  readonly folder?: string | undefined;
  /** Demanded of every request when given. */
  readonly login?: { readonly username: string; readonly password: string } | undefined;
  /** Files in PEM. */
  readonly tls?: { readonly certificate: string; readonly key: string } | undefined;
}

export interface ServedRegistry extends WebServer {
  readonly folder: string;
}

const MAX_PEM_BYTES = 1024 * 1024;

/** Serves until closed. Throws `usage` for a bad address, `unavailable` for one that is taken. */
export async function serveRegistry(ports: Ports, input: ServeRegistryInput): Promise<ServedRegistry> {
  const folder = input.folder ?? join(ports.settings.dataDir, 'registry');
  const { random, clock } = ports;
  const login = input.login === undefined ? {} : { login: input.login };
  const handler = createRegistry(ports.files, folder, { random, clock, ...login });
  const address = parseAddress(input.address);
  const server = await ports.serve(
    handler,
    input.tls === undefined ? address : { ...address, tls: await readTls(ports, input.tls) },
  );
  return { ...server, folder };
}

function parseAddress(text: string): { readonly host: string; readonly port: number } {
  const match = /^(?:\[([0-9A-Fa-f:]+)\]|([A-Za-z0-9.-]*)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535)
    throw new AppError('usage', `address: expected HOST:PORT, found ${JSON.stringify(text)}`);
  const host = match[1] ?? match[2] ?? '';
  return { host: host === '' ? '0.0.0.0' : host, port };
}

async function readTls(ports: Ports, paths: { readonly certificate: string; readonly key: string }) {
  const read = async (path: string) => new TextDecoder().decode(await ports.files.read(path, MAX_PEM_BYTES));
  return { certificate: await read(paths.certificate), key: await read(paths.key) };
}
