import assert from 'node:assert/strict';
import { createServer, type RequestListener } from 'node:http';
import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { chmodSync, lstatSync, readdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { connect, createServer as createTcpServer, type AddressInfo, type Server } from 'node:net';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError, type ErrorKind, type HttpResponse } from '../core/index.ts';
import { createFileCache } from './cache.ts';
import { createFiles } from './files.ts';
import { createHttp } from './http.ts';
import { createLog, createWarnings } from './log.ts';
import { createRunProgram } from './run.ts';
import { serveHttp } from './serve.ts';
import { temporaryFolder } from './testing.ts';

async function rejects(action: Promise<unknown>, kind: ErrorKind, message: RegExp) {
  await assert.rejects(action, (error) => {
    assert.ok(error instanceof AppError, String(error));
    assert.equal(error.kind, kind, error.message);
    assert.match(error.message, message);
    return true;
  });
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function withServer(listener: RequestListener, run: (url: string) => Promise<void>): Promise<void> {
  const server = createServer(listener);
  try {
    await run(await listen(server));
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

async function textOf(response: HttpResponse): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of response.body) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

test('http sends bytes and streams, gives repeated headers apart, and follows no redirect', async () => {
  await withServer(
    (request, response) => {
      response.writeHead(request.url === '/moved' ? 302 : 200, { location: '/else', 'x-two': ['a', 'b'] });
      request.pipe(response);
    },
    async (url) => {
      const http = createHttp();
      assert.equal(await textOf(await http({ method: 'POST', url, body: Buffer.from('bytes') })), 'bytes');
      const stream = async function* () {
        yield Buffer.from('str');
        yield Buffer.from('eam');
      };
      const streamed = await http({ method: 'PUT', url, headers: { 'content-length': '6' }, body: stream() });
      assert.equal(await textOf(streamed), 'stream');
      assert.deepEqual(streamed.headers.get('x-two'), ['a', 'b']);
      const moved = await http({ method: 'GET', url: `${url}/moved` });
      assert.equal(moved.status, 302);
      await textOf(moved);
      const head = await http({ method: 'HEAD', url });
      assert.equal(await textOf(head), '');
    },
  );
});

test('what http has read stays as it was read, on many connections at once', async () => {
  const content = randomBytes(3 * 1024 * 1024);
  await withServer(
    (request, response) => {
      const step = Number(request.url?.slice(1));
      const starts = Array.from({ length: Math.ceil(content.length / step) }, (_, index) => index * step);
      Readable.from(starts.map((start) => content.subarray(start, start + step))).pipe(response);
    },
    async (url) => {
      const http = createHttp();
      const steps = [1777, 65_536, 100_003, 262_144, 1_000_000];
      const twice = [...steps, ...steps].map(async (step) => {
        // chunks are kept as they are until all came
        const chunks: Uint8Array[] = [];
        const { body } = await http({ method: 'GET', url: `${url}/${step}` });
        for await (const chunk of body) chunks.push(chunk);
        assert.ok(Buffer.concat(chunks).equals(content), `in steps of ${step}`);
      });
      await Promise.all(twice);
    },
  );
});

test('http names the host when there is no answer, when the answer breaks off, and when it never comes', async () => {
  const http = createHttp({ stallTimeout: 150 });
  await rejects(http({ method: 'GET', url: 'http://127.0.0.1:1/' }), 'unavailable', /^127\.0\.0\.1:1: .*ECONNREFUSED/);
  await rejects(http({ method: 'GET', url: 'file:///etc/passwd' }), 'invalid-input', /http or https/);
  await rejects(http({ method: 'GET', url: 'http://127.0.0.1:1/', signal: AbortSignal.abort() }), 'unavailable', /127/);
  await withServer(
    (request, response) => {
      if (request.url === '/silent') return;
      response.writeHead(200, { 'content-length': '100' });
      response.write('part');
      setTimeout(() => response.destroy(), 20);
    },
    async (url) => {
      await rejects(textOf(await http({ method: 'GET', url })), 'unavailable', /127\.0\.0\.1:\d+: aborted/);
      await rejects(http({ method: 'GET', url: `${url}/silent` }), 'unavailable', /no byte for 0.15 s/);
      const signal = AbortSignal.timeout(30);
      await rejects(http({ method: 'GET', url: `${url}/silent`, signal }), 'unavailable', /cancelled or out of time/);
    },
  );
});

test('http refuses an answer that is no HTTP', async () => {
  const server = createTcpServer((socket) => void socket.end('nonsense\r\n\r\n'));
  const url = await listen(server);
  await rejects(createHttp()({ method: 'GET', url }), 'unavailable', /Parse Error/);
  server.close();
});

test('http refuses a change of protocol that nobody asked for', async () => {
  const server = createTcpServer((socket) => {
    socket.on('error', () => undefined);
    socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n');
  });
  const url = await listen(server);
  await rejects(createHttp()({ method: 'GET', url }), 'unavailable', /closed without an answer/);
  server.close();
});

test('an answer that comes before the body was sent is given, not the broken sending', async () => {
  await withServer(
    (_request, response) => void response.writeHead(413, { connection: 'close' }).end('too much'),
    async (url) => {
      const endless = async function* () {
        for (let index = 0; index < 2000; index += 1) yield Buffer.alloc(64 * 1024);
      };
      const response = await createHttp()({ method: 'PUT', url, body: endless() });
      assert.equal(response.status, 413);
    },
  );
});

test('serveHttp answers on a socket, hides errors, and says when the address is taken', async () => {
  const server = await serveHttp(
    async (request) => {
      if (request.url.endsWith('/throw')) throw new Error('secret detail');
      return new Response(await request.text(), { headers: { 'content-length': '2' } });
    },
    { host: '127.0.0.1', port: 0 },
  );
  const http = createHttp();
  assert.equal(await textOf(await http({ method: 'POST', url: server.url, body: Buffer.from('hi') })), 'hi');
  const broken = await http({ method: 'GET', url: `${server.url}/throw` });
  assert.equal(broken.status, 500);
  assert.equal(await textOf(broken), 'internal error\n');
  await rejects(
    serveHttp(async () => new Response(), { host: '127.0.0.1', port: Number(new URL(server.url).port) }),
    'unavailable',
    /EADDRINUSE/,
  );
  await server.close();
  await rejects(http({ method: 'GET', url: server.url }), 'unavailable', /ECONNREFUSED|hang up/);
});

test('serveHttp takes a malformed request for what it is, and one of HTTP/1.0 for a probe', async () => {
  const server = await serveHttp(async ({ url }) => new Response(url), { host: '127.0.0.1', port: 0 });
  const port = Number(new URL(server.url).port);
  const statusOf = async (request: string) => {
    const socket = connect(port, '127.0.0.1');
    socket.write(`${request}\r\nConnection: close\r\n\r\n`);
    const [first] = (await once(socket, 'data')) as [Buffer];
    socket.destroy();
    return first.toString('latin1', 9, 12);
  };
  try {
    assert.equal(await statusOf('GET /healthz HTTP/1.0'), '200');
    for (const request of [
      'GET / HTTP/1.1\r\nHost: a b',
      'GET /a\\b HTTP/1.1\r\nHost: a',
      'GET ftp://a/ HTTP/1.1\r\nHost: a',
    ])
      assert.equal(await statusOf(request), '400', request);
  } finally {
    await server.close();
  }
});

test('serveHttp says who asks, hands over the body as it comes, and sends each OCI-Tag on a line of its own', async () => {
  const server = await serveHttp(
    async (_request, client) => {
      let size = 0;
      for await (const chunk of client?.body ?? []) size += chunk.length;
      const response = new Response(`${client?.address} ${size}`);
      for (const tag of ['a', 'b']) response.headers.append('oci-tag', tag);
      return response;
    },
    { host: '127.0.0.1', port: 0 },
  );
  const http = createHttp();
  const response = await http({ method: 'PUT', url: server.url, body: new Uint8Array(300_000) });
  assert.deepEqual(response.headers.get('oci-tag'), ['a', 'b']);
  assert.equal(await textOf(response), '127.0.0.1 300000');
  await server.close();
});

test('serveHttp sends memory that is used again whole to a client that reads late, and stops reading when the client goes', async () => {
  const files = createFiles();
  const path = join(temporaryFolder(), 'large');
  const content = randomBytes(24 * 1024 * 1024);
  await files.writeAtomic(path, content);
  const ended = new EventEmitter();
  const server = await serveHttp(
    async (_request, client) => {
      const answer = new Response(null, { headers: { 'content-length': String(content.length) } });
      client?.send(
        answer,
        (async function* () {
          try {
            yield* files.stream(path, { recycle: true });
          } finally {
            ended.emit('end');
          }
        })(),
      );
      return answer;
    },
    { host: '127.0.0.1', port: 0 },
  );
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
  socket.write('GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n');
  await sleep(300); // as much is read ahead as ever will be
  const answer = Buffer.concat(await socket.toArray());
  assert.ok(answer.subarray(answer.indexOf('\r\n\r\n') + 4).equals(content));
  const leaving = connect(Number(new URL(server.url).port), '127.0.0.1');
  leaving.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
  await once(leaving, 'data');
  const end = once(ended, 'end');
  leaving.destroy();
  await end;
  await server.close();
});

test('memory that is used again holds each chunk until the next but one is asked for', async () => {
  const files = createFiles();
  const path = join(temporaryFolder(), 'large');
  const content = Buffer.alloc(5 * 1024 * 1024 + 17);
  content.forEach((_, index) => (content[index] = index >> 16));
  await files.writeAtomic(path, content);
  for (const recycle of [true, false]) {
    let [at, last] = [100, Buffer.alloc(0)];
    for await (const chunk of files.stream(path, { start: 100, end: content.length - 1, recycle })) {
      assert.ok(content.subarray(at - last.length, at).equals(last), 'the chunk before is still what it was');
      assert.ok(content.subarray(at, at + chunk.length).equals(chunk));
      at += chunk.length;
      last = chunk as Buffer<ArrayBuffer>;
    }
    assert.equal(at, content.length - 1);
  }
});

test('files reads, streams ranges, and keeps to its ceiling', async () => {
  const files = createFiles();
  const folder = temporaryFolder();
  const path = join(folder, 'deep/er/file');
  await files.writeAtomic(path, '0123456789', { mode: 0o600 });
  assert.equal((await files.stat(path))?.mode, 0o600);
  assert.equal(Buffer.from(await files.read(path)).toString(), '0123456789');
  assert.equal((await files.read(path, 10)).length, 10);
  await rejects(files.read(path, 9), 'invalid-input', /at most 9 bytes/);
  const range = async (start?: number, end?: number) => {
    const chunks: Uint8Array[] = [];
    const limits = { ...(start === undefined ? {} : { start }), ...(end === undefined ? {} : { end }) };
    for await (const chunk of files.stream(path, limits)) chunks.push(chunk);
    return Buffer.concat(chunks).toString();
  };
  assert.deepEqual(
    [await range(), await range(3), await range(3, 5), await range(5, 5), await range(8, 99)],
    ['0123456789', '3456789', '34', '', '89'],
  );
  assert.ok((await files.read('/proc/self/stat')).length > 0, 'a file that says it has no size is read to its end');
});

test('files writes whole or not at all, and leaves no temporary file', async () => {
  const files = createFiles();
  const folder = temporaryFolder();
  await files.writeAtomic(join(folder, 'file'), 'old');
  await Promise.all(Array.from({ length: 20 }, (_, index) => files.writeAtomic(join(folder, 'file'), `new${index}`)));
  assert.match(Buffer.from(await files.read(join(folder, 'file'))).toString(), /^new\d+$/);
  await files.makeFolder(join(folder, 'taken'));
  await assert.rejects(files.writeAtomic(join(folder, 'taken'), 'x'), AppError);
  assert.deepEqual(readdirSync(folder), ['file', 'taken']);
});

test('files writes through a pipe and through a link, and replaces neither', async () => {
  const files = createFiles();
  const folder = temporaryFolder();
  const [pipe, link, target] = [join(folder, 'pipe'), join(folder, 'link'), join(folder, 'target')];
  execFileSync('mkfifo', [pipe]);
  const reading = readFile(pipe, 'utf8');
  await files.writeAtomic(pipe, 'through');
  assert.equal(await reading, 'through');
  assert.ok(lstatSync(pipe).isFIFO());
  writeFileSync(target, 'old');
  symlinkSync('target', link);
  await files.writeAtomic(link, 'new');
  assert.equal(await readFile(target, 'utf8'), 'new');
  assert.ok(lstatSync(link).isSymbolicLink());
});

test('files appends, cuts, moves, removes, and names what is missing', async () => {
  const files = createFiles();
  const folder = temporaryFolder();
  const path = join(folder, 'a/file');
  await files.append(path, Buffer.from('ab'));
  await files.append(
    path,
    (async function* () {
      yield Buffer.from('cd');
    })(),
  );
  await files.truncate(path, 3);
  await files.rename(path, join(folder, 'b/moved'));
  assert.equal(Buffer.from(await files.read(join(folder, 'b/moved'))).toString(), 'abc');
  assert.deepEqual(await files.list(folder), ['a', 'b']);
  assert.deepEqual(await files.list(join(folder, 'none')), []);
  assert.equal(await files.stat(join(folder, 'none')), undefined);
  await rejects(files.read(join(folder, 'none')), 'not-found', /no such file/);
  await rejects(files.read(folder), 'invalid-input', /expected a file, found a folder/);
  await files.remove(join(folder, 'none'));
  await files.remove(join(folder, 'b/moved/below'));
  await rejects(
    files.makeFolder(join(folder, 'b/moved/below')),
    'unavailable',
    /below: expected to make a folder there/,
  );
  await files.makeFolder(join(folder, 'a/b/c'));
  await files.makeFolder(join(folder, 'a/b/c'));
  assert.deepEqual(await files.list(join(folder, 'a')), ['b']);
  await files.remove(join(folder, 'a'));
  assert.deepEqual(await files.list(folder), ['b']);
  symlinkSync('b', join(folder, 'link'));
  assert.equal((await files.stat(join(folder, 'link')))?.kind, 'directory');
  assert.equal((await files.stat(join(folder, 'link'), { follow: false }))?.kind, 'symlink');
  assert.equal(await files.readLink(join(folder, 'link')), 'b');
  assert.equal(await files.realPath(join(folder, 'link')), await files.realPath(join(folder, 'b')));
});

test('folders that several writers want at once are made for all of them', async () => {
  const files = createFiles();
  const folder = temporaryFolder();
  const names = Array.from({ length: 40 }, (_, index) => join(folder, 'a/b/c', `${index % 4}`, 'd', `file${index}`));
  await Promise.all(names.map((name) => files.append(name, Buffer.from('x'))));
  for (const name of names) assert.equal((await files.stat(name))?.size, 1);
});

test('folders that the system does not make are refused, and not tried for ever', async (context) => {
  if (process.platform !== 'linux') return context.skip('only Linux has /proc');
  await rejects(createFiles().append('/proc/none/file', Buffer.from('x')), 'unavailable', /expected to make a folder/);
});

test('the file cache gives back what was saved, and nothing of what was damaged', async () => {
  const folder = temporaryFolder();
  const cache = createFileCache(folder);
  await cache.save('key', Buffer.from('value'));
  assert.equal(Buffer.from((await cache.load('key')) ?? []).toString(), 'value');
  assert.equal(await cache.load('other'), undefined);
  const [path = ''] = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.includes('/'));
  for (const damage of ['', 'short', 'x'.repeat(60)]) {
    writeFileSync(join(folder, path), damage);
    assert.equal(await cache.load('key'), undefined);
  }
});

test('the file cache believes nothing that somebody else could have written', async () => {
  const folder = temporaryFolder();
  const cache = createFileCache(folder);
  await cache.save('key', Buffer.from('value'));
  const [name = ''] = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) => path.includes('/'));
  chmodSync(join(folder, name), 0o620);
  assert.equal(await cache.load('key'), undefined);
  chmodSync(join(folder, name), 0o600);
  assert.ok(await cache.load('key'));
});

