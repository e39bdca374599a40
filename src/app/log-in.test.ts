/** Logging in with the provider of a private Sigstore, as a person would with a browser. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createHandlerHttp } from '../artifacts/testing.ts';
import { AppError, type ErrorKind, type Ports, type WebHandler } from '../core/index.ts';
import { createTestPorts } from '../io/testing.ts';
import { logIn, type LoginFlow } from './log-in.ts';
import { createTestAuthority } from './testing.ts';

const SIGSTORE = 'http://localhost:5555';
const ISSUER = `${SIGSTORE}/oidc`;
const EMAIL = 'ada@example.com';

/** Keys under a password take their time: one authority serves all tests. */
const authority = await (async (): Promise<WebHandler> => {
  const plain = createTestPorts();
  let handler: WebHandler = async () => new Response(null, { status: 503 });
  const http = createHandlerHttp({ 'localhost:5555': async (request) => await handler(request) });
  const opened = await createTestAuthority({ ...plain, http, clock: () => new Date() }, SIGSTORE);
  handler = opened.handler;
  return handler;
})();

const ask = async (url: string) => await authority(new Request(url));

type Change = (answer: Response, url: URL) => Promise<Response> | Response;

function setUp(change: Change = (answer) => answer): { readonly ports: Ports; readonly ask: typeof ask } {
  const answer: WebHandler = async (request) => await change(await authority(request), new URL(request.url));
  return { ports: createTestPorts({ http: createHandlerHttp({ 'localhost:5555': answer }) }), ask };
}

/** Opens the page, says who it is, and goes where it is sent. */
function withBrowser(
  ports: Ports,
  ask: (url: string) => Promise<Response>,
  sentTo = (location: string) => location,
): Ports {
  const run: Ports['run'] = async (program, [url = '']) => {
    assert.equal(program, 'xdg-open');
    const asked = new URL(url);
    asked.searchParams.set('email', EMAIL);
    const location = (await ask(asked.href)).headers.get('location') ?? '';
    const page = await fetch(sentTo(location));
    await page.text();
    return { code: 0, stdout: '', stderr: '' };
  };
  return { ...ports, run };
}

const told: string[] = [];
const flowOf = (flow: LoginFlow['flow'], change: Partial<LoginFlow> = {}): LoginFlow => ({
  flow,
  tell: (text) => told.push(text),
  clientId: 'sigstore',
  ...change,
});

async function refuses(running: Promise<unknown>, kind: ErrorKind, message: RegExp): Promise<void> {
  await assert.rejects(running, (error) => {
    assert.ok(error instanceof AppError, String(error));
    assert.deepEqual([error.kind, message.test(error.message)], [kind, true], error.message);
    return true;
  });
}

function claimsOf(token: string): Readonly<Record<string, unknown>> {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>;
}

test('a person logs in with the browser, which comes back to this program', async () => {
  const { ports, ask } = setUp();
  const { email, aud, iss } = claimsOf(await logIn(withBrowser(ports, ask), ISSUER, flowOf('browser')));
  assert.deepEqual([email, aud, iss], [EMAIL, 'sigstore', ISSUER]);
  assert.match(told.at(-1) ?? '', /^to log in, open http:\/\/localhost:5555\/oidc\/auth\?.*code_challenge=.*S256/);
});

test('a login that somebody else began, another token, another issuer and a refusal are no logins', async () => {
  const { ports, ask } = setUp();
  const changed = (name: string, value: string) => (location: string) => {
    const url = new URL(location);
    url.searchParams.set(name, value);
    return url.href;
  };
  const open = (sentTo: (location: string) => string) =>
    logIn(withBrowser(ports, ask, sentTo), ISSUER, flowOf('browser'));
  await refuses(open(changed('state', 'stolen')), 'unauthorized', /the answer to this login/);
  await refuses(open(changed('code', 'invented')), 'invalid-input', /invalid_grant/);
  await refuses(
    open((location) => changed('code', '')(changed('error', 'access_denied')(location))),
    'unauthorized',
    /access_denied/,
  );
  await refuses(
    logIn(ports, `${SIGSTORE}/oidc/`, flowOf('browser', { redirectUrl: 'https://elsewhere.example' })),
    'usage',
    /redirect/,
  );
  const liar = setUp(async (answer, url) => {
    if (!url.pathname.endsWith('openid-configuration')) return answer;
    return Response.json({ ...((await answer.json()) as object), issuer: 'https://elsewhere.example' });
  });
  await refuses(logIn(liar.ports, ISSUER, flowOf('browser')), 'invalid-input', /expected issuer/);
  const replayer = setUp(async (answer, url) => {
    if (!url.pathname.endsWith('/token')) return answer;
    const payload = Buffer.from('{"nonce":"of another login"}').toString('base64url');
    return Response.json({ id_token: `e30.${payload}.c2ln` });
  });
  await refuses(
    logIn(withBrowser(replayer.ports, replayer.ask), ISSUER, flowOf('browser')),
    'unauthorized',
    /for another/,
  );
});

test('a person logs in on another machine by a code, while this one waits', async () => {
  const { ports, ask } = setUp();
  const agree = async (text: string): Promise<void> => {
    const [, url = '', code = ''] = /open (\S+) and enter the code (\w+)$/.exec(text) ?? [];
    assert.match(url, new RegExp(`^${ISSUER}/device\\?user_code=${code}$`));
    assert.equal((await ask(`${ISSUER}/device?user_code=WRONGONE&email=eve@example.com`)).status, 400);
    assert.equal((await ask(`${url}&email=${EMAIL}`)).status, 200);
  };
  let agreed: Promise<void> | undefined;
  const tell = (text: string): void => {
    // not at once: it has to ask again
    agreed = new Promise((resolve) => setTimeout(resolve, 300)).then(async () => await agree(text));
  };
  const { email, aud } = claimsOf(await logIn(ports, ISSUER, flowOf('device', { tell })));
  await agreed;
  assert.deepEqual([email, aud], [EMAIL, 'sigstore']);
});

test('a device flow that is refused, or that the provider does not have, is an error of its kind', async () => {
  const denied = setUp((answer, url) =>
    url.pathname.endsWith('/token') ? Response.json({ error: 'access_denied' }, { status: 400 }) : answer,
  );
  await refuses(logIn(denied.ports, ISSUER, flowOf('device')), 'unauthorized', /refused/);
  const without = setUp(async (answer, url) => {
    if (!url.pathname.endsWith('openid-configuration')) return answer;
    const { device_authorization_endpoint: _, ...rest } = (await answer.json()) as Record<string, unknown>;
    return Response.json(rest);
  });
  await refuses(logIn(without.ports, ISSUER, flowOf('device')), 'usage', /device flow/);
});

test('a login that nobody completes ends when it is cancelled', async () => {
  const { ports } = setUp();
  const run: Ports['run'] = async () => {
    throw new AppError('not-found', 'xdg-open: no such program on the path');
  };
  const running = logIn({ ...ports, run }, ISSUER, flowOf('browser'), AbortSignal.timeout(300));
  await refuses(running, 'unavailable', /nobody came back/);
});
