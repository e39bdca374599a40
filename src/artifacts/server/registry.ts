/**
 * A registry after the OCI distribution specification 1.1: pull, push, content discovery with referrers, content management; beside it
 * a token endpoint (`/token`), metrics (`/metrics`) and a sign of life (`/healthz`). Requests in, responses out: no socket is needed.
 */
import {
  AppError,
  toAppError,
  type Clock,
  type Files,
  type Log,
  type Random,
  type WebClient,
  type WebHandler,
} from '../../core/index.ts';
import { ANYBODY, Gate, isImmutable, type Caller, type RegistryRules, type Right } from './access.ts';
import { json, Refusal, text } from './answers.ts';
import type { Audit } from './audit.ts';
import { onBlob } from './blobs.ts';
import { listCatalog, listReferrers, listTags } from './listings.ts';
import { onManifest } from './manifests.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { isRepositoryName, Store } from './store.ts';
import { Uploads, type Sent } from './uploads.ts';

export interface RegistryServerOptions {
  readonly random: Random;
  readonly clock: Clock;
  /** Asked for each request; what cannot be read anew throws, and nothing is answered without it. */
  readonly rules?: () => Promise<RegistryRules>;
  /** Told of what went wrong here. */
  readonly log?: Log;
  /** Told of each change and refusal before its answer goes out; what cannot be written there is not acknowledged. */
  readonly audit?: Audit;
}

interface Context {
  readonly store: Store;
  readonly uploads: Uploads;
  readonly gate: Gate;
  readonly metrics: Metrics;
  readonly options: RegistryServerOptions;
}

/** One request, as far as it is understood. */
interface Call extends Sent {
  readonly client: WebClient | undefined;
  readonly rules: RegistryRules;
  readonly caller: Caller;
  readonly place: Place | undefined;
}

interface Place {
  readonly name: string;
  readonly kind: string;
  /** What follows the kind: a digest, a tag, `uploads/...`, `list`. */
  readonly target: string;
}

const OPEN_RULES: RegistryRules = { immutable: [] };

/** `root` is the folder that keeps everything; it is made when first needed. */
export function createRegistry(files: Files, root: string, options: RegistryServerOptions): WebHandler {
  const store = new Store(files, root, options.clock);
  const uploads = new Uploads(store, options);
  const context: Context = { store, uploads, gate: new Gate(options), metrics: createMetrics(), options };
  return async (request, client) => {
    const finish = context.metrics.start(request.method);
    let status = 500;
    try {
      const response = await answer(context, request, client);
      response.headers.set('docker-distribution-api-version', 'registry/2.0');
      status = response.status;
      return response;
    } finally {
      finish(status);
    }
  };
}

async function answer(context: Context, request: Request, client: WebClient | undefined): Promise<Response> {
  const url = new URL(request.url);
  let caller: Caller = { name: ANYBODY };
  let place: Place | undefined;
  let response: Response;
  try {
    if (url.pathname === '/healthz') return text(200, 'ok\n');
    const rules = (await context.options.rules?.()) ?? OPEN_RULES;
    place = parsePlace(url);
    caller = await context.gate.identify(rules.access, request, client?.address);
    const body = client?.body ?? request.body ?? new Blob([]).stream();
    response = await route(context, { request, client, url, body, rules, caller, place });
  } catch (error) {
    response = refusalOf(error, context.options.log);
  }
  try {
    await context.options.audit?.({ request, url, caller: caller.name, place, response, client });
    return response;
  } catch (error) {
    return refusalOf(error, context.options.log);
  }
}

/** Clients are told nothing of what failed here; the operator is. */
function refusalOf(error: unknown, log: Log | undefined): Response {
  if (error instanceof Refusal) return error.response;
  if (error instanceof AppError && error.kind === 'invalid-input') {
    return new Refusal(400, 'MANIFEST_INVALID', error.message).response;
  }
  const { kind, message, details, cause } = toAppError(error);
  // a client that breaks off is no failure of ours
  if (![details.code, codeOf(cause)].includes('ECONNRESET')) log?.warn('registry', { message });
  if (kind === 'unavailable') {
    return new Refusal(503, 'UNSUPPORTED', 'not possible now, try again', { 'retry-after': '1' }).response;
  }
  throw error;
}

function codeOf(cause: unknown): unknown {
  return cause instanceof Error && 'code' in cause ? cause.code : undefined;
}

function parsePlace(url: URL): Place | undefined {
  const match = /^\/v2\/(.+)\/(manifests|blobs|tags|referrers)\/(.*)$/.exec(decodePath(url.pathname));
  if (match === null) return undefined;
  const [, name = '', kind = '', target = ''] = match;
  if (!isRepositoryName(name)) throw new Refusal(400, 'NAME_INVALID', 'expected a repository name');
  return { name, kind, target };
}

function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    throw new Refusal(400, 'NAME_INVALID', 'expected a path in UTF-8');
  }
}

async function route(context: Context, call: Call): Promise<Response> {
  const { rules, caller, request, url, place } = call;
  if (place !== undefined) return await onRepository(context, call, place);
  if (url.pathname === '/token' && rules.access !== undefined)
    return await context.gate.issueToken(rules.access, request, call);
  // a client that is not asked for credentials here never gives them
  context.gate.authorize(rules.access, caller, request);
  switch (url.pathname) {
    case '/v2':
    case '/v2/':
      return json(200, {});
    case '/v2/_catalog':
      return await listCatalog(context.store, url, (repository) =>
        context.gate.isListed(rules.access, caller, repository),
      );
    case '/metrics':
      return text(200, context.metrics.render(), 'text/plain; version=0.0.4');
    default:
      throw new Refusal(404, 'UNSUPPORTED', 'no such endpoint');
  }
}

async function onRepository(context: Context, call: Call, place: Place): Promise<Response> {
  const { store, gate } = context;
  const { rules, caller, request, url, client } = call;
  const { name, kind, target } = place;
  gate.authorize(rules.access, caller, request, { repository: name, right: rightFor(request.method, place) });
  const pinned = (tag: string) => isImmutable(rules.immutable, name, tag);
  switch (kind) {
    case 'tags':
      return await listTags(store, name, url);
    case 'referrers':
      return await listReferrers(store, name, target, url);
    case 'manifests':
      return await onManifest(store, { name, target, isImmutable: pinned }, request, url);
    default:
      return isUpload(target)
        ? await onUpload(context, call, place)
        : await onBlob(store, { name, target, isImmutable: pinned }, request, client);
  }
}

function isUpload(target: string): boolean {
  return target === 'uploads' || target.startsWith('uploads/');
}

function rightFor(method: string, place: Place): Right {
  if (place.kind === 'blobs' && isUpload(place.target)) return 'push';
  if (method === 'DELETE') return 'delete';
  return method === 'GET' || method === 'HEAD' ? 'pull' : 'push';
}

async function onUpload(context: Context, call: Call, place: Place): Promise<Response> {
  const { request } = call;
  const [, id = ''] = place.target.split('/');
  if (id !== '') return await context.uploads.use(place.name, id, call);
  if (request.method !== 'POST') throw new Refusal(405, 'UNSUPPORTED', 'expected POST');
  return await context.uploads.start(place.name, call, mountSource(context, call));
}

/** What the caller may not read there is not mounted: it is as if it were not there. */
function mountSource({ gate }: Context, { rules, caller, url }: Call): string | undefined {
  const from = url.searchParams.get('from');
  if (from === null || !isRepositoryName(from)) return undefined;
  return gate.isAllowed(rules.access, caller, { repository: from, right: 'pull' }) ? from : undefined;
}
