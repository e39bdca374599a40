import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { AppError, type Files, type Http, type WebHandler } from '../../core/index.ts';
import { createTestPorts, temporaryFolder, TEST_TIME } from '../../io/testing.ts';
import { TileLog, type LogSigner } from '../authority/tile-log.ts';
import {
  findCosignature,
  formatVerifierKey,
  importPkcs8,
  NOTE_KEY_TYPE,
  noteKeyId,
  parseNote,
  parseVerifierKey,
  type CosigningKey,
} from '../crypto/index.ts';
import { fuzz } from '../crypto/testing.ts';
import { createCollector } from './client.ts';
import { parseWitnessPolicy } from './policy.ts';
import { createWitness } from './server.ts';

function createSigner(name: string): LogSigner {
  const signing = createSigning();
  const keyId = noteKeyId(name, NOTE_KEY_TYPE.ed25519, signing.publicKey);
  return { name, origin: name, key: signing.publicKey, keyId, signing };
}

function createSigning() {
  const { privateKey } = generateKeyPairSync('ed25519');
  return importPkcs8(privateKey.export({ format: 'der', type: 'pkcs8' }), 'key');
}

function createKey(name: string): CosigningKey & { readonly vkey: string } {
  const signing = createSigning();
  const { publicKey: key } = signing;
  const type = NOTE_KEY_TYPE.cosignature;
  return { name, key, signing, keyId: noteKeyId(name, type, key), vkey: formatVerifierKey(name, type, key) };
}

const LOG = createSigner('log.example');
const logs = [LOG];

function witnessOf(key: CosigningKey, folder = temporaryFolder()): WebHandler {
  const { files, clock } = createTestPorts();
  return createWitness({ files, clock, folder, key, logs });
}

/** Requests to the witness of a host, without sockets. */
function connect(witnesses: Readonly<Record<string, WebHandler>>): Http {
  return async ({ url, body }) => {
    const handler = witnesses[new URL(url).host];
    if (handler === undefined) throw new AppError('unavailable', `${url}: nobody there`);
    const response = await handler(new Request(url, { method: 'POST', body: Buffer.from(body as Uint8Array) }));
    const headers = new Map([...response.headers].map(([name, value]) => [name, [value]]));
    return { status: response.status, headers, body: response.body ?? new Blob([]).stream() };
  };
}

const silent = { info: () => undefined, warn: () => undefined };

/** A log with witnesses a, b and c of which two must cosign; those that are absent do not answer. */
function setUp(present: readonly string[] = ['a', 'b', 'c']) {
  const keys = ['a', 'b', 'c'].map(createKey);
  const lines = keys.map(({ name, vkey }) => `witness ${name} ${vkey} http://${name}/`);
  const policy = parseWitnessPolicy([...lines, 'group two 2 a b c', 'quorum two'].join('\n'), 'policy');
  const up = new Map(present.map((name) => [name, witnessOf(keys.find((key) => key.name === name) ?? assert.fail())]));
  const http: Http = (request) => connect(Object.fromEntries(up))(request);
  return { keys, policy, up, cosign: createCollector({ http, log: silent }, policy) };
}

const entry = (text: string) => Buffer.from(text);
const unavailable = (expected: RegExp) => (error: unknown) =>
  error instanceof AppError && error.kind === 'unavailable' && expected.test(error.message);

test('a checkpoint is published when a quorum has cosigned it', async () => {
  const { policy, cosign, keys } = setUp();
  const { files, home } = createTestPorts();
  const log = await TileLog.open(files, home, LOG, cosign);
  for (const text of ['one', 'two', 'three']) {
    const { head } = await log.append(entry(text));
    const note = parseNote(head.checkpoint, 'checkpoint');
    assert.ok(policy.isSatisfiedBy(note));
    const times = keys.map((key) => findCosignature(note, key)).filter((time) => time !== undefined);
    assert.deepEqual(new Set(times), new Set([Math.floor(TEST_TIME.getTime() / 1000)]));
    assert.equal(Buffer.from((await log.file('checkpoint')) ?? []).toString(), head.checkpoint);
  }
});

test('without a quorum nothing is promised, and what was settled is promised later', async () => {
  const { policy, cosign, up, keys } = setUp(['a']);
  const { files, home } = createTestPorts();
  let log = await TileLog.open(files, home, LOG, cosign);
  await assert.rejects(log.append(entry('one')), unavailable(/expected a quorum.*http:\/\/b\/add-checkpoint: nobody/));
  assert.equal(log.head.size, 0);
  assert.equal(await log.read(0), undefined);
  log = await TileLog.open(files, home, LOG, cosign);
  assert.equal(log.head.size, 0);
  const [, b = assert.fail()] = keys;
  up.set('b', witnessOf(b));
  const { index, head } = await log.append(entry('two'));
  assert.equal(index, 1, 'the witness has seen the tree with the first entry');
  assert.ok(policy.isSatisfiedBy(parseNote(head.checkpoint, 'checkpoint')));
  assert.equal(Buffer.from((await log.read(0))?.entry ?? []).toString(), 'one');
});

