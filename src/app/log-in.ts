/** Has a person log in with an OpenID provider: with the browser of this machine, or with one on any other by a code. */
import { timingSafeEqual } from 'node:crypto';
import { AppError, toAppError, type Ports, type WebHandler } from '../core/index.ts';
import { beginCodeLogin, beginDeviceLogin, discoverProvider, type CodeLogin, type OidcClient } from '../trust/index.ts';

export interface LoginFlow {
  readonly flow: 'browser' | 'device';
  /** For the reader: where to go, and what to type there. */
  readonly tell: (text: string) => void;
  readonly clientId: string;
  /** A path. */
  readonly clientSecretFile?: string | undefined;
  /** `http://localhost:PORT/PATH`; any free port when absent or 0. */
  readonly redirectUrl?: string | undefined;
}

/** A person is slow, and may have walked away. */
const LOGIN_TIMEOUT_MS = 5 * 60 * 1000;
const MAX_SECRET_BYTES = 16 * 1024;
const DEFAULT_REDIRECT = 'http://localhost:0/auth/callback';

/** Gives the identity token. Throws `unauthorized` when the login was refused, `unavailable` when nobody came. */
export async function logIn(ports: Ports, issuer: string, login: LoginFlow, signal?: AbortSignal): Promise<string> {
  const deadline = AbortSignal.timeout(LOGIN_TIMEOUT_MS);
  const limit = signal === undefined ? deadline : AbortSignal.any([signal, deadline]);
  const client = await openClient(ports, login);
  const provider = await discoverProvider(ports.http, issuer, limit);
  if (login.flow === 'device') {
    const started = await beginDeviceLogin(client, provider, limit);
    login.tell(`to log in, open ${started.url} and enter the code ${started.userCode}`);
    return await started.wait(limit);
  }
  const wanted = parseRedirect(login.redirectUrl ?? DEFAULT_REDIRECT);
  const browser = new AbortController();
  const { promise: returned, resolve } = Promise.withResolvers<URL>();
  const server = await ports.serve(answerCallback(wanted.pathname, resolve), {
    host: '127.0.0.1',
    port: Number(wanted.port),
  });
  try {
    const redirect = new URL(wanted);
    redirect.port = new URL(server.url).port;
    const started = beginCodeLogin(client, provider, redirect.href);
    login.tell(`to log in, open ${started.url}`);
    void openBrowser(ports, started.url, AbortSignal.any([limit, browser.signal]));
    return await started.redeem(codeIn(await orAborted(returned, limit), started), limit);
  } finally {
    browser.abort();
    await server.close();
  }
}

async function openClient(ports: Ports, { clientId, clientSecretFile }: LoginFlow): Promise<OidcClient> {
  const bytes = clientSecretFile === undefined ? undefined : await ports.files.read(clientSecretFile, MAX_SECRET_BYTES);
  const clientSecret = bytes === undefined ? undefined : new TextDecoder().decode(bytes).trim();
  return { http: ports.http, random: ports.random, clientId, clientSecret };
}

function parseRedirect(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === 'http:' && ['localhost', '127.0.0.1'].includes(url.hostname)) return url;
  throw new AppError('usage', `redirect: expected http://localhost:PORT/PATH, found "${text}"`);
}

/** The browser's way back: one request on this path, whatever else it asks for. */
function answerCallback(path: string, resolve: (url: URL) => void): WebHandler {
  return async (request) => {
    const url = new URL(request.url);
    if (url.pathname !== path) return new Response('not found', { status: 404 });
    resolve(url);
    const page = '<!doctype html><meta charset="utf-8"><title>Logged in</title><p>You may close this page.';
    return new Response(page, { headers: { 'content-type': 'text/html; charset=utf-8', connection: 'close' } });
  };
}

/** Somebody else's page could send the browser here too: only who knows the state is the provider. */
function codeIn({ searchParams }: URL, { state }: CodeLogin): string {
  const found = Buffer.from(searchParams.get('state') ?? '');
  const expected = Buffer.from(state);
  if (found.length !== expected.length || !timingSafeEqual(found, expected))
    throw new AppError('unauthorized', 'login: expected the answer to this login, found another');
  const code = searchParams.get('code');
  if (code !== null && code !== '') return code;
  const said = searchParams.get('error_description') ?? searchParams.get('error') ?? 'no code';
  throw new AppError('unauthorized', `login: the provider answered ${JSON.stringify(said.slice(0, 200))}`);
}

/** The address is printed as well, so a machine without a browser loses nothing. */
async function openBrowser({ run, log }: Ports, url: string, signal: AbortSignal): Promise<void> {
  const program = process.platform === 'darwin' ? 'open' : 'xdg-open';
  try {
    await run(program, [url], { maxBytes: 64 * 1024, signal });
  } catch (error) {
    if (!signal.aborted) log.info('browser not opened', { reason: toAppError(error).message });
  }
}

async function orAborted<T>(value: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const stop = (): void => reject(new AppError('unavailable', 'login: nobody came back in time'));
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await Promise.race([value, promise]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
