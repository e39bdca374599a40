/** The endpoints of Sigstore's timestamp authority: RFC 3161 over HTTP, and its JSON form. */
import { object, optional, string, type Clock, type Random } from '../../core/index.ts';
import { decodeBase64, formatPem, positive } from '../crypto/index.ts';
import { content, problem, readBody, readJson, type Route } from './http.ts';
import { createTimestamp, parseTimestampRequest, requestFor, type TimestampSigner } from './timestamps.ts';

const SERIAL_BYTES = 16;
const jsonRequest = object({
  artifactHash: string,
  hashAlgorithm: string,
  certificates: optional((value: unknown) => value === true),
});

export function timestampRoutes(
  ports: { readonly clock: Clock; readonly random: Random },
  signer: TimestampSigner,
): readonly Route[] {
  return [
    {
      method: 'POST',
      path: /^\/api\/v1\/timestamp$/,
      answer: async ({ request }) => {
        const type = (request.headers.get('content-type') ?? '').split(';')[0]?.trim();
        if (type !== 'application/timestamp-query' && type !== 'application/json')
          return problem(415, 'expected application/timestamp-query or application/json');
        const asked =
          type === 'application/json' ? await readJsonRequest(request) : parseTimestampRequest(await readBody(request));
        const stamp = { at: ports.clock(), serial: positive(ports.random(SERIAL_BYTES)) };
        const token = await createTimestamp(asked, signer, stamp);
        return new Response(Uint8Array.from(token), {
          status: 201,
          headers: { 'content-type': 'application/timestamp-reply' },
        });
      },
    },
    {
      method: 'GET',
      path: /^\/api\/v1\/timestamp\/certchain$/,
      answer: () => {
        const chain = signer.chain.map((bytes) => formatPem({ label: 'CERTIFICATE', bytes })).join('');
        return content(Buffer.from(chain), 'application/pem-certificate-chain');
      },
    },
  ];
}

async function readJsonRequest(request: Request) {
  const { artifactHash, hashAlgorithm, certificates } = jsonRequest(await readJson(request), 'body');
  return requestFor(hashAlgorithm, decodeBase64(artifactHash, 'body.artifactHash'), certificates === true);
}
