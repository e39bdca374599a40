import assert from 'node:assert/strict';
import { test } from 'node:test';
import { digestOf } from '../../core/index.ts';
import { createTestPorts, TEST_TIME } from '../../io/testing.ts';
import { ANY_USER, ANYBODY, loginRules, type AccessRules, type RegistryRules } from './access.ts';
import { hashPassword, hashToken, isPassword } from './passwords.ts';
import { createRegistry } from './registry.ts';

const HASHES = new Map([
  ['alice', await hashPassword('secret')],
  ['bob', await hashPassword('hidden')],
]);

function rulesWith(changes: Partial<AccessRules> = {}): RegistryRules {
  const users = [...HASHES].map(([name, hash]) => [name, (given: string) => isPassword(given, hash)] as const);
  return {
    immutable: [],
    access: {
      users: new Map(users),
      tokens: new Map([[hashToken('static-token'), 'ci']]),
      grants: [
        { callers: [ANYBODY], repositories: ['public/*'], rights: ['pull'] },
        { callers: [ANY_USER], repositories: ['shared/**'], rights: ['pull'] },
        { callers: ['alice'], repositories: ['team/**'], rights: ['pull', 'push'] },
        { callers: ['ci'], repositories: ['**'], rights: ['pull', 'push', 'delete'] },
      ],
      challenge: 'basic',
      ...changes,
    },
  };
}

function setUp(rules: RegistryRules = rulesWith()) {
  const ports = createTestPorts();
  const world = { at: TEST_TIME.getTime(), rules };
  const handler = createRegistry(ports.files, ports.home, {
    ...ports,
    clock: () => new Date(world.at),
    rules: async () => world.rules,
  });
  const ask = async (method: string, path: string, authorization?: string, body?: string) => {
    const headers = authorization === undefined ? {} : { authorization };
    const url = new URL(path, 'http://registry.example.com');
    return await handler(new Request(url, { method, headers, ...(body === undefined ? {} : { body }) }));
  };
  const signIn = async (password: string, address: string) => {
    const headers = { authorization: basic('alice', password) };
    const request = new Request('http://registry.example.com/v2/', { headers });
    return await handler(request, { address, body: new Blob([]).stream(), send: () => undefined });
  };
  const push = async (name: string, authorization: string, content = 'x') =>
    await ask('POST', `/v2/${name}/blobs/uploads/?digest=${digestOf(content)}`, authorization, content);
  return { ask, push, signIn, world };
}

