/** A registry of many signed images that are made when they are asked for: nothing of them but their signatures is ever read. */
import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ManyImages {
  readonly repository: string;
  /** Names with digests. */
  readonly images: readonly string[];
  /** PEM. */
  readonly publicKey: string;
  readonly requests: () => number;
  /** How often somebody waited for one or more answers beside each other; good for who comes alone. */
  readonly rounds: () => number;
  /** From now on each answer comes so many milliseconds later. */
  readonly delay: (milliseconds: number) => void;
  readonly stop: () => void;
}

export async function startManyImages(count: number): Promise<ManyImages> {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const blobs = new Map<string, Buffer>();
  let requests = 0;
  let wait = 0;
  let waiting = 0;
  let rounds = 0;
  let repository = '';
  const signatureOf = (digest: string): string => {
    const identity = { 'docker-reference': repository };
    const critical = {
      identity,
      image: { 'docker-manifest-digest': digest },
      type: 'cosign container image signature',
    };
    const payload = Buffer.from(JSON.stringify({ critical, optional: null }));
    const describe = (bytes: Buffer, mediaType: string) => {
      blobs.set(digestOf(bytes), bytes);
      return { mediaType, size: bytes.length, digest: digestOf(bytes) };
    };
    const annotations = {
      'dev.cosignproject.cosign/signature': sign('sha256', payload, privateKey).toString('base64'),
    };
    const layer = { ...describe(payload, 'application/vnd.dev.cosign.simplesigning.v1+json'), annotations };
    const config = describe(Buffer.from('{}'), 'application/vnd.oci.image.config.v1+json');
    return JSON.stringify({ schemaVersion: 2, mediaType: MANIFEST, config, layers: [layer] });
  };
  const server = createServer((request, response) => {
    requests += 1;
    const tag = /\/manifests\/sha256-([0-9a-f]{64})\.sig$/.exec(request.url ?? '')?.[1];
    const blob = /\/blobs\/(sha256:[0-9a-f]{64})$/.exec(request.url ?? '')?.[1];
    const found = tag === undefined ? blobs.get(blob ?? '') : Buffer.from(signatureOf(`sha256:${tag}`));
    if (waiting === 0) rounds += 1;
    waiting += 1;
    const answer = () => {
      waiting -= 1;
      if (found === undefined) response.writeHead(404).end();
      else response.writeHead(200, { 'content-type': tag === undefined ? BYTES : MANIFEST }).end(found);
    };
    if (wait === 0) answer();
    else setTimeout(answer, wait);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  repository = `127.0.0.1:${(server.address() as AddressInfo).port}/bench/many`;
  return {
    repository,
    images: Array.from({ length: count }, (_, index) => `${repository}@${digestOf(Buffer.from(`image ${index}`))}`),
    publicKey: publicKey.export({ type: 'spki', format: 'pem' }),
    requests: () => requests,
    rounds: () => rounds,
    delay: (milliseconds) => void (wait = milliseconds),
    stop: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const BYTES = 'application/octet-stream';

function digestOf(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}
