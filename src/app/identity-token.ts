/** Where the OpenID token comes from that says who signs, when nobody gives one: the places that CI systems and clusters keep it. */
import { AppError, object, string, type Ports } from '../core/index.ts';
import { exchange, fetchSpiffeToken, jsonOf } from '../trust/index.ts';

/** What Sigstore's certificate authorities want tokens to be for. */
const AUDIENCE = 'sigstore';
const MAX_TOKEN_BYTES = 64 * 1024;
/** Where clusters mount projected tokens for signing. */
const MOUNTED_TOKEN = '/var/run/sigstore/cosign/oidc-token';
/** Where the agent of SPIRE listens when nothing else is said. */
const SPIFFE_SOCKET = '/tmp/spire-agent/public/api.sock';

/** As cosign names them. */
const OIDC_PROVIDERS = ['github-actions', 'buildkite-agent', 'filesystem', 'spiffe'] as const;
type OidcProvider = (typeof OIDC_PROVIDERS)[number];

type TokenPorts = Pick<Ports, 'environment' | 'files' | 'http' | 'grpc' | 'run'>;

export interface TokenInput {
  /** A token, or a file that holds one. */
  readonly given: string | undefined;
  /** Only that of the environment, none that is asked for. */
  readonly ignoresAmbient: boolean;
  /** Only the one of this name is asked, and it must be here. */
  readonly provider?: string | undefined;
}

/** Undefined when there is none anywhere. */
export async function findIdentityToken(
  ports: TokenPorts,
  { given, ignoresAmbient, provider }: TokenInput,
  signal?: AbortSignal,
): Promise<string | undefined> {
  if (given !== undefined) return await readToken(ports, given);
  const { SIGSTORE_ID_TOKEN: token } = ports.environment;
  if (token !== undefined && token !== '' && provider === undefined) return token;
  if (ignoresAmbient) return undefined;
  for (const name of OIDC_PROVIDERS) {
    if (provider !== undefined && provider !== name) continue;
    const found = await PROVIDERS[name](ports, signal);
    if (found !== undefined) return found;
  }
  if (provider === undefined) return undefined;
  throw new AppError('not-found', `--oidc-provider: expected a token of ${provider}, found nothing of it here`);
}

/** Each gives undefined where it is not at home. */
const PROVIDERS: Readonly<
  Record<OidcProvider, (ports: TokenPorts, signal?: AbortSignal) => Promise<string | undefined>>
> = {
  'github-actions': async (ports, signal) => {
    const { ACTIONS_ID_TOKEN_REQUEST_URL: url, ACTIONS_ID_TOKEN_REQUEST_TOKEN: secret } = ports.environment;
    return url === undefined || secret === undefined ? undefined : await askGitHub(ports, { url, secret }, signal);
  },
  'buildkite-agent': async (ports, signal) =>
    ports.environment['BUILDKITE_AGENT_ACCESS_TOKEN'] === undefined ? undefined : await askBuildkite(ports, signal),
  filesystem: async (ports) =>
    (await ports.files.stat(MOUNTED_TOKEN)) === undefined ? undefined : await readToken(ports, MOUNTED_TOKEN),
  spiffe: async ({ environment, files, grpc }, signal) => {
    const { SPIFFE_ENDPOINT_SOCKET: given = '' } = environment;
    if (given === '' && (await files.stat(SPIFFE_SOCKET)) === undefined) return undefined;
    const socket = given === '' ? SPIFFE_SOCKET : given;
    const endpoint = socket.startsWith('/') ? `unix://${socket}` : socket;
    return await fetchSpiffeToken(grpc, endpoint, { audience: AUDIENCE, signal });
  },
};

async function readToken(ports: Pick<Ports, 'files'>, given: string): Promise<string> {
  if (/^[\w-]+\.[\w-]+\.[\w-]+$/.test(given)) return given;
  return new TextDecoder().decode(await ports.files.read(given, MAX_TOKEN_BYTES)).trim();
}

const tokenAnswer = object({ value: string });

async function askGitHub(
  ports: Pick<Ports, 'http'>,
  from: { readonly url: string; readonly secret: string },
  signal?: AbortSignal,
): Promise<string> {
  const what = 'token service of GitHub Actions';
  const url = new URL(from.url);
  url.searchParams.set('audience', AUDIENCE);
  const headers = { authorization: `Bearer ${from.secret}` };
  const answer = await exchange(ports.http, what, { url: url.href, headers, signal });
  return tokenAnswer(jsonOf(answer, what, from.url, [200]), what).value;
}

async function askBuildkite(ports: Pick<Ports, 'run'>, signal?: AbortSignal): Promise<string> {
  const args = ['oidc', 'request-token', '--audience', AUDIENCE];
  const limits = { maxBytes: MAX_TOKEN_BYTES, ...(signal === undefined ? {} : { signal }) };
  const { code, stdout, stderr } = await ports.run('buildkite-agent', args, limits);
  if (code === 0) return stdout.trim();
  throw new AppError('unavailable', `buildkite-agent: expected a token, found exit code ${code}: ${stderr.trim()}`);
}
