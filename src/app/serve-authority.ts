/** Serves a private Sigstore from a folder, and makes it first where there is none. */
import { join } from 'node:path';
import { AppError, type Ports, type WebHandler, type WebServer } from '../core/index.ts';
import {
  createState,
  isAuthority,
  ISSUER_KINDS,
  openAuthority,
  type Authority,
  type IssuerRule,
} from '../trust/index.ts';
import { readWitnessPolicy } from './open-signers.ts';
import { openTls, parseAddress, type TlsInput } from './serve-registry.ts';

export interface ServeAuthorityInput {
  /** `HOST:PORT`; port 0 takes any free one. */
  readonly address: string;
  /** `authority` in the data folder when absent. */
  readonly folder?: string | undefined;
  /** Where clients reach it; the address when absent. Kept from the first time on: it stands in what is signed. */
  readonly url?: string | undefined;
  /** `KIND=URL` or `KIND,AUDIENCE=URL` of OpenID providers whose tokens are taken. */
  readonly issuers: readonly string[];
  /** Also its own OpenID provider, which believes whoever asks. */
  readonly tryOut: boolean;
  /** File of who must cosign checkpoints of the version 2 log. */
  readonly witnessPolicy?: string | undefined;
  /** Of the keys in the folder. */
  readonly password: () => Promise<string>;
  readonly newPassword: () => Promise<string>;
  readonly tls?: TlsInput | undefined;
  readonly graceMs: number;
}

export interface ServedAuthority extends Omit<WebServer, 'renew'> {
  /** Where it listens; `url` is where clients reach it. */
  readonly address: string;
  readonly folder: string;
  /** Files for clients: whom to believe, and where to sign. */
  readonly trustedRoot: string;
  readonly signingConfig: string;
  /** Verifier key of the version 2 log, for its witnesses. */
  readonly logKey: string;
  /** Where its TUF repository begins. */
  readonly root: string;
  readonly caFile?: string;
}

function authorityFolder(ports: Ports, given: string | undefined): string {
  return given ?? join(ports.settings.dataDir, 'authority');
}

export async function serveAuthority(ports: Ports, input: ServeAuthorityInput): Promise<ServedAuthority> {
  const address = parseAddress(input.address);
  const folder = authorityFolder(ports, input.folder);
  const issuers = input.issuers.map(parseIssuer);
  if (issuers.length === 0 && !input.tryOut) {
    throw new AppError('usage', 'expected an OpenID provider whose tokens are taken, found none', {
      hint: 'give --oidc-issuer KIND=URL, or --try-out for a provider that believes whoever asks',
    });
  }
  if (input.tryOut && !isLoopback(address.host))
    throw new AppError('usage', `--try-out: expected an address on this machine, found ${address.host}`, {
      hint: 'whoever reaches it would be certified as anybody: name an OpenID provider with --oidc-issuer',
    });
  const { witnessPolicy: policy } = input;
  const witnesses = policy === undefined ? undefined : await readWitnessPolicy(ports, policy);
  const tls = await openTls(ports, input.tls, address.host);
  // a new authority may be named after a port that only listening tells
  let authority: Authority | undefined;
  const handler: WebHandler = async (request) =>
    (await authority?.handler(request)) ?? new Response('not ready\n', { status: 503 });
  const server = await ports.serve(handler, {
    ...address,
    graceMs: input.graceMs,
    ...(tls === undefined ? {} : { tls: { certificate: tls.certificate, key: tls.key } }),
  });
  const close = async () => {
    await server.close();
    await authority?.close();
  };
  try {
    if (!(await isAuthority(ports.files, folder))) {
      const url = (input.url ?? server.url).replace(/\/$/, '');
      await createState(ports, folder, { url, password: await input.newPassword() });
    }
    const password = await input.password();
    authority = await openAuthority(ports, folder, { password, issuers, tryOut: input.tryOut, witnesses });
    const { url, trust, tufRoot, logKey } = authority;
    if (input.url !== undefined && input.url.replace(/\/$/, '') !== url)
      throw new AppError('usage', `--url: expected ${url}, which this authority was made for, found ${input.url}`);
    const trustedRoot = await writeJson(ports, join(folder, 'trusted_root.json'), trust.trustedRoot);
    const signingConfig = await writeJson(ports, join(folder, 'signing_config.v0.2.json'), trust.signingConfig);
    const root = join(folder, 'root.json');
    await ports.files.writeAtomic(root, tufRoot);
    await ports.files.writeAtomic(join(folder, 'log.vkey'), `${logKey}\n`);
    return {
      url,
      address: server.url,
      close,
      folder,
      trustedRoot,
      signingConfig,
      logKey,
      root,
      ...(tls === undefined ? {} : { caFile: tls.caFile }),
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function writeJson(ports: Ports, path: string, value: unknown): Promise<string> {
  await ports.files.writeAtomic(path, `${JSON.stringify(value, null, 2)}\n`);
  return path;
}

/** A token of the provider of its own, for whoever holds the authority's keys. */
export async function issueToken(
  ports: Ports,
  input: { readonly folder?: string | undefined; readonly email: string; readonly password: () => Promise<string> },
): Promise<string> {
  const folder = authorityFolder(ports, input.folder);
  if (!(await isAuthority(ports.files, folder))) throw new AppError('not-found', `${folder}: no authority here`);
  const authority = await openAuthority(ports, folder, { password: await input.password(), issuers: [], tryOut: true });
  if (authority.issueToken === undefined) throw new AppError('internal', 'expected a provider of its own');
  return await authority.issueToken(input.email);
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host);
}

function parseIssuer(text: string): IssuerRule {
  const [, kind = '', audience = 'sigstore', url = ''] = /^([a-z-]+)(?:,([^=]+))?=(https?:\/\/.+)$/.exec(text) ?? [];
  const known = ISSUER_KINDS.find((name) => name === kind);
  if (known !== undefined && URL.canParse(url)) return { kind: known, audience, url };
  throw new AppError(
    'usage',
    `--oidc-issuer: expected KIND=URL with one of ${ISSUER_KINDS.join(', ')}, found "${text}"`,
  );
}
