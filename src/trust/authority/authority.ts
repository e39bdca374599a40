/**
 * A private Sigstore in one process: certificate authority with its transparency log, signature logs of both versions of Rekor,
 * timestamps, a TUF repository that tells clients whom to believe, and a small OpenID provider for trying out. Requests in, responses out: no socket is needed.
 */
import { join } from 'node:path';
import type { Http, Log, WebHandler } from '../../core/index.ts';
import { formatVerifierKey, NOTE_KEY_TYPE, noteKeyId, parseCertificate } from '../crypto/index.ts';
import { createCertificateAuthority, type CertificateAuthority } from './ca.ts';
import { ctRoutes } from './ct-routes.ts';
import { fulcioRoutes } from './fulcio-routes.ts';
import { answerRoute, json, problem, text, type Route } from './http.ts';
import { createTryOutIssuer } from './issuer-routes.ts';
import { rekor1Routes, rekor2Routes } from './rekor-routes.ts';
import { openState, type AuthorityPorts, type AuthorityState } from './state.ts';
import { TileLog, type LogSigner } from './tile-log.ts';
import { timestampRoutes } from './timestamp-routes.ts';
import type { TimestampSigner } from './timestamps.ts';
import { createTokenVerifier, type IssuerRule } from './tokens.ts';
import { describeTrust, spkiHash, type TrustFiles } from './trust-files.ts';
import { openTufService } from './tuf-routes.ts';
import { createCollector } from '../witness/client.ts';
import type { WitnessPolicy } from '../witness/policy.ts';

export interface AuthorityOptions {
  readonly password: string;
  /** OpenID providers whose tokens are taken. */
  readonly issuers: readonly IssuerRule[];
  /** Also the provider of its own, which believes whoever asks: for trying out only. */
  readonly tryOut: boolean;
  /** Who must have cosigned a checkpoint of the version 2 log before it is published. */
  readonly witnesses?: WitnessPolicy | undefined;
}

export interface Authority {
  readonly handler: WebHandler;
  readonly url: string;
  readonly trust: TrustFiles;
  /** Verifier key of the version 2 log, for its witnesses. */
  readonly logKey: string;
  /** The first root metadata of its TUF repository, which is at `/tuf` of its URL. */
  readonly tufRoot: Uint8Array;
  /** Only where it has a provider of its own. */
  readonly issueToken: ((email: string) => Promise<string>) | undefined;
  /** Done when all that was accepted is on the disk. */
  close(): Promise<void>;
}

/** What tokens must be for, as all clients of Sigstore ask their providers. */
const AUDIENCE = 'sigstore';

/** Throws `not-found` where createState has made none, `untrusted-root` where a log is damaged. */
export async function openAuthority(
  ports: AuthorityPorts & { readonly http: Http; readonly log: Log },
  folder: string,
  options: AuthorityOptions,
): Promise<Authority> {
  const state = await openState(ports.files, folder, options.password);
  const signers = signersOf(state);
  const [ctLog, log, logV1] = await Promise.all([
    TileLog.open(ports.files, join(folder, 'ct'), signers.ct),
    TileLog.open(
      ports.files,
      join(folder, 'log'),
      signers.log,
      options.witnesses === undefined ? undefined : createCollector(ports, options.witnesses),
    ),
    TileLog.open(ports.files, join(folder, 'log-v1'), signers.logV1),
  ]);
  const logs = { ct: ctLog, log, logV1 };
  const issuerUrl = `${state.url}/oidc`;
  const tryOut = options.tryOut
    ? createTryOutIssuer({ url: issuerUrl, key: state.keys.tokens, clock: ports.clock, random: ports.random })
    : undefined;
  const own: readonly IssuerRule[] =
    tryOut === undefined ? [] : [{ url: issuerUrl, kind: 'email', audience: AUDIENCE }];
  const issuers = [...options.issuers, ...own];
  const trust = describeTrust(state, signers);
  const { 'tuf-root': root, 'tuf-online': online } = state.keys;
  const tuf = await openTufService(ports, folder, { root, online, trust });
  const http = withOwnIssuer(ports.http, () => handler, state.url);
  const handler = routeTo([
    ...fulcioRoutes({
      ca: createCa(ports, state, ctLog),
      tokens: createTokenVerifier({ ...ports, http }, issuers),
      issuers,
    }),
    ...(await logRoutes(ports, state, { signers, logs })),
    ...timestampRoutes(ports, createStamper(state)),
    ...tuf.routes,
    ...(tryOut?.routes ?? []),
    { method: 'GET', path: /^\/trusted_root\.json$/, answer: () => json(200, trust.trustedRoot) },
    { method: 'GET', path: /^\/signing_config\.v0\.2\.json$/, answer: () => json(200, trust.signingConfig) },
    { method: 'GET', path: /^\/healthz$/, answer: () => text('ok\n') },
  ]);
  return {
    handler,
    url: state.url,
    trust,
    logKey: formatVerifierKey(signers.log.name, NOTE_KEY_TYPE.ed25519, signers.log.key),
    tufRoot: tuf.root,
    issueToken: tryOut === undefined ? undefined : (email) => tryOut.issueToken(email, AUDIENCE),
    close: async () => void (await Promise.all([ctLog.close(), log.close(), logV1.close()])),
  };
}