test('the file cache forgets what was not used for longest when there is too much in it', async () => {
  const folder = temporaryFolder();
  const at = (key: string) => {
    const name = createHash('sha256').update(key).digest('hex');
    return join(folder, name.slice(0, 2), name.slice(2));
  };
  const cache = createFileCache(folder, { bytes: 1000, entries: 4, lookOnceIn: 1 });
  for (const [index, key] of ['a', 'b', 'c', 'd'].entries()) {
    await cache.save(key, Buffer.from(key));
    utimesSync(at(key), index + 1, index + 1);
  }
  // used again, so no longer the oldest
  assert.ok(await cache.load('a'));
  await cache.save('e', Buffer.from('e'));
  const left = async () => {
    const values = await Promise.all(['a', 'b', 'c', 'd', 'e', 'large'].map((key) => cache.load(key)));
    return values.map((value) => Buffer.from(value ?? '').toString()[0] ?? '-').join('');
  };
  assert.equal(await left(), 'a--de-');
  await cache.save('large', Buffer.alloc(700, 'l'));
  assert.equal(await left(), 'a--del');
  await cache.save('large', Buffer.alloc(950, 'l'));
  assert.equal(await left(), 'a--de-');
});

test('a cache that cannot be written is no error', async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'file'), '');
  const cache = createFileCache(join(folder, 'file/cache'));
  await cache.save('key', Buffer.from('value'));
  assert.equal(await cache.load('key'), undefined);
});

