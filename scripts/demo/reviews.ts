/** AdmissionReviews over HTTPS, as an API server sends them. */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { request } from 'node:https';

export interface Answer {
  readonly allowed: boolean;
  readonly message: string;
  /** Images that the patch writes, by their pointers. */
  readonly patched: readonly { readonly path: string; readonly value: string }[];
  /** Milliseconds from the first byte sent to the last received. */
  readonly took: number;
}

type Json = Readonly<Record<string, unknown>>;

export function pod(name: string, image: string): Json {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'shop' },
    spec: { containers: [{ name: 'main', image }] },
  };
}

export function deployment(name: string, image: string): Json {
  const template = {
    metadata: { labels: { app: name } },
    spec: { initContainers: [{ name: 'setup', image }], containers: [{ name: 'main', image }] },
  };
  const selector = { matchLabels: { app: name } };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: 'shop' },
    spec: { selector, template },
  };
}

export function withEphemeral(object: Json, image: string): Json {
  const spec = object.spec as Json;
  return { ...object, spec: { ...spec, ephemeralContainers: [{ name: 'debug', image }] } };
}

/** The object with its images replaced as the patch says. */
export function patched(object: Json, answer: Answer): Json {
  const copy = structuredClone(object) as Record<string, unknown>;
  for (const { path, value } of answer.patched) {
    const keys = path.split('/').slice(1);
    const last = keys.pop() ?? '';
    let place: Record<string, unknown> = copy;
    for (const key of keys) place = place[key] as Record<string, unknown>;
    place[last] = value;
  }
  return copy;
}

export interface ReviewTarget {
  readonly url: string;
  readonly caFile: string;
}

export async function sendReview(
  target: ReviewTarget,
  path: '/mutate' | '/validate',
  object: Json,
  oldObject?: Json,
): Promise<Answer> {
  const [group, version] = splitVersion(String(object.apiVersion));
  const body = JSON.stringify({
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid: randomUUID(),
      kind: { group, version, kind: object.kind },
      operation: oldObject === undefined ? 'CREATE' : 'UPDATE',
      namespace: 'shop',
      object,
      oldObject: oldObject ?? null,
      dryRun: false,
    },
  });
  const start = performance.now();
  const { response } = JSON.parse(await post(target, `${path}?timeout=10s`, body)) as {
    readonly response: {
      readonly allowed: boolean;
      readonly patch?: string;
      readonly status?: { readonly message: string };
    };
  };
  const patch =
    response.patch === undefined
      ? []
      : (JSON.parse(Buffer.from(response.patch, 'base64').toString()) as Answer['patched']);
  return {
    allowed: response.allowed,
    message: response.status?.message ?? '',
    patched: patch,
    took: performance.now() - start,
  };
}

function splitVersion(apiVersion: string): readonly [string, string] {
  const [first = '', second] = apiVersion.split('/');
  return second === undefined ? ['', first] : [first, second];
}

function post({ url, caFile }: ReviewTarget, path: string, body: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const outgoing = request(`${url}${path}`, {
      method: 'POST',
      ca: readFileSync(caFile),
      headers: { 'content-type': 'application/json' },
    });
    outgoing.once('error', reject);
    outgoing.once('response', (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.once('end', () => resolve(Buffer.concat(chunks).toString()));
    });
    outgoing.end(body);
  });
}