const basic = (user: string, password: string) => `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
const ALICE = basic('alice', 'secret');
const CI = 'Bearer static-token';

test('each right counts for its callers and repositories alone', async () => {
  const { ask, push } = setUp();
  for (const name of ['public/a', 'shared/a/b', 'team/a', 'other']) assert.equal((await push(name, CI)).status, 201);
  const blob = (name: string) => `/v2/${name}/blobs/${digestOf('x')}`;
  const table: readonly (readonly [string | undefined, string, string, number])[] = [
    [undefined, 'GET', 'public/a', 200],
    [undefined, 'GET', 'shared/a/b', 401],
    [basic('', ''), 'GET', 'public/a', 200],
    [basic('', ''), 'GET', 'shared/a/b', 401],
    [undefined, 'DELETE', 'public/a', 401],
    [ALICE, 'GET', 'public/a', 200],
    [ALICE, 'GET', 'shared/a/b', 200],
    [ALICE, 'GET', 'team/a', 200],
    [ALICE, 'GET', 'other', 403],
    [ALICE, 'DELETE', 'team/a', 403],
    [basic('bob', 'hidden'), 'GET', 'team/a', 403],
    [basic('bob', 'hidden'), 'GET', 'shared/a/b', 200],
    [basic('anything', 'static-token'), 'GET', 'other', 200],
    [CI, 'DELETE', 'other', 202],
  ];
  for (const [who, method, name, status] of table) {
    assert.equal((await ask(method, blob(name), who)).status, status, `${who} ${method} ${name}`);
  }
  assert.equal((await push('team/b', ALICE)).status, 201);
  assert.equal((await push('shared/b', ALICE)).status, 403);
  assert.equal((await push('public/b', ALICE)).status, 403);
  assert.equal((await ask('POST', '/v2/shared/a/blobs/uploads/', ALICE)).status, 403);
});

test('wrong credentials are refused even where none are needed, and so are forms that nobody knows', async () => {
  const { ask, push } = setUp();
  await push('public/a', CI);
  const path = `/v2/public/a/blobs/${digestOf('x')}`;
  for (const wrong of [
    basic('alice', 'wrong'),
    basic('alice', ''),
    basic('nobody', 'secret'),
    basic('bob', 'secret'),
    'Basic',
    'Basic ====',
    'Bearer wrong',
    'Bearer a.b',
    'Digest x',
  ]) {
    assert.equal((await ask('GET', path, wrong)).status, 401, wrong);
  }
});

test('the root asks for credentials, or clients would never send them; the catalog shows what the caller may pull', async () => {
  const { ask, push } = setUp();
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.index.v1+json',
    manifests: [],
  });
  for (const name of ['public/a', 'team/a', 'other']) {
    await push(name, CI);
    assert.equal((await ask('PUT', `/v2/${name}/manifests/v1`, CI, manifest)).status, 201);
  }
  for (const path of ['/v2/', '/v2/_catalog', '/metrics']) {
    assert.equal((await ask('GET', path)).status, 401, path);
    assert.equal((await ask('GET', path, ALICE)).status, 200, path);
  }
  assert.equal((await ask('GET', '/healthz')).status, 200);
  const list: unknown = await (await ask('GET', '/v2/_catalog', ALICE)).json();
  assert.deepEqual(list, { repositories: ['public/a', 'team/a'] });
});

test('a blob is mounted only from where the caller may pull', async () => {
  const { ask, push } = setUp();
  await push('other', CI, 'hidden');
  await push('shared/a', CI, 'shown');
  const mount = (from: string, content: string) =>
    ask('POST', `/v2/team/a/blobs/uploads/?mount=${digestOf(content)}&from=${from}`, ALICE);
  assert.equal((await mount('other', 'hidden')).status, 202);
  assert.equal((await mount('shared/a', 'shown')).status, 201);
});

interface Issued {
  readonly token: string;
  readonly expires_in: number;
}

test('a token of the token endpoint is good for its scopes, for its time, and while its user may', async () => {
  const { ask, push, world } = setUp(rulesWith({ challenge: 'token', url: 'https://registry.example.com' }));
  const challenge = (await ask('GET', '/v2/team/a/tags/list')).headers.get('www-authenticate');
  const realm = 'Bearer realm="https://registry.example.com/token",service="plimsoll"';
  assert.equal(challenge, `${realm},scope="repository:team/a:pull"`);
  const refused = await push('team/a', 'Bearer wrong');
  assert.match(refused.headers.get('www-authenticate') ?? '', /error="invalid_token"/);
  const scopes = ['repository:team/a:pull,push', 'repository:other:pull,push,delete', 'registry:catalog:*', 'nonsense'];
  const query = scopes.map((scope) => `scope=${encodeURIComponent(scope)}`).join('&');
  assert.equal((await ask('GET', `/token?${query}`, basic('alice', 'wrong'))).status, 401);
  const { token, expires_in: seconds } = (await (await ask('GET', `/token?${query}`, ALICE)).json()) as Issued;
  const bearer = `Bearer ${token}`;
  assert.equal((await push('team/a', bearer)).status, 201);
  const beyond = await push('team/b', bearer);
  assert.equal(beyond.status, 401);
  assert.match(
    beyond.headers.get('www-authenticate') ?? '',
    /scope="repository:team\/b:pull,push",error="insufficient_scope"/,
  );
  assert.equal((await push('other', bearer)).status, 403);
  const [payload = '', signature = ''] = token.split('.');
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as object;
  const forged = Buffer.from(JSON.stringify({ ...claims, sub: 'ci' })).toString('base64url');
  assert.equal((await push('team/a', `Bearer ${forged}.${signature}`)).status, 401);
  const { rules } = world;
  world.rules = rulesWith({ users: new Map() });
  assert.equal((await push('team/a', bearer)).status, 401);
  world.rules = rules;
  assert.equal((await push('team/a', bearer)).status, 201);
  world.at += seconds * 1000;
  assert.equal((await push('team/a', bearer)).status, 401);
});

test('the token endpoint takes the forms of OAuth 2, and gives anybody a token for what anybody may', async () => {
  const { ask, push } = setUp(rulesWith({ challenge: 'token' }));
  await push('public/a', CI);
  const scope = 'repository:public/a:pull,push repository:team/a:pull,push';
  const issue = async (fields: Record<string, string>) =>
    await ask('POST', '/token', undefined, new URLSearchParams({ scope, ...fields }).toString());
  const password = await issue({ grant_type: 'password', username: 'alice', password: 'secret' });
  const { token } = (await password.json()) as Issued;
  assert.equal((await push('team/a', `Bearer ${token}`)).status, 201);
  assert.equal((await issue({ grant_type: 'refresh_token', refresh_token: 'static-token' })).status, 200);
  assert.equal((await issue({ grant_type: 'refresh_token', refresh_token: 'wrong' })).status, 401);
  assert.equal((await issue({ grant_type: 'password', username: 'alice', password: 'wrong' })).status, 401);
  assert.equal((await issue({ padding: 'x'.repeat(70_000) })).status, 413);
  const anybody = (await (await ask('GET', `/token?scope=${encodeURIComponent(scope)}`)).json()) as Issued;
  const bearer = `Bearer ${anybody.token}`;
  assert.equal((await ask('GET', `/v2/public/a/blobs/${digestOf('x')}`, bearer)).status, 200);
  assert.equal((await push('public/a', bearer)).status, 401);
});

test('a token of the token endpoint reaches nothing beyond its scopes: no other token, no mount, no catalog', async () => {
  const { ask, push } = setUp(rulesWith({ challenge: 'token' }));
  const issue = async (authorization: string, ...scopes: readonly string[]) =>
    await ask('GET', `/token?${scopes.map((scope) => `scope=${encodeURIComponent(scope)}`).join('&')}`, authorization);
  const bearerFor = async (...scopes: readonly string[]) =>
    `Bearer ${((await (await issue(ALICE, ...scopes)).json()) as Issued).token}`;
  const index = JSON.stringify({ mediaType: 'application/vnd.oci.image.index.v1+json', manifests: [] });
  for (const name of ['team/a', 'team/b']) {
    await push(name, CI);
    assert.equal((await ask('PUT', `/v2/${name}/manifests/v1`, CI, index)).status, 201);
  }
  const narrow = await bearerFor('repository:team/b:pull,push');
  assert.equal((await issue(narrow, 'repository:team/a:pull')).status, 401);
  const mount = async (bearer: string) =>
    (await ask('POST', `/v2/team/b/blobs/uploads/?mount=${digestOf('x')}&from=team/a`, bearer)).status;
  assert.equal(await mount(narrow), 202);
  assert.equal(await mount(await bearerFor('repository:team/b:pull,push', 'repository:team/a:pull')), 201);
  const catalog = async (bearer: string): Promise<unknown> => await (await ask('GET', '/v2/_catalog', bearer)).json();
  assert.deepEqual(await catalog(narrow), { repositories: ['team/b'] });
  assert.deepEqual(await catalog(await bearerFor('registry:catalog:*')), { repositories: ['team/a', 'team/b'] });
});

test('a password that was changed while it was checked is not remembered', async () => {
  const slow = Promise.withResolvers<boolean>();
  const { ask, world } = setUp(rulesWith({ users: new Map([['alice', () => slow.promise]]) }));
  const early = ask('GET', '/v2/', ALICE);
  world.rules = rulesWith({ users: new Map([['alice', async () => false]]) });
  const late = ask('GET', '/v2/', ALICE);
  await Promise.resolve();
  slow.resolve(true);
  assert.equal((await early).status, 200);
  assert.equal((await late).status, 401);
  assert.equal((await ask('GET', '/v2/', ALICE)).status, 401);
});

test('one password is checked once for all who bring it; guesses do not queue without end', async () => {
  const slow = Promise.withResolvers<void>();
  let checks = 0;
  const isSecret = async (given: string) => {
    checks += 1;
    await slow.promise;
    return given === 'secret';
  };
  const { signIn } = setUp(rulesWith({ users: new Map([['alice', isSecret]]) }));
  const same = Array.from({ length: 200 }, () => signIn('secret', '192.0.2.1'));
  const guesses = Array.from({ length: 200 }, (_, index) => signIn(`guess ${index}`, `198.51.100.${index}`));
  const refused = await Promise.all(guesses.slice(150));
  assert.ok(refused.every(({ status, headers }) => status === 429 && headers.get('retry-after') === '1'));
  slow.resolve();
  for (const { status } of await Promise.all(same)) assert.equal(status, 200);
  await Promise.all(guesses);
  assert.equal(checks, 100);
});

test('an address that guesses is not heard for a while, unless with a password that is known to be good', async () => {
  let checks = 0;
  const isSecret = async (given: string) => {
    checks += 1;
    return given.startsWith('secret');
  };
  const { signIn, world } = setUp(rulesWith({ users: new Map([['alice', isSecret]]) }));
  const statusOf = async (password: string, address: string) => (await signIn(password, address)).status;
  assert.equal(await statusOf('secret', '192.0.2.1'), 200);
  for (let index = 0; index < 20; index += 1) assert.equal(await statusOf(`guess ${index}`, '192.0.2.1'), 401);
  const refused = await signIn('guess', '192.0.2.1');
  assert.deepEqual([refused.status, refused.headers.get('retry-after'), checks], [429, '60', 21]);
  assert.equal(await statusOf('secret', '192.0.2.1'), 200);
  assert.equal(await statusOf('secret two', '192.0.2.2'), 200);
  for (let index = 0; index < 20; index += 1)
    assert.equal(await statusOf(`guess ${index}`, `2001:db8:0:1::${index}`), 401);
  assert.equal(await statusOf('guess', '2001:db8:0:1::99'), 429);
  assert.equal(await statusOf('guess', '2001:db8:0:2::1'), 401);
  world.at += 60_000;
  assert.equal(await statusOf('guess', '192.0.2.1'), 401);
});

test('a login whose name means everybody opens nothing to everybody', () => {
  for (const username of [ANYBODY, ANY_USER])
    assert.throws(() => loginRules({ username, password: 'x' }), /expected a user's name/);
});

test('an immutable tag stays what it is, with all that it leads to', async () => {
  const immutable = [{ repositories: ['release/*'], tags: ['v*'] }];
  const { ask, push } = setUp({ immutable });
  const digest = digestOf('x');
  const manifest = (note: string) =>
    JSON.stringify({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      config: { mediaType: 'application/x', digest, size: 1 },
      layers: [],
      annotations: { note },
    });
  const put = async (place: string, note: string) =>
    (await ask('PUT', `/v2/${place}`, undefined, manifest(note))).status;
  for (const name of ['release/a', 'other']) await push(name, '');
  assert.equal(await put('release/a/manifests/v1', 'one'), 201);
  assert.equal(await put('release/a/manifests/v1', 'one'), 201);
  assert.equal(await put('release/a/manifests/v1', 'two'), 409);
  assert.equal(await put(`release/a/manifests/${digestOf(manifest('two'))}?tag=latest&tag=v1`, 'two'), 409);
  assert.equal((await ask('GET', '/v2/release/a/manifests/latest')).status, 404);
  const remove = async (place: string) => (await ask('DELETE', `/v2/${place}`)).status;
  assert.equal(await remove('release/a/manifests/v1'), 409);
  assert.equal(await remove(`release/a/manifests/${digestOf(manifest('one'))}`), 409);
  assert.equal(await remove(`release/a/blobs/${digest}`), 409);
  const races = await Promise.all(['three', 'four', 'five'].map((note) => put('release/a/manifests/v2', note)));
  assert.deepEqual(
    races.toSorted((a, b) => a - b),
    [201, 409, 409],
  );
  assert.equal(await put('release/a/manifests/latest', 'two'), 201);
  assert.equal(await put('release/a/manifests/latest', 'three'), 201);
  assert.equal(await put('other/manifests/v1', 'one'), 201);
  assert.equal(await put('other/manifests/v1', 'two'), 201);
  assert.equal(await remove(`other/blobs/${digest}`), 202);
});
