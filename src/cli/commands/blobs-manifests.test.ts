/** The commands for single blobs and manifests, and validate, from words to exit codes. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { createTestRegistry } from '../../app/testing.ts';
import { createHandlerHttp } from '../../artifacts/testing.ts';
import { AppError, digestOf, type WebHandler } from '../../core/index.ts';
import { createTestPorts } from '../../io/testing.ts';
import { main } from '../main.ts';

const HOST = 'localhost:5000';
const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';

function setUp(wrap: (registry: WebHandler) => WebHandler = (registry) => registry) {
  const plain = createTestPorts();
  const ports = { ...plain, http: createHandlerHttp({ [HOST]: wrap(createTestRegistry(plain)) }) };
  const at = (name: string) => join(ports.home, name);
  const runWith = async (input: string, ...words: readonly string[]) => {
    const written = { stdout: '', stderr: '' };
    const refuse = async () => {
      throw new AppError('internal', 'not in this test');
    };
    const rim = {
      ports,
      streams: {
        write: (content: Uint8Array | string) => (written.stdout += Buffer.from(content).toString()),
        writeError: (text: string) => (written.stderr += text),
        isTerminal: false,
        isErrorTerminal: false,
      },
      signal: new AbortController().signal,
      readInput: async () => new TextEncoder().encode(input),
      streamInput: async function* () {
        yield new TextEncoder().encode(input);
      },
      confirm: refuse,
      createHandler: refuse,
      askSecret: refuse,
    };
    const code = await main(
      words,
      async () => rim,
      (text) => (written.stderr += text),
    );
    return { code, ...written };
  };
  const run = (...words: readonly string[]) => runWith('', ...words);
  const read = async (name: string) => new TextDecoder().decode(await ports.files.read(at(name)));
  return { ports, at, run, runWith, read };
}

/** Pushes the blob `{}` and gives a manifest that names it. */
async function pushEmpty({ ports, at, run }: ReturnType<typeof setUp>): Promise<string> {
  await ports.files.writeAtomic(at('empty.json'), '{}');
  assert.equal((await run('blob', 'push', `${HOST}/app`, at('empty.json'))).code, 0);
  const config = { mediaType: 'application/vnd.oci.empty.v1+json', digest: digestOf('{}'), size: 2 };
  return JSON.stringify({ schemaVersion: 2, mediaType: MANIFEST, artifactType: 'a/b', config, layers: [config] });
}

test('a blob is pushed and fetched back, to standard output or into a file', async () => {
  const { ports, at, run, read } = setUp();
  await ports.files.writeAtomic(at('x'), 'hello');
  const reference = `${HOST}/app@${digestOf('hello')}`;
  assert.equal((await run('blob', 'push', `${HOST}/app`, at('x'))).stdout, `${reference}\n`);
  assert.deepEqual(await run('blob', 'fetch', reference), { code: 0, stdout: 'hello', stderr: '' });
  assert.equal((await run('blob', 'fetch', reference, '-o', at('y'))).stdout, `${reference}\n`);
  assert.equal(await read('y'), 'hello');
  const { stdout } = await run('blob', 'fetch', '--descriptor', reference);
  assert.deepEqual(JSON.parse(stdout), { mediaType: 'application/octet-stream', digest: digestOf('hello'), size: 5 });
  const typed = await run('blob', 'push', reference, at('x'), '--media-type', 'text/plain', '--descriptor');
  assert.deepEqual(JSON.parse(typed.stdout), { mediaType: 'text/plain', digest: digestOf('hello'), size: 5 });
});

test('a blob that is not what its digest says leaves no file and does not exit with 0', async () => {
  const { ports, at, run } = setUp((registry) => async (request) => {
    const response = await registry(request);
    const isBlob = request.method === 'GET' && request.url.includes('/blobs/');
    return isBlob ? new Response('jello', { headers: response.headers }) : response;
  });
  await ports.files.writeAtomic(at('x'), 'hello');
  await run('blob', 'push', `${HOST}/app`, at('x'));
  const reference = `${HOST}/app@${digestOf('hello')}`;
  assert.equal((await run('blob', 'fetch', reference)).code, 3);
  assert.equal((await run('blob', 'fetch', reference, '-o', at('y'))).code, 3);
  assert.deepEqual(
    (await ports.files.list(ports.home)).filter((name) => name.startsWith('y')),
    [],
  );
});