test('programs run without a shell, with input, a ceiling and their own exit code', async () => {
  const run = createRunProgram();
  const node = process.execPath;
  const echo = await run(node, ['-e', 'process.stdin.pipe(process.stdout); process.exitCode = 3'], {
    input: '$(id)',
    maxBytes: 100,
  });
  assert.deepEqual(echo, { code: 3, stdout: '$(id)', stderr: '' });
  await rejects(
    run(node, ['-e', 'console.log("x".repeat(1000))'], { maxBytes: 100 }),
    'invalid-input',
    /at most 100 bytes/,
  );
  await rejects(run('no-such-program-here', [], { maxBytes: 1 }), 'not-found', /no such program/);
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'tool'), 'not executable');
  chmodSync(join(folder, 'tool'), 0o600);
  await rejects(run(join(folder, 'tool'), [], { maxBytes: 1 }), 'unavailable', /EACCES/);
});

test('the log is one JSON object per line', () => {
  const lines: string[] = [];
  const log = createLog(
    (line) => void lines.push(line),
    () => new Date(0),
  );
  log.info('start', { a: 'b\nc' });
  log.warn('trouble');
  assert.deepEqual(lines, [
    '{"time":"1970-01-01T00:00:00.000Z","level":"info","event":"start","a":"b\\nc"}\n',
    '{"time":"1970-01-01T00:00:00.000Z","level":"warn","event":"trouble"}\n',
  ]);
});

test('people get warnings alone, each in one line', () => {
  const lines: string[] = [];
  const log = createWarnings((line) => void lines.push(line));
  log.info('start');
  log.warn('registry-wait', { reason: 'a\nb\u001b[2J', seconds: 2 });
  assert.deepEqual(lines, ['plimsoll: registry-wait: reason a b [2J, seconds 2\n']);
});

test('an idle connection is kept for longer than the 90 seconds after which the API server gives it up', async () => {
  const server = await serveHttp(async () => new Response('ok'), { host: '127.0.0.1', port: 0 });
  try {
    const seconds = /timeout=(\d+)/.exec((await fetch(server.url)).headers.get('keep-alive') ?? '')?.[1];
    assert.ok(Number(seconds) > 90, String(seconds));
  } finally {
    await server.close();
  }
});
