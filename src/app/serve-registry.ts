import { join } from 'node:path';
import { createAuditLog, createRegistry, loginRules, type RegistryRules } from '../artifacts/index.ts';
import { AppError, type Ports, type WebServer } from '../core/index.ts';
import { openRegistryRules } from './registry-rules.ts';
import { ensureServingTls, loadServingTls, type ServingTls } from './serving-tls.ts';

/** Files in PEM, or names and addresses for which a certificate is made. */
export type TlsInput = { readonly certificate: string; readonly key: string } | { readonly hosts: readonly string[] };

export interface ServeRegistryInput {
  /** `HOST:PORT`; port 0 takes any free one. */
  readonly address: string;
  /** Folder that keeps everything; `registry` in the data folder when absent. */
  readonly folder?: string | undefined;
  /** File of users, rights, immutable tags and the audit log; see registry-rules.ts. */
  readonly rules?: string | undefined;
  /** Demanded of every request when given, instead of rules. */
  readonly login?: { readonly username: string; readonly password: string } | undefined;
  /** Plain HTTP when absent. */
  readonly tls?: TlsInput | undefined;
  /** Milliseconds for which running answers may go on after close(). */
  readonly graceMs: number;
}

export interface ServedRegistry extends WebServer {
  readonly folder: string;
  /** What a client pins where the certificate is self-made. */
  readonly caFile?: string;
}

export function registryFolder(ports: Ports, given: string | undefined): string {
  return given ?? join(ports.settings.dataDir, 'registry');
}

/** Serves until closed. Throws `usage` for a bad address, `unavailable` for one that is taken. */
export async function serveRegistry(ports: Ports, input: ServeRegistryInput): Promise<ServedRegistry> {
  const { random, clock, files } = ports;
  const folder = registryFolder(ports, input.folder);
  const address = parseAddress(input.address);
  const { rules, audit } = await openRules(ports, input);
  const tls = await openTls(ports, input.tls, address.host);
  const handler = createRegistry(files, folder, {
    random,
    clock,
    log: ports.log,
    ...(rules === undefined ? {} : { rules }),
    ...(audit === undefined ? {} : { audit: createAuditLog(files, audit, clock) }),
  });
  const server = await ports.serve(handler, {
    ...address,
    graceMs: input.graceMs,
    ...(tls === undefined ? {} : { tls: { certificate: tls.certificate, key: tls.key } }),
  });
  return { ...server, folder, ...(tls === undefined ? {} : { caFile: tls.caFile }) };
}

interface Opened {
  readonly rules?: () => Promise<RegistryRules>;
  readonly audit?: string | undefined;
}

async function openRules(ports: Ports, { rules, login }: ServeRegistryInput): Promise<Opened> {
  if (rules !== undefined && login !== undefined)
    throw new AppError('usage', 'expected --rules or a user name with a password, found both');
  if (login !== undefined) {
    const only = loginRules(login);
    return { rules: async () => only };
  }
  if (rules === undefined) return {};
  const opened = await openRegistryRules(ports, rules);
  return { rules: opened.current, audit: opened.audit };
}

/** `HOST:PORT`. Throws `usage`. */
export function parseAddress(text: string): { readonly host: string; readonly port: number } {
  const match = /^(?:\[([0-9A-Fa-f:]+)\]|([A-Za-z0-9.-]*)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535)
    throw new AppError('usage', `address: expected HOST:PORT, found ${JSON.stringify(text)}`);
  const host = match[1] ?? match[2] ?? '';
  return { host: host === '' ? '0.0.0.0' : host, port };
}

export async function openTls(ports: Ports, tls: TlsInput | undefined, host: string): Promise<ServingTls | undefined> {
  if (tls === undefined) return undefined;
  if ('certificate' in tls) return await loadServingTls(ports, tls);
  const isAny = host === '0.0.0.0' || host === '::';
  const hosts = [...new Set(['localhost', '127.0.0.1', ...(isAny ? [] : [host]), ...tls.hosts])];
  return await ensureServingTls(ports, join(ports.settings.dataDir, 'serving'), hosts);
}
