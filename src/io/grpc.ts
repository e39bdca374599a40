/**
 * Unary gRPC calls (gRPC over HTTP/2) without TLS, to a socket of this machine or a TCP address: one connection for each call.
 * Not done: streams, compression, TLS, retries.
 */
import { connect as connectHttp2, constants, type ClientHttp2Stream, type IncomingHttpHeaders } from 'node:http2';
import { connect as connectSocket } from 'node:net';
import { AppError, type CallGrpc, type ErrorKind, type GrpcCall } from '../core/index.ts';

/** Answers of local agents have some kilobytes. */
const MAX_MESSAGE_BYTES = 1024 * 1024;
const DEADLINE_MS = 30_000;
/** Whether it is compressed, in one byte, and the length in four. */
const PREFIX_BYTES = 5;

/** Of statuses that mean something to whoever called (gRPC status codes); every other is `unavailable`. */
const KINDS: Readonly<Record<string, ErrorKind | undefined>> = {
  3: 'invalid-input',
  5: 'not-found',
  7: 'unauthorized',
  12: 'invalid-input',
  16: 'unauthorized',
};

export function createCallGrpc(): CallGrpc {
  return async (call) => {
    const deadline = AbortSignal.timeout(DEADLINE_MS);
    const signal = call.signal === undefined ? deadline : AbortSignal.any([deadline, call.signal]);
    const place = placeOf(call.endpoint);
    const authority = 'path' in place ? 'localhost' : `${place.host}:${place.port}`;
    const session = connectHttp2(`http://${authority}`, { createConnection: () => connectSocket(place) });
    // what goes wrong with the connection reaches the stream, too
    session.on('error', () => undefined);
    try {
      const headers = {
        [constants.HTTP2_HEADER_METHOD]: 'POST',
        [constants.HTTP2_HEADER_PATH]: call.method,
        'content-type': 'application/grpc',
        te: 'trailers',
        ...call.metadata,
      };
      return await exchange(session.request(headers, { signal }), call);
    } finally {
      session.destroy();
    }
  };
}

/** `unix:///path`, `unix:path` or `tcp://HOST:PORT`. */
function placeOf(endpoint: string): { readonly path: string } | { readonly host: string; readonly port: number } {
  const path = /^unix:(?:\/\/)?(\/.+)$/.exec(endpoint)?.[1];
  if (path !== undefined) return { path };
  const [, host = '', port] = /^tcp:(?:\/\/)?\[?([^\]]+?)\]?:(\d{1,5})$/.exec(endpoint) ?? [];
  if (port !== undefined) return { host, port: Number(port) };
  throw new AppError('usage', `expected a socket unix:///PATH or tcp://HOST:PORT, found ${JSON.stringify(endpoint)}`);
}

async function exchange(stream: ClientHttp2Stream, { endpoint, method, message }: GrpcCall): Promise<Uint8Array> {
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.writeUInt32BE(message.length, 1);
  let [headers, trailers]: [IncomingHttpHeaders, IncomingHttpHeaders] = [{}, {}];
  stream.on('response', (found) => void (headers = found));
  stream.on('trailers', (found) => void (trailers = found));
  stream.end(Buffer.concat([prefix, message]));
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of stream) {
      size += (chunk as Buffer).length;
      if (size > MAX_MESSAGE_BYTES)
        throw new AppError('invalid-input', `${endpoint}: expected at most ${MAX_MESSAGE_BYTES} bytes`);
      chunks.push(chunk as Buffer);
    }
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new AppError('unavailable', `${endpoint}: ${reason}`, { cause });
  }
  const what = `${endpoint}${method}`;
  checkStatus(headers, trailers, what);
  return messageOf(Buffer.concat(chunks), what);
}

/** An answer without a message has its status among the headers. */
function checkStatus(headers: IncomingHttpHeaders, trailers: IncomingHttpHeaders, what: string): void {
  const { 'grpc-status': status = headers['grpc-status'], 'grpc-message': said = headers['grpc-message'] } = trailers;
  if (status === '0') return;
  if (status === undefined)
    throw new AppError(
      'unavailable',
      `${what}: expected an answer of gRPC, found HTTP status ${String(headers[':status'])}`,
    );
  const message = decodeMessage(String(said ?? ''));
  throw new AppError(KINDS[String(status)] ?? 'unavailable', `${what}: answered status ${String(status)}: ${message}`);
}

/** Percent-encoded where it is not plain ASCII; what is not is shown as it came. */
function decodeMessage(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (error instanceof URIError) return text;
    throw error;
  }
}

function messageOf(bytes: Buffer, what: string): Uint8Array {
  const isWhole = bytes.length >= PREFIX_BYTES && bytes.readUInt32BE(1) === bytes.length - PREFIX_BYTES;
  if (isWhole && bytes[0] === 0) return bytes.subarray(PREFIX_BYTES);
  throw new AppError('invalid-input', `${what}: expected one message without compression, found other bytes`);
}
