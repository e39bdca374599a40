/** Where the OpenID token comes from that says who signs, when nobody gives one: the places that CI systems and clusters keep it. */
import { AppError, object, string, type Ports } from '../core/index.ts';
import { exchange, jsonOf } from '../trust/index.ts';

/** What Sigstore's certificate authorities want tokens to be for. */
const AUDIENCE = 'sigstore';
const MAX_TOKEN_BYTES = 64 * 1024;
/** Where clusters mount projected tokens for signing. */
const MOUNTED_TOKEN = '/var/run/sigstore/cosign/oidc-token';

/** `given` is a token or a file that holds one. Undefined when there is none anywhere. */
export async function findIdentityToken(
  ports: Pick<Ports, 'environment' | 'files' | 'http' | 'run'>,
  { given, ignoresAmbient }: { readonly given: string | undefined; readonly ignoresAmbient: boolean },
  signal?: AbortSignal,
): Promise<string | undefined> {
  if (given !== undefined) return await readToken(ports, given);
  const { environment } = ports;
  const { SIGSTORE_ID_TOKEN: token } = environment;
  if (token !== undefined && token !== '') return token;
  if (ignoresAmbient) return undefined;
  const { ACTIONS_ID_TOKEN_REQUEST_URL: url, ACTIONS_ID_TOKEN_REQUEST_TOKEN: secret } = environment;
  if (url !== undefined && secret !== undefined) return await askGitHub(ports, { url, secret }, signal);
  if (environment['BUILDKITE_AGENT_ACCESS_TOKEN'] !== undefined) return await askBuildkite(ports, signal);
  if ((await ports.files.stat(MOUNTED_TOKEN)) !== undefined) return await readToken(ports, MOUNTED_TOKEN);
  return undefined;
}

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
