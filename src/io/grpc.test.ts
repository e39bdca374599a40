import assert from 'node:assert/strict';
import { createServer, type Http2Server, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { AppError, type ErrorKind } from '../core/index.ts';
import { createCallGrpc } from './grpc.ts';
import { temporaryFolder } from './testing.ts';

const servers: Http2Server[] = [];
after(() => servers.forEach((server) => void server.close()));

/** Answers every call so; gives what it was asked. */
async function serve(answer: (stream: ServerHttp2Stream) => void, path?: string) {
  const asked: { headers: Record<string, unknown>; message: Buffer }[] = [];
  const server = createServer();
  servers.push(server);
  server.on('stream', (stream: ServerHttp2Stream, headers) => {
    const chunks: Buffer[] = [];
    stream.on('error', () => undefined);
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', () => {
      asked.push({ headers, message: Buffer.concat(chunks) });
      answer(stream);
    });
  });
  await new Promise<void>((done) => void server.listen(path ?? { port: 0, host: '127.0.0.1' }, done));
  const endpoint = path === undefined ? `tcp://127.0.0.1:${(server.address() as AddressInfo).port}` : `unix://${path}`;
  return { asked, endpoint };
}

function reply(frame: Uint8Array, trailers: Readonly<Record<string, string>> = { 'grpc-status': '0' }) {
  return (stream: ServerHttp2Stream): void => {
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers(trailers));
    stream.end(frame);
  };
}

const framed = (text: string) => Buffer.concat([Buffer.from([0, 0, 0, 0, text.length]), Buffer.from(text)]);
const call = createCallGrpc();
const ask = async (endpoint: string) =>
  await call({ endpoint, method: '/Service/Method', metadata: { 'x-a': 'b' }, message: Buffer.from('question') });
const refused = (kind: ErrorKind, expected: RegExp) => (error: unknown) =>
  error instanceof AppError && error.kind === kind && expected.test(error.message);

test('a call goes to a socket or an address, and its answer comes back', async () => {
  for (const path of [undefined, join(temporaryFolder(), 'socket')]) {
    const { asked, endpoint } = await serve(reply(framed('answer')), path);
    assert.equal(Buffer.from(await ask(endpoint)).toString(), 'answer');
    const [{ headers, message } = assert.fail()] = asked;
    assert.deepEqual([headers[':path'], headers['te'], headers['x-a']], ['/Service/Method', 'trailers', 'b']);
    assert.deepEqual(message, framed('question'));
  }
});

test('a status that is not good is an error of its kind', async () => {
  for (const [status, kind] of [
    ['7', 'unauthorized'],
    ['16', 'unauthorized'],
    ['5', 'not-found'],
    ['14', 'unavailable'],
    ['13', 'unavailable'],
  ] as const) {
    const { endpoint } = await serve(reply(Buffer.alloc(0), { 'grpc-status': status, 'grpc-message': 'no%20way' }));
    await assert.rejects(ask(endpoint), refused(kind, new RegExp(`status ${status}: no way$`)));
  }
  const inHeaders = await serve((stream) =>
    stream.respond({ ':status': 200, 'grpc-status': '7' }, { endStream: true }),
  );
  await assert.rejects(ask(inHeaders.endpoint), refused('unauthorized', /status 7/));
});

test('whoever does not speak gRPC is told apart', async () => {
  const plain = await serve((stream) => {
    stream.respond({ ':status': 404 });
    stream.end('not here');
  });
  await assert.rejects(
    ask(plain.endpoint),
    refused('unavailable', /expected an answer of gRPC, found HTTP status 404/),
  );
  for (const frame of [Buffer.alloc(3), Buffer.from([1, 0, 0, 0, 1, 65]), Buffer.from([0, 0, 0, 0, 9, 65])]) {
    const { endpoint } = await serve(reply(frame));
    await assert.rejects(ask(endpoint), refused('invalid-input', /expected one message/));
  }
  const large = await serve(reply(Buffer.alloc(1024 * 1024 + 1)));
  await assert.rejects(ask(large.endpoint), refused('invalid-input', /at most 1048576 bytes/));
  await assert.rejects(ask('tcp://127.0.0.1:1'), refused('unavailable', /ECONNREFUSED/));
  await assert.rejects(ask(`unix://${temporaryFolder()}/none`), refused('unavailable', /ENOENT/));
  await assert.rejects(ask('https://127.0.0.1'), refused('usage', /unix:\/\/\/PATH or tcp/));
});

test('a call ends when nobody waits for it any more', async () => {
  const { endpoint } = await serve(() => undefined);
  const signal = AbortSignal.timeout(100);
  const message = Buffer.alloc(0);
  await assert.rejects(
    call({ endpoint, method: '/S/M', metadata: {}, message, signal }),
    refused('unavailable', /abort/),
  );
});
