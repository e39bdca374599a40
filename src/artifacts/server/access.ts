/**
 * Who may do what in which repository. A caller is known by HTTP Basic (a user's password, or a static token as the password), by a
 * static token as Bearer, or by a short-lived token of this registry's token endpoint, after the token authentication that Docker
 * describes for registries. Short-lived tokens are signed with a key of the process: after a restart clients ask for new ones.
 * Not done: refresh tokens (`offline_token`).
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { posix } from 'node:path';
import { AppError, type Clock, type Random, type WebClient } from '../../core/index.ts';
import { json, Refusal } from './answers.ts';
import { hashToken } from './passwords.ts';

export const RIGHTS = ['pull', 'push', 'delete'] as const;
export type Right = (typeof RIGHTS)[number];

/** Names of callers that no user and no token may have: everybody, and everybody who is known. */
export const ANYBODY = 'anonymous';
export const ANY_USER = '*';

export interface Grant {
  readonly callers: readonly string[];
  /** Globs: `*` is a run without a slash, `**` any run. */
  readonly repositories: readonly string[];
  readonly rights: readonly Right[];
}

export interface TagRule {
  readonly repositories: readonly string[];
  readonly tags: readonly string[];
}

export interface AccessRules {
  /** By name; tells whether a password is the user's. */
  readonly users: ReadonlyMap<string, (password: string) => Promise<boolean>>;
  /** By the lower-case hex SHA-256 of the token: its name. */
  readonly tokens: ReadonlyMap<string, string>;
  readonly grants: readonly Grant[];
  /** What clients are told to do: send a password, or fetch a token with it first. */
  readonly challenge: 'basic' | 'token';
  /** `https://registry.example.com` where it is not what requests name, behind a proxy. */
  readonly url?: string | undefined;
}

/** Absent rules allow everything to everybody. */
export interface RegistryRules {
  readonly access?: AccessRules | undefined;
  readonly immutable: readonly TagRule[];
}

export interface Caller {
  /** ANYBODY when unknown. */
  readonly name: string;
  /** Repository and rights that a token of ours is limited to; absent where nothing limits. */
  readonly scopes?: ReadonlyMap<string, readonly Right[]>;
}

const SERVICE = 'plimsoll';
/** Seconds that a token of the token endpoint is good for. */
const TOKEN_LIFE = 300;
/** Scopes of one token, and bytes of a form that asks for one: a client names two or three repositories. */
const MAX_SCOPES = 32;
const MAX_FORM_BYTES = 64 * 1024;
/** Passwords that were found good are not hashed again; this many are remembered. */
const MAX_REMEMBERED = 1000;
/** Different passwords that wait for their check: more are guesses, which may come back later. */
const MAX_WAITING = 100;
/** Wrong passwords of one address in so many milliseconds; checking more would take the processor from everybody else. */
const MAX_GUESSES = 20;
const GUESS_PERIOD = 60_000;
const MAX_ADDRESSES = 10_000;
/** What a token that may list the catalog is asked for with; no repository has such a name. */
const CATALOG = 'registry:catalog';

export function isImmutable(rules: readonly TagRule[], repository: string, tag: string): boolean {
  return rules.some((rule) => fits(rule.repositories, repository) && fits(rule.tags, tag));
}

/** Whether the caller's name has the right, whatever a token is limited to. */
function isGranted(rules: AccessRules, name: string, repository: string, right: Right): boolean {
  return rules.grants.some(
    (grant) =>
      grant.callers.some(
        (caller) => caller === ANYBODY || caller === name || (caller === ANY_USER && name !== ANYBODY),
      ) &&
      grant.rights.includes(right) &&
      fits(grant.repositories, repository),
  );
}