test('blobs without a digest, that are absent, of unknown size, or of another digest are refused', async () => {
  const { ports, at, run } = setUp();
  await ports.files.writeAtomic(at('x'), 'hello');
  await run('blob', 'push', `${HOST}/app`, at('x'));
  assert.equal((await run('blob', 'fetch', `${HOST}/app:v1`)).code, 2);
  assert.equal((await run('blob', 'fetch', `${HOST}/app@${digestOf('other')}`)).code, 4);
  assert.equal((await run('blob', 'push', `${HOST}/app@${digestOf('other')}`, at('x'))).code, 3);
  assert.equal((await run('blob', 'push', `${HOST}/app`, at('none'))).code, 4);
  assert.equal((await run('blob', 'push', `${HOST}/app`, ports.home)).code, 3);
  const silent = setUp(() => async () => new Response(null, { status: 200 }));
  const { code, stderr } = await silent.run('blob', 'fetch', `${HOST}/app@${digestOf('hello')}`);
  assert.equal(code, 3);
  assert.match(stderr, /expected its size/);
});

test('a manifest is pushed and fetched back byte for byte; manifest alone is still a command', async () => {
  const all = setUp();
  const { ports, at, run, runWith, read } = all;
  const text = ` ${await pushEmpty(all)}\n`;
  await ports.files.writeAtomic(at('m.json'), text);
  const reference = `${HOST}/app@${digestOf(text)}`;
  assert.equal((await run('manifest', 'push', `${HOST}/app:v1`, at('m.json'))).stdout, `${reference}\n`);
  assert.equal((await run('manifest', `${HOST}/app:v1`)).stdout, text);
  assert.equal((await run('manifest', 'fetch', `${HOST}/app:v1`)).stdout, text);
  assert.equal((await run('manifest', 'fetch', reference, '-o', at('n.json'))).code, 0);
  assert.equal(await read('n.json'), text);
  const { stdout } = await run('manifest', 'fetch', '--descriptor', reference);
  const descriptor = { mediaType: MANIFEST, digest: digestOf(text), size: text.length, artifactType: 'a/b' };
  assert.deepEqual(JSON.parse(stdout), descriptor);
  assert.equal((await run('manifest', 'push', `${HOST}/app:a,b`, at('m.json'))).stdout, `${reference}\n`);
  assert.equal((await runWith(`${text} `, 'manifest', 'push', `${HOST}/app`, '-')).code, 0);
  assert.equal((await run('tags', `${HOST}/app`)).stdout, 'a\nb\nv1\n');
  assert.equal((await run('catalog', HOST, '--full-ref')).stdout, `${HOST}/app\n`);
});

test('a manifest takes its type from the flag, from itself, or from its form', async () => {
  const all = setUp();
  const manifest = await pushEmpty(all);
  const push = async (text: string, ...words: readonly string[]) =>
    await all.runWith(text, 'manifest', 'push', `${HOST}/app`, '-', '--descriptor', ...words);
  const typeOf = (stdout: string) => (JSON.parse(stdout) as { mediaType: string }).mediaType;
  const untyped = manifest.replace(`"mediaType":"${MANIFEST}",`, '');
  assert.equal(typeOf((await push(untyped)).stdout), MANIFEST);
  assert.match(typeOf((await push('{"schemaVersion":2,"manifests":[]}')).stdout), /image\.index/);
  const docker = 'application/vnd.docker.distribution.manifest.v2+json';
  assert.equal(typeOf((await push(untyped, '--media-type', docker)).stdout), docker);
  assert.equal((await push(manifest, '--media-type', docker)).code, 3);
});

test('what is no manifest, or not of the digest, is not pushed', async () => {
  const all = setUp();
  const manifest = await pushEmpty(all);
  const push = async (text: string, reference: string) =>
    (await all.runWith(text, 'manifest', 'push', reference, '-')).code;
  for (const text of ['', '[]', 'text', '{"schemaVersion":1}', '{"layers":[],"manifests":[]}']) {
    assert.equal(await push(text, `${HOST}/app:v1`), 3, text);
  }
  assert.equal(await push(manifest, `${HOST}/app:v1@${digestOf('other')}`), 3);
  assert.equal((await all.run('manifest', 'push', `${HOST}/app:v1`, all.at('none'))).code, 4);
  assert.notEqual((await all.run('manifest', 'fetch', `${HOST}/app:v1`)).code, 0);
});

