/** `k8s://NAMESPACE/NAME`: a Secret with cosign.key, cosign.pub and cosign.password, read by kubectl as it is configured. */
import { AppError, decodeJson, mapOf, object, optional, string } from '../../../core/index.ts';
import { decodeBase64 } from '../../crypto/index.ts';
import type { KeySources } from '../provider.ts';

const PROGRAM = 'kubectl';
/** Of a Secret, as Kubernetes limits it, in base64. */
const MAX_BYTES = 2 * 1024 * 1024;

const secret = object({ data: optional(mapOf(string)) });

export interface KeySecret {
  readonly privateKey: string | undefined;
  readonly publicKey: string | undefined;
  readonly password: string | undefined;
}

/** `place` is `NAMESPACE/NAME`. Throws what kubectl says: `not-found`, `unauthorized`, `unavailable`. */
export async function readKeySecret(
  sources: Pick<KeySources, 'run'>,
  place: string,
  signal?: AbortSignal,
): Promise<KeySecret> {
  const { namespace, name } = parsePlace(place);
  const stdout = await runKubectl(sources, ['get', 'secret', name, '--namespace', namespace, '--output', 'json'], {
    signal,
  });
  const { data = {} } = decodeJson(stdout, secret, { what: `secret ${place}`, maxBytes: MAX_BYTES });
  const read = (field: string): string | undefined => {
    const value = data[field];
    return value === undefined ? undefined : Buffer.from(decodeBase64(value, `secret ${place}: ${field}`)).toString();
  };
  return { privateKey: read('cosign.key'), publicKey: read('cosign.pub'), password: read('cosign.password') };
}

/** Makes the Secret. Throws `invalid-input` when it is there and must not be replaced. */
export async function writeKeySecret(
  sources: Pick<KeySources, 'run'>,
  place: string,
  content: {
    readonly keys: Readonly<Record<keyof KeySecret, string>>;
    readonly replace: boolean;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<void> {
  const { namespace, name } = parsePlace(place);
  const { privateKey, publicKey, password } = content.keys;
  const document = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace },
    stringData: { 'cosign.key': privateKey, 'cosign.pub': publicKey, 'cosign.password': password },
  };
  const verb = content.replace ? ['apply', '--server-side', '--force-conflicts'] : ['create'];
  const input = JSON.stringify(document);
  await runKubectl(sources, [...verb, '--validate=false', '--filename', '-'], { input, signal: content.signal });
}

function parsePlace(place: string): { readonly namespace: string; readonly name: string } {
  const [, namespace, name] = /^([a-z0-9][a-z0-9-]*)\/([a-z0-9][a-z0-9.-]*)$/.exec(place) ?? [];
  if (namespace !== undefined && name !== undefined) return { namespace, name };
  throw new AppError('invalid-input', `key k8s://${place}: expected k8s://NAMESPACE/NAME`);
}

async function runKubectl(
  { run }: Pick<KeySources, 'run'>,
  args: readonly string[],
  { input, signal }: { readonly input?: string; readonly signal?: AbortSignal | undefined },
): Promise<string> {
  const { code, stdout, stderr } = await run(PROGRAM, args, {
    maxBytes: MAX_BYTES,
    ...(input === undefined ? {} : { input }),
    ...(signal === undefined ? {} : { signal }),
  });
  if (code === 0) return stdout;
  const kind = /\(NotFound\)/.test(stderr)
    ? 'not-found'
    : /\((?:Forbidden|Unauthorized)\)|must be logged in/.test(stderr)
      ? 'unauthorized'
      : /\(AlreadyExists\)/.test(stderr)
        ? 'invalid-input'
        : 'unavailable';
  throw new AppError(kind, `${PROGRAM}: ${stderr.trim().slice(0, 300)}`);
}