function fits(globs: readonly string[], text: string): boolean {
  return globs.some((glob) => posix.matchesGlob(text, glob));
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** Compared as digests of one length, so that time tells neither length nor common start. */
function isSameSecret(a: string, b: string): boolean {
  return timingSafeEqual(sha256(a), sha256(b));
}

/** One user who may do everything, and nobody else anything. Throws `usage` for a name that means others too. */
export function loginRules(login: { readonly username: string; readonly password: string }): RegistryRules {
  if (login.username === ANYBODY || login.username === ANY_USER)
    throw new AppError('usage', `username: expected a user's name, found ${login.username}, which means others too`);
  const isPassword = async (given: string) => isSameSecret(given, login.password);
  const grants = [{ callers: [login.username], repositories: ['**'], rights: RIGHTS }];
  const users = new Map([[login.username, isPassword]]);
  return { access: { users, tokens: new Map(), grants, challenge: 'basic' }, immutable: [] };
}

export class Gate {
  readonly #key: Uint8Array;
  readonly #clock: Clock;
  /** Checks that run and those that ended well; what was good under other rules tells nothing. */
  readonly #checks = new WeakMap<AccessRules, Map<string, Promise<boolean>>>();
  #checking: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  /** By address: passwords of this period that were not found good, or not yet. */
  #guesses = new Map<string, number>();
  #period = 0;

  constructor(ports: { readonly random: Random; readonly clock: Clock }) {
    this.#key = ports.random(32);
    this.#clock = ports.clock;
  }

  /** Wrong credentials are refused even where none are needed: whoever gives them wants to know. `address` is the caller's. */
  async identify(rules: AccessRules | undefined, request: Request, address = ''): Promise<Caller> {
    const header = request.headers.get('authorization');
    if (rules === undefined || header === null) return { name: ANYBODY };
    const [, scheme = '', value = ''] = /^(Basic|Bearer) +(\S+) *$/i.exec(header) ?? [];
    const caller =
      scheme.toLowerCase() === 'basic'
        ? await this.#byPassword(rules, value, address)
        : this.#byToken(rules, scheme === '' ? '' : value);
    if (caller === undefined) throw unauthorized(rules, request, undefined, 'invalid_token');
    return caller;
  }

  /** `repository` undefined: for anything that only known callers may. */
  authorize(rules: AccessRules | undefined, caller: Caller, request: Request, wanted?: Wanted): void {
    if (rules === undefined) return;
    const isKnown = caller.name !== ANYBODY;
    if (wanted === undefined && isKnown) return;
    if (wanted !== undefined && isGranted(rules, caller.name, wanted.repository, wanted.right)) {
      if (caller.scopes === undefined || caller.scopes.get(wanted.repository)?.includes(wanted.right) === true) return;
      throw unauthorized(rules, request, wanted, 'insufficient_scope');
    }
    if (!isKnown) throw unauthorized(rules, request, wanted);
    throw new Refusal(403, 'DENIED', `${caller.name} may not ${wanted?.right} ${wanted?.repository}`);
  }

  isAllowed(rules: AccessRules | undefined, { name, scopes }: Caller, { repository, right }: Wanted): boolean {
    if (rules === undefined) return true;
    return (
      isGranted(rules, name, repository, right) && (scopes?.get(repository)?.includes(right) ?? scopes === undefined)
    );
  }

  /** Whether the catalog names the repository to the caller. */
  isListed(rules: AccessRules | undefined, { name, scopes }: Caller, repository: string): boolean {
    const caller = scopes === undefined || scopes.has(CATALOG) ? { name } : { name, scopes };
    return this.isAllowed(rules, caller, { repository, right: 'pull' });
  }

  /** The token endpoint: GET with Basic, or POST of an OAuth 2 form with a password or, as refresh token, a static token. */
  async issueToken(rules: AccessRules, request: Request, { url, client }: TokenWish): Promise<Response> {
    const isForm = request.method === 'POST';
    const form = isForm ? await readForm(request) : url.searchParams;
    const caller = isForm
      ? await this.#byForm(rules, form, client?.address)
      : await this.identify(rules, request, client?.address);
    // a token of ours buys no other one, which would go beyond its scopes and its time
    if (caller === undefined || caller.scopes !== undefined) throw unauthorized(rules, request);
    const access = form
      .getAll('scope')
      .flatMap((scope) => scope.split(' '))
      .slice(0, MAX_SCOPES)
      .flatMap((scope) => parseScope(scope))
      .map(([name, rights]) => {
        const granted = rights.filter((right) => name === CATALOG || isGranted(rules, caller.name, name, right));
        return [name, granted] as const;
      });
    const now = this.#clock();
    const token = this.#seal({ sub: caller.name, exp: now.getTime() + TOKEN_LIFE * 1000, access });
    const issued = { expires_in: TOKEN_LIFE, issued_at: now.toISOString() };
    return json(200, { token, access_token: token, ...issued }, { 'cache-control': 'no-store' });
  }

  async #byForm(rules: AccessRules, form: URLSearchParams, address = ''): Promise<Caller | undefined> {
    if (form.get('grant_type') === 'refresh_token') return staticToken(rules, form.get('refresh_token') ?? '');
    const pair = `${form.get('username') ?? ''}:${form.get('password') ?? ''}`;
    return await this.#byPassword(rules, Buffer.from(pair).toString('base64'), address);
  }

  async #byPassword(rules: AccessRules, encoded: string, address: string): Promise<Caller | undefined> {
    const pair = Buffer.from(encoded, 'base64').toString('utf8');
    const colon = pair.indexOf(':');
    const [name, password] = [pair.slice(0, Math.max(colon, 0)), pair.slice(colon + 1)];
    // so programs of containers/image answer a Basic challenge when they have no credentials
    if (pair === ':') return { name: ANYBODY };
    const known = staticToken(rules, password);
    if (known !== undefined) return known;
    const checks = this.#checks.get(rules) ?? new Map<string, Promise<boolean>>();
    this.#checks.set(rules, checks);
    const key = createHmac('sha256', this.#key).update(pair).digest('hex');
    const check = checks.get(key) ?? this.#inTurn(address, () => checkPassword(rules, name, password));
    if (checks.size >= MAX_REMEMBERED) checks.clear();
    checks.set(key, check);
    let isGood = false;
    try {
      isGood = await check;
    } finally {
      if (!isGood) checks.delete(key);
    }
    return isGood ? { name } : undefined;
  }

  /** Password hashes are slow by intent: one at a time, so that guessing leaves the processor to others. */
  #inTurn(address: string, check: () => Promise<boolean>): Promise<boolean> {
    // whoever has an IPv6 address has all those of its network
    const origin = address.split(':').slice(0, 4).join(':');
    const guesses = this.#currentGuesses();
    if ((guesses.get(origin) ?? 0) >= MAX_GUESSES) throw tooMany(GUESS_PERIOD / 1000);
    if (this.#waiting >= MAX_WAITING) throw tooMany(1);
    const count = (change: number) => guesses.set(origin, (guesses.get(origin) ?? 0) + change);
    count(1);
    this.#waiting += 1;
    const next = this.#checking.then(check, check).finally(() => (this.#waiting -= 1));
    this.#checking = next;
    return next.then((isGood) => {
      if (isGood) count(-1);
      return isGood;
    });
  }

  #currentGuesses(): Map<string, number> {
    const period = Math.floor(this.#clock().getTime() / GUESS_PERIOD);
    if (period !== this.#period || this.#guesses.size >= MAX_ADDRESSES) this.#guesses = new Map();
    this.#period = period;
    return this.#guesses;
  }

  #byToken(rules: AccessRules, token: string): Caller | undefined {
    return staticToken(rules, token) ?? this.#open(rules, token);
  }

  #seal(claims: Claims): string {
    const payload = Buffer.from(JSON.stringify(claims)).toString('base64url');
    return `${payload}.${this.#sign(payload)}`;
  }

  #sign(payload: string): string {
    return createHmac('sha256', this.#key).update(payload).digest('base64url');
  }

  #open(rules: AccessRules, token: string): Caller | undefined {
    const [payload = '', signature = ''] = token.split('.', 2);
    if (!isSameSecret(signature, this.#sign(payload))) return undefined;
    // signed by us, so it is what we have written
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Claims;
    const isPresent = claims.sub === ANYBODY || rules.users.has(claims.sub) || hasToken(rules, claims.sub);
    if (claims.exp <= this.#clock().getTime() || !isPresent) return undefined;
    return { name: claims.sub, scopes: new Map(claims.access) };
  }
}

export interface Wanted {
  readonly repository: string;
  readonly right: Right;
}

interface TokenWish {
  readonly url: URL;
  readonly client: WebClient | undefined;
}

interface Claims {
  readonly sub: string;
  /** Milliseconds since 1970. */
  readonly exp: number;
  readonly access: readonly (readonly [string, readonly Right[]])[];
}

/** Takes as long for an unknown user as for a known one. */
async function checkPassword(rules: AccessRules, name: string, password: string): Promise<boolean> {
  const check = rules.users.get(name);
  if (check !== undefined) return await check(password);
  const [any] = rules.users.values();
  await any?.(password);
  return false;
}

/** Looked up by its digest: the time of the look-up tells nothing of the token. */
function staticToken(rules: AccessRules, token: string): Caller | undefined {
  const name = rules.tokens.get(hashToken(token));
  return name === undefined ? undefined : { name };
}

function hasToken(rules: AccessRules, name: string): boolean {
  return [...rules.tokens.values()].includes(name);
}

function tooMany(seconds: number): Refusal {
  return new Refusal(429, 'TOOMANYREQUESTS', 'too many wrong passwords', { 'retry-after': String(seconds) });
}

function parseScope(scope: string): [string, readonly Right[]][] {
  const match = /^(?:repository:([^:]+)|registry:catalog):([a-z*,]+)$/.exec(scope);
  if (match === null) return [];
  const actions = (match[2] ?? '').split(',');
  return [[match[1] ?? CATALOG, RIGHTS.filter((right) => actions.includes(right) || actions.includes('*'))]];
}

async function readForm(request: Request): Promise<URLSearchParams> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body ?? []) {
    size += chunk.length;
    if (size > MAX_FORM_BYTES) throw new Refusal(413, 'SIZE_INVALID', `expected at most ${MAX_FORM_BYTES} bytes`);
    chunks.push(chunk);
  }
  return new URLSearchParams(Buffer.concat(chunks).toString());
}

function unauthorized(rules: AccessRules, request: Request, wanted?: Wanted, error?: string): Refusal {
  const message = error === undefined ? 'credentials needed' : 'the credentials are not good for this';
  if (rules.challenge === 'basic') {
    return new Refusal(401, 'UNAUTHORIZED', message, { 'www-authenticate': `Basic realm="${SERVICE}"` });
  }
  const realm = new URL('/token', rules.url ?? request.url).href;
  // pushing and deleting begin with looking what is there
  const rights = wanted === undefined || wanted.right === 'pull' ? ['pull'] : ['pull', wanted.right];
  const parts = [
    `realm="${realm}"`,
    `service="${SERVICE}"`,
    ...(wanted === undefined ? [] : [`scope="repository:${wanted.repository}:${rights.join(',')}"`]),
    ...(error === undefined ? [] : [`error="${error}"`]),
  ];
  return new Refusal(401, 'UNAUTHORIZED', message, { 'www-authenticate': `Bearer ${parts.join(',')}` });
}