test('validate says PASS and exits with 0, or says what is wrong and exits with 1', async () => {
  let content: string | undefined;
  const all = setUp((registry) => async (request) => {
    const isBlob = request.method === 'GET' && request.url.includes('/blobs/');
    return isBlob && content !== undefined ? new Response(content) : await registry(request);
  });
  const reference = `${HOST}/app:v1`;
  await all.runWith(await pushEmpty(all), 'manifest', 'push', reference, '-');
  assert.deepEqual(await all.run('validate', '--remote', reference), {
    code: 0,
    stdout: `PASS: ${reference}\n`,
    stderr: '',
  });
  content = '[]';
  const { code, stdout } = await all.run('validate', '--remote', reference);
  assert.equal(code, 1);
  assert.match(stdout, /^FAIL: localhost:5000\/app:v1: .*expected its digest.*\n$/);
  assert.equal((await all.run('validate', '--remote', `${HOST}/app:v2`)).code, 4);
  assert.equal((await all.run('validate')).code, 2);
});

test('deletion asks first, warns of what refers to it, and takes a missing thing for deleted only when forced', async () => {
  const all = setUp();
  const text = await pushEmpty(all);
  const reference = `${HOST}/app:v1`;
  await all.runWith(text, 'manifest', 'push', reference, '-');
  const subject = { mediaType: MANIFEST, digest: digestOf(text), size: text.length };
  const referrer = JSON.stringify({ ...(JSON.parse(text) as object), subject });
  await all.runWith(referrer, 'manifest', 'push', `${HOST}/app`, '-');
  assert.notEqual((await all.run('manifest', 'delete', reference)).code, 0);
  assert.equal((await all.run('digest', reference)).code, 0);
  const deleted = await all.run('manifest', 'delete', '--force', reference);
  assert.deepEqual([deleted.code, deleted.stdout], [0, `Deleted ${reference}\n`]);
  assert.match(deleted.stderr, new RegExp(`^${digestOf(referrer)} refers to it and will dangle`));
  assert.equal((await all.run('manifest', 'delete', reference)).code, 4);
  assert.deepEqual(await all.run('manifest', 'delete', '-f', reference), {
    code: 0,
    stdout: `Missing ${reference}\n`,
    stderr: '',
  });
  assert.equal((await all.run('manifest', 'delete', '-f', `${HOST}/app`)).code, 2);
  assert.equal((await all.run('manifest', 'fetch', `${HOST}/app@${digestOf(referrer)}`)).code, 0);
});

test('a blob is deleted by its digest only', async () => {
  const all = setUp();
  await pushEmpty(all);
  const reference = `${HOST}/app@${digestOf('{}')}`;
  assert.equal((await all.run('blob', 'delete', '-f', `${HOST}/app:v1`)).code, 2);
  const { stdout } = await all.run('blob', 'delete', '-f', '--descriptor', reference);
  assert.equal((JSON.parse(stdout) as { size: number }).size, 2);
  assert.equal((await all.run('blob', 'fetch', reference)).code, 4);
});

test('a blob and an image come from standard input and go to standard output', async () => {
  const all = setUp();
  assert.equal((await all.runWith('hello', 'blob', 'push', `${HOST}/app`, '-')).code, 0);
  const reference = `${HOST}/app@${digestOf('hello')}`;
  assert.equal((await all.run('blob', 'fetch', reference)).stdout, 'hello');
  await all.runWith(await pushEmpty(all), 'manifest', 'push', `${HOST}/app:v1`, '-');
  const archive = await all.run('pull', '--format', 'oci', `${HOST}/app:v1`, '-');
  assert.equal((await all.runWith(archive.stdout, 'push', '-', `${HOST}/back:v1`)).code, 0);
  const [one, two] = [await all.run('digest', `${HOST}/app:v1`), await all.run('digest', `${HOST}/back:v1`)];
  assert.equal(one.stdout, two.stdout);
  assert.deepEqual(await all.ports.files.list(all.ports.settings.cacheDir), []);
});