test('what was settled stays when witnesses are wanted no longer, and a second writer is noticed', async () => {
  const { cosign, keys } = setUp(['a']);
  const { files, home } = createTestPorts();
  const first = await TileLog.open(files, home, LOG, cosign);
  await assert.rejects(first.append(entry('one')), unavailable(/expected a quorum/));
  const log = await TileLog.open(files, home, LOG);
  assert.equal((await log.append(entry('two'))).index, 1);
  assert.equal(Buffer.from((await log.read(0))?.entry ?? []).toString(), 'one');
  const second = (error: unknown) =>
    error instanceof AppError && error.kind === 'untrusted-root' && /another process/.test(error.message);
  await assert.rejects(first.append(entry('three')), second);
  const [, b = assert.fail()] = keys;
  assert.equal(findCosignature(parseNote(log.head.checkpoint, 'checkpoint'), b), undefined);
});

test('a crash at any write leaves a log that its witnesses go on with', async () => {
  const { policy, cosign } = setUp();
  const { files, home } = createTestPorts();
  const acknowledged = new Map<number, string>();
  for (let round = 0; round < 31; round += 1) {
    let left = (round * 7) % 31;
    const failing: Files = {
      ...files,
      writeAtomic: async (path, content, options) => {
        left -= 1;
        if (left < 0) throw new AppError('unavailable', 'the power is gone');
        await files.writeAtomic(path, content, options);
      },
    };
    let log: TileLog;
    try {
      log = await TileLog.open(failing, home, LOG, cosign);
    } catch {
      continue;
    }
    const append = async (name: string) => {
      const { index, head } = await log.append(entry(name));
      assert.ok(policy.isSatisfiedBy(parseNote(head.checkpoint, 'checkpoint')));
      acknowledged.set(index, name);
    };
    await Promise.allSettled([append(`${round} a`), append(`${round} b`)]);
    await Promise.allSettled(Array.from({ length: 40 }, (_, at) => append(`${round} ${at}`)));
  }
  const log = await TileLog.open(files, home, LOG, cosign);
  await log.append(entry('last'));
  assert.ok(acknowledged.size > 256);
  for (const [index, name] of acknowledged) {
    assert.equal(Buffer.from((await log.read(index))?.entry ?? []).toString(), name);
  }
});

test('a cosignature that does not verify is no cosignature', async () => {
  const { cosign, up, keys } = setUp(['a']);
  const { files, home } = createTestPorts();
  const [, , c = assert.fail()] = keys;
  up.set('b', witnessOf(c)); // another's key
  const log = await TileLog.open(files, home, LOG, cosign);
  await assert.rejects(log.append(entry('one')), unavailable(/b: answer: expected a cosignature by its key/));
});

/** Checkpoints of a log as it grows, and a request to a witness about them. */
async function growing(signer = LOG) {
  const { files, home } = createTestPorts();
  const log = await TileLog.open(files, home, signer);
  const heads = [log.head.checkpoint];
  for (const text of ['one', 'two', 'three'])
    heads.push((await log.append(entry(`${signer.name} ${text}`))).head.checkpoint);
  const ask = async (witness: WebHandler, older: number, size: number, checkpoint = heads[size] ?? '') => {
    const proof = older <= size ? await log.consistencyProof(older, size) : [];
    const lines = proof.map((hash) => `${Buffer.from(hash).toString('base64')}\n`).join('');
    return await post(witness, `old ${older}\n${lines}\n${checkpoint}`);
  };
  return { heads, ask };
}

async function post(witness: WebHandler, body: string) {
  const answer = await witness(new Request('http://w/add-checkpoint', { method: 'POST', body }));
  return { status: answer.status, type: answer.headers.get('content-type'), body: await answer.text() };
}

test('a witness cosigns what goes on from what it has seen, also after it was started anew', async () => {
  const folder = temporaryFolder();
  const key = createKey('w');
  const { ask, heads } = await growing();
  for (const [older, size] of [
    [0, 1],
    [1, 1],
    [1, 3],
  ] as const) {
    const { status, body } = await ask(witnessOf(key, folder), older, size);
    assert.equal(status, 200, body);
    assert.ok(findCosignature(parseNote(`${heads[size] ?? ''}${body}`, 'note'), key) !== undefined);
  }
  const stale = await ask(witnessOf(key, folder), 0, 3);
  assert.deepEqual(stale, { status: 409, type: 'text/x.tlog.size', body: '3\n' });
});

