import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { join } from 'node:path';
import { test } from 'node:test';
import { AppError, type Files } from '../../core/index.ts';
import { createTestPorts } from '../../io/testing.ts';
import { hashLeaf, importPkcs8, isConsistent, isIncluded, NOTE_KEY_TYPE, noteKeyId } from '../crypto/index.ts';
import { TileLog, type LogSigner } from './tile-log.ts';

function createSigner(name = 'log.example'): LogSigner {
  const { privateKey } = generateKeyPairSync('ed25519');
  const signing = importPkcs8(privateKey.export({ format: 'der', type: 'pkcs8' }), 'key');
  const key = signing.publicKey;
  return { name, origin: name, key, keyId: noteKeyId(name, NOTE_KEY_TYPE.ed25519, key), signing };
}

const entry = (index: number) => Buffer.from(`entry ${index}`);

test('entries are acknowledged with a proof, read back, and there after opening anew', async () => {
  const { files, home } = createTestPorts();
  const signer = createSigner();
  let log = await TileLog.open(files, home, signer);
  for (const count of [1, 3, 260, 250]) {
    const { size } = log.head;
    const appended = await Promise.all(
      Array.from({ length: count }, (_, at) => log.append(entry(size + at), Buffer.from(`extra ${size + at}`))),
    );
    for (const [at, { index, head, proof }] of appended.entries()) {
      assert.equal(index, size + at);
      assert.ok(isIncluded({ index, hash: hashLeaf(entry(index)) }, proof, head));
    }
    log = await TileLog.open(files, home, signer);
    assert.equal(log.head.size, size + count);
  }
  for (const index of [0, 3, 255, 256, 257, 511, 512, 513]) {
    const kept = await log.read(index);
    assert.equal(Buffer.from(kept?.entry ?? []).toString(), `entry ${index}`);
    assert.equal(Buffer.from(kept?.extra ?? []).toString(), `extra ${index}`);
    assert.ok(isIncluded({ index, hash: hashLeaf(entry(index)) }, await log.inclusionProof(index), log.head));
  }
  assert.equal(await log.read(514), undefined);
  assert.equal((await log.file('tile/0/001'))?.length, 256 * 32);
  assert.equal((await log.file('tile/0/002.p/2'))?.length, 64);
  assert.equal(await log.file('tile/0/001.p/4'), undefined, 'parts go when the tile is whole');
  for (const path of ['tile/0/../../checkpoint', 'tile/0/1', 'extra/000', 'tile/9/000']) {
    assert.equal(await log.file(path), undefined, path);
  }
});

test('a crash at any write loses nothing acknowledged and never forks', async () => {
  const { files, home } = createTestPorts();
  const signer = createSigner();
  const heads: { readonly size: number; readonly root: Uint8Array }[] = [];
  const acknowledged = new Map<number, string>();
  for (let round = 0; round < 29; round += 1) {
    let left = (round * 7) % 29;
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
      log = await TileLog.open(failing, home, signer);
    } catch {
      continue;
    }
    const append = async (name: string) => {
      const { index, head } = await log.append(Buffer.from(name));
      acknowledged.set(index, name);
      heads.push(head);
    };
    await Promise.allSettled([append(`${round} a`), append(`${round} b`)]);
    await Promise.allSettled(Array.from({ length: 40 }, (_, at) => append(`${round} ${at}`)));
  }
  const log = await TileLog.open(files, home, signer);
  assert.ok(acknowledged.size > 256);
  for (const [index, name] of acknowledged) {
    assert.equal(Buffer.from((await log.read(index))?.entry ?? []).toString(), name);
  }
  for (const head of heads) {
    assert.ok(isConsistent(head, log.head, await log.consistencyProof(head.size)), `${head.size}`);
  }
});

test('what is not its own work is not gone on with', async () => {
  const { files, home } = createTestPorts();
  const signer = createSigner();
  const log = await TileLog.open(files, home, signer);
  await log.append(entry(0));
  const open = (other = signer) => TileLog.open(files, home, other);
  const refused = (expected: RegExp) => (error: unknown) =>
    error instanceof AppError && error.kind === 'untrusted-root' && expected.test(error.message);
  await assert.rejects(open(createSigner()), refused(/by its key/));
  await assert.rejects(open({ ...signer, origin: 'other.example' }), refused(/checkpoint of other.example/));
  const second = await open();
  await second.append(entry(1));
  await assert.rejects(log.append(entry(2)), refused(/does another process write/));
  await files.writeAtomic(join(home, 'tile/0/000.p/2'), Buffer.alloc(64));
  await assert.rejects(open(), refused(/tiles of its checkpoint/));
});

test('an entry that no bundle can hold is refused', async () => {
  const { files, home } = createTestPorts();
  const log = await TileLog.open(files, home, createSigner());
  assert.throws(() => log.append(new Uint8Array(65_536)), /at most 65535 bytes/);
  assert.equal((await log.append(new Uint8Array(65_535))).index, 0);
});
