/**
 * The authority is killed (kill -9) again and again while entries are logged (AUTHORITY_KILLS times; a few by default). What it
 * acknowledged is in the log where it said, and every tree that it ever promised is a beginning of the last one.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { hashLeaf, hashNode, parseCheckpoint, type Checkpoint } from '../../src/trust/crypto/index.ts';
import { openPlace, type Place } from './program.ts';

const KILLS = Number(process.env.AUTHORITY_KILLS ?? 3);
const CLIENTS = 24;
/** Entries acknowledged between two kills. */
const ENOUGH = 60;
const BUNDLE = 256;

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const spki = publicKey.export({ format: 'der', type: 'spki' }).toString('base64');

interface Acknowledged {
  readonly index: number;
  readonly body: string;
  readonly checkpoint: Checkpoint;
}

async function start(place: Place) {
  const program = join(import.meta.dirname, '../../bin/plimsoll');
  const args = ['authority', 'serve', '--address', '127.0.0.1:0', '--url', 'http://log.example', '--try-out', '--json'];
  const child = spawn(program, args, {
    cwd: place.folder,
    env: place.environment,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const ended = once(child, 'exit');
  let printed = '';
  for await (const chunk of child.stdout) {
    printed += String(chunk);
    if (printed.trimEnd().endsWith('}')) break;
  }
  const { address } = JSON.parse(printed) as { readonly address: string };
  const stop = async (signal: NodeJS.Signals) => {
    child.kill(signal);
    await ended;
  };
  return { address, stop };
}

/** Logs signatures until the connection is cut. */
async function logEntries(address: string, id: string, acknowledged: Acknowledged[]): Promise<void> {
  for (let round = 0; ; round += 1) {
    const content = Buffer.from(`${id} ${round}`);
    const verifier = { publicKey: { rawBytes: spki }, keyDetails: 'PKIX_ECDSA_P256_SHA_256' };
    const signature = { content: sign('sha256', content, privateKey).toString('base64'), verifier };
    const digest = createHash('sha256').update(content).digest('base64');
    const response = await fetch(`${address}/api/v2/log/entries`, {
      method: 'POST',
      body: JSON.stringify({ hashedRekordRequestV002: { digest, signature } }),
    });
    const entry = (await response.json()) as {
      readonly logIndex: string;
      readonly canonicalizedBody: string;
      readonly inclusionProof: { readonly checkpoint: { readonly envelope: string } };
    };
    assert.equal(response.status, 201, JSON.stringify(entry));
    const checkpoint = parseCheckpoint(entry.inclusionProof.checkpoint.envelope, 'checkpoint');
    acknowledged.push({ index: Number(entry.logIndex), body: entry.canonicalizedBody, checkpoint });
  }
}

async function readEntries(address: string, size: number): Promise<readonly Buffer[]> {
  const entries: Buffer[] = [];
  for (let bundle = 0; bundle * BUNDLE < size; bundle += 1) {
    const width = Math.min(BUNDLE, size - bundle * BUNDLE);
    const part = width === BUNDLE ? '' : `.p/${width}`;
    const response = await fetch(`${address}/api/v2/tile/entries/${String(bundle).padStart(3, '0')}${part}`);
    const bytes = Buffer.from(await response.arrayBuffer());
    for (let at = 0; at < bytes.length;) {
      const end = at + 2 + bytes.readUInt16BE(at);
      entries.push(bytes.subarray(at + 2, end));
      at = end;
    }
  }
  return entries;
}

function rootOf(leaves: readonly Uint8Array[]): Uint8Array {
  const [first] = leaves;
  if (first === undefined) return createHash('sha256').digest();
  if (leaves.length === 1) return first;
  let half = 1;
  while (half * 2 < leaves.length) half *= 2;
  return hashNode(rootOf(leaves.slice(0, half)), rootOf(leaves.slice(half)));
}

test('killed again and again under load, it has lost nothing acknowledged and its log never forked', async () => {
  const place = openPlace();
  try {
    const acknowledged: Acknowledged[] = [];
    for (let kill = 0; kill < KILLS; kill += 1) {
      const { address, stop } = await start(place);
      const clients = Promise.allSettled(
        Array.from({ length: CLIENTS }, (_, id) => logEntries(address, `${kill}.${id}`, acknowledged)),
      );
      const enough = acknowledged.length + ENOUGH;
      while (acknowledged.length < enough) await sleep(2);
      await stop('SIGKILL');
      for (const client of await clients) {
        assert.ok(
          client.status === 'rejected' && !(client.reason instanceof assert.AssertionError),
          JSON.stringify(client),
        );
      }
    }
    const { address, stop } = await start(place);
    const head = parseCheckpoint(await (await fetch(`${address}/api/v2/checkpoint`)).text(), 'checkpoint');
    const entries = await readEntries(address, head.size);
    assert.equal(entries.length, head.size);
    const leaves = entries.map(hashLeaf);
    assert.deepEqual(rootOf(leaves), Buffer.from(head.root));
    const roots = new Map<number, Uint8Array>();
    for (const { index, body, checkpoint } of acknowledged) {
      assert.equal(entries[index]?.toString('base64'), body);
      assert.ok(index < checkpoint.size);
      const root = roots.get(checkpoint.size) ?? rootOf(leaves.slice(0, checkpoint.size));
      roots.set(checkpoint.size, root);
      assert.deepEqual(Buffer.from(checkpoint.root), Buffer.from(root), `the tree of ${checkpoint.size}`);
    }
    await stop('SIGTERM');
  } finally {
    place.close();
  }
});