test('a witness refuses rollback, forks and strangers', async () => {
  const witness = witnessOf(createKey('w'));
  const { ask, heads } = await growing();
  const status = async (answer: ReturnType<typeof ask>) => (await answer).status;
  assert.equal(await status(ask(witness, 0, 2)), 200);
  assert.equal(await status(ask(witness, 2, 1)), 400, 'rollback');
  assert.equal(await status(ask(witness, 1, 1)), 409, 'rollback');
  assert.equal(await status(ask(witness, 2, 2)), 200, 'the same tree');
  const different = await TileLog.open(createTestPorts().files, temporaryFolder(), LOG);
  await different.append(entry('x'));
  const { head } = await different.append(entry('y'));
  assert.equal(await status(ask(witness, 2, 2, head.checkpoint)), 409, 'another root of the same size');
  const { head: longer } = await different.append(entry('z'));
  assert.equal(await status(ask(witness, 2, 3, longer.checkpoint)), 422, 'another history');
  assert.equal(await status(ask(witness, 2, 3, (heads[3] ?? '').replaceAll('log.example', 'no.example'))), 404);
  const stranger = await growing(createSigner('log.example'));
  assert.equal(await status(stranger.ask(witness, 2, 3)), 403, 'another key');
  for (const body of ['', 'old 0\n', 'old -1\n\n', `old 0\nAAAA\n\n${heads[1] ?? ''}`, 'old 0\n\nnothing']) {
    assert.equal((await post(witness, body)).status, 400, body);
  }
  assert.equal(await status(ask(witness, 2, 3)), 200, 'and goes on');
});

test('of two histories at once a witness cosigns one', async () => {
  const witness = witnessOf(createKey('w'));
  const [one, other] = [await growing(), await TileLog.open(createTestPorts().files, temporaryFolder(), LOG)];
  const { head } = await other.append(entry('other'));
  const answers = await Promise.all([one.ask(witness, 0, 1), one.ask(witness, 0, 1, head.checkpoint)]);
  assert.deepEqual(
    answers.map(({ status }) => status),
    [200, 409],
  );
});

test('policies are read with groups, and refused where they could be met by fewer', async () => {
  const [a, b, c] = ['a', 'b', 'c'].map(createKey);
  const line = (key: typeof a, name = key?.name) => `witness ${name} ${key?.vkey}`;
  const text = `# ours\nlog l\n${line(a)}\n${line(b)} https://b/ # theirs\n${line(c)}\ngroup g any a b\ngroup h all g c\nquorum h\n`;
  const policy = parseWitnessPolicy(text, 'policy');
  assert.deepEqual(
    policy.witnesses.map(({ name, url }) => [name, url]),
    [
      ['a', undefined],
      ['b', 'https://b'],
      ['c', undefined],
    ],
  );
  assert.ok(parseWitnessPolicy('quorum none', 'policy').isSatisfiedBy(parseNote('text\n\n', 'note')));
  for (const [lines, expected] of [
    ['', /a line "quorum NAME"/],
    [`${line(a)}\n${line(a, 'again')}\nquorum a`, /line 2: expected each key once/],
    [`${line(a)}\ngroup g 2 a a\nquorum g`, /each member once/],
    [`${line(a)}\ngroup g 2 a\nquorum g`, /1 to 1 of the members/],
    [`${line(a)}\ngroup g 0 a\nquorum g`, /1 to 1 of the members/],
    [`group g any a\n${line(a)}\nquorum g`, /a witness or group of a line before/],
    [`${line(a)}\nquorum a\nquorum none`, /expected one quorum/],
    [`${line(a, 'any')}\nquorum any`, /a name of its own/],
    [`wtness a b`, /expected witness, group, quorum or log/],
    [`witness a ${a?.vkey.replace(/^a\+/, 'b+')}`, /expected the hint/],
    [`witness a ${formatVerifierKey('a', NOTE_KEY_TYPE.ed25519, LOG.key)}`, /of type 4/],
  ] as const) {
    assert.throws(
      () => parseWitnessPolicy(lines, 'policy'),
      (error: unknown) => error instanceof AppError && error.kind === 'invalid-input' && expected.test(error.message),
      lines,
    );
  }
});

test('a verifier key is read as it is written', () => {
  const { name, key, keyId, vkey } = createKey('witness.example/one');
  const read = parseVerifierKey(vkey, NOTE_KEY_TYPE.cosignature, 'key');
  assert.deepEqual([read.name, read.keyId, read.key.spki], [name, keyId, key.spki]);
  // C2SP signed-note gives this one as an example
  const example = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW';
  assert.equal(parseVerifierKey(example, NOTE_KEY_TYPE.ed25519, 'key').name, 'PeterNeumann');
});

test('hostile policies and requests are refused, whatever they are', async () => {
  const [a = assert.fail()] = ['a'].map(createKey);
  const policy = Buffer.from(`witness a ${a.vkey} https://a.test\ngroup g 1 a\nquorum g\n`);
  fuzz(policy, (bytes) => parseWitnessPolicy(Buffer.from(bytes).toString('latin1'), 'policy'));
  const witness = witnessOf(a);
  const { heads } = await growing();
  const request = Buffer.from(`old 0\n\n${heads[1]}`);
  const mutated = fc.record({ at: fc.nat(request.length), put: fc.uint8Array({ minLength: 1, maxLength: 6 }) });
  const hostile = fc.asyncProperty(mutated, async ({ at, put }) => {
    const body = Buffer.concat([request.subarray(0, at), put, request.subarray(at + put.length)]);
    const { status } = await post(witness, body.toString('latin1'));
    assert.ok([200, 400, 403, 404, 409, 422].includes(status), String(status));
  });
  await fc.assert(hostile, { numRuns: 300 });
});