function createCa(ports: AuthorityPorts, state: AuthorityState, log: TileLog): CertificateAuthority {
  const { keys, caChain: chain, notAfter } = state;
  const { subject: name } = parseCertificate(chain[0] ?? new Uint8Array(), 'certificate of the authority');
  return createCertificateAuthority(ports, { key: keys.ca, chain, name, notAfter }, { log, key: keys.ct });
}

function createStamper({ keys, timestampChain: chain }: AuthorityState): TimestampSigner {
  const { issuer, serial } = parseCertificate(chain[0] ?? new Uint8Array(), 'certificate of timestamps');
  return { key: keys.timestamps, chain, issuer, serial };
}

interface Logs {
  readonly signers: Signers;
  readonly logs: Readonly<Record<keyof Signers, TileLog>>;
}

async function logRoutes(
  ports: AuthorityPorts,
  state: AuthorityState,
  { signers, logs }: Logs,
): Promise<readonly Route[]> {
  const { clock } = ports;
  return [
    ...ctRoutes({ log: logs.ct, key: state.keys.ct, clock, root: state.caChain.at(-1) ?? new Uint8Array() }),
    ...rekor2Routes({ log: logs.log, signer: signers.log }),
    ...(await rekor1Routes({ log: logs.logV1, signer: signers.logV1, clock, treeId: state.treeId })),
  ];
}

function routeTo(routes: readonly Route[]): WebHandler {
  return async (request) => (await answerRoute(routes, request)) ?? problem(404, 'no such endpoint');
}

/** Its own provider is asked without a detour over the network, which may not even lead back here. */
function withOwnIssuer(http: Http, handler: () => WebHandler, url: string): Http {
  return async (request) => {
    if (!request.url.startsWith(`${url}/oidc/`)) return await http(request);
    const response = await handler()(new Request(request.url));
    return { status: response.status, headers: new Map(), body: response.body ?? new Blob([]).stream() };
  };
}

interface Signers {
  readonly ct: LogSigner;
  readonly log: LogSigner;
  readonly logV1: LogSigner;
}

function signersOf({ url, treeId, keys }: AuthorityState): Signers {
  // clients of Rekor v2 expect the host alone, whatever the port
  const { hostname: name } = new URL(url);
  const ed25519 = keys.log.publicKey;
  const ecdsa = (signing: AuthorityState['keys']['ct'], origin: string): LogSigner => {
    return { name, origin, key: signing.publicKey, keyId: spkiHash(signing.publicKey), signing };
  };
  return {
    ct: ecdsa(keys.ct, name),
    log: {
      name,
      origin: name,
      key: ed25519,
      keyId: noteKeyId(name, NOTE_KEY_TYPE.ed25519, ed25519),
      signing: keys.log,
    },
    logV1: ecdsa(keys['log-v1'], `${name} - ${BigInt(`0x${treeId}`)}`),
  };
}
