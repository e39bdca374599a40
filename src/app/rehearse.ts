/**
 * A server's first review would be its slowest: code is loaded and compiled when it first runs. So it judges a pod of its own before it is
 * asked about one, by the same code from the bytes of a review to those of an answer: an image signed by a key that is made for this, in a
 * registry that is a function. Nothing of it is kept, told or reachable.
 */
import { AppError, digestOf } from '../core/index.ts';
import type { Http, HttpResponse, Ports } from '../core/index.ts';
import { parsePolicies } from '../policies/index.ts';
import { encodeSimpleSigning, formatPublicKey, generatePkcs8, importPkcs8, signatureTag } from '../trust/index.ts';
import { createEvidenceSource } from './gather-evidence.ts';
import { reviewAdmission } from './review.ts';
import { createVerdictCache } from './verdict-cache.ts';

const HOST = 'rehearsal.invalid';
/** The first loads, the second finds connections and tokens, the third a verdict. */
const ROUNDS = 3;
/** Milliseconds for all of it. */
const DEADLINE_MS = 5000;

/** Throws `internal` when what must be let in is not. */
export async function rehearse(ports: Ports): Promise<void> {
  const { http, pem } = await createImage();
  const alone: Ports = {
    ...ports,
    http,
    settings: { ...ports.settings, registryConfig: undefined, pullSecrets: [], insecureRegistries: [] },
  };
  const source = createEvidenceSource(alone, { reuseFor: 0 });
  const cache = createVerdictCache(DEADLINE_MS);
  const policies = parsePolicies(policyOf(pem), 'rehearsal');
  const signal = AbortSignal.timeout(DEADLINE_MS);
  for (let round = 0; round < ROUNDS; round += 1) {
    const settings = {
      mode: 'mutate',
      source,
      policies,
      noMatch: 'deny',
      exceptions: [],
      at: ports.clock(),
      cache,
    } as const;
    const { admission } = await reviewAdmission(reviewOf(round === 0 ? 'v1' : 'v2'), settings, signal);
    if (admission?.outcome === 'allow') continue;
    const [reason] = admission?.images[0]?.verdict.reasons ?? [];
    throw new AppError('internal', `rehearsal: expected a signed image to be let in, found ${reason?.message}`);
  }
}

function policyOf(pem: string): string {
  return JSON.stringify({
    apiVersion: 'policy.sigstore.dev/v1beta1',
    kind: 'ClusterImagePolicy',
    metadata: { name: 'rehearsal' },
    spec: { images: [{ glob: `${HOST}/**` }], authorities: [{ key: { data: pem } }] },
  });
}

function reviewOf(tag: string): Uint8Array {
  const kind = { group: '', version: 'v1', kind: 'Pod' };
  const object = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'rehearsal', namespace: 'rehearsal' },
    spec: { containers: [{ name: 'main', image: `${HOST}/app:${tag}` }] },
  };
  const request = { uid: 'rehearsal', kind, operation: 'CREATE', namespace: 'rehearsal', object };
  return Buffer.from(JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request }));
}

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';

/** An image and its signature under cosign's tag; of anything else there is none. */
async function createImage(): Promise<{ readonly http: Http; readonly pem: string }> {
  const key = importPkcs8(generatePkcs8(), 'rehearsal');
  const config = { mediaType: 'application/vnd.oci.image.config.v1+json', digest: digestOf('{}'), size: 2 };
  const manifestOf = (layers: readonly object[]) =>
    Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: MANIFEST, config, layers }));
  const image = manifestOf([]);
  const payload = encodeSimpleSigning({ reference: `${HOST}/app`, digest: digestOf(image), annotations: {} });
  const signature = Buffer.from(await key.sign(payload)).toString('base64');
  const signed = manifestOf([
    {
      mediaType: 'application/vnd.dev.cosign.simplesigning.v1+json',
      digest: digestOf(payload),
      size: payload.length,
      annotations: { 'dev.cosignproject.cosign/signature': signature },
    },
  ]);
  const sig = signatureTag(digestOf(image), 'sig');
  const http: Http = async ({ url }) => {
    const target = new URL(url).pathname.split('/').at(-1) ?? '';
    if (!url.includes('/manifests/')) return answer(404);
    return /^v\d$/.test(target) ? answer(200, image) : target === sig ? answer(200, signed) : answer(404);
  };
  return { http, pem: formatPublicKey(key.publicKey) };
}

function answer(status: number, bytes: Uint8Array = new Uint8Array()): HttpResponse {
  const headers = new Map([['content-type', [MANIFEST]]]);
  return {
    status,
    headers,
    body: (async function* body() {
      yield bytes;
    })(),
  };
}
