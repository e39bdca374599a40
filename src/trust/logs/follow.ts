/**
 * Follows a signature log as its public does: that its checkpoint is signed by a trusted key, that it only ever grows, and what is new
 * in it. Rekor version 2 is checked from its tiles down to each entry; version 1 by the proofs that it gives.
 */
import { AppError, arrayOf, mapOf, natural, object, string, type Http } from '../../core/index.ts';
import { exchange, jsonOf, postJson, refusal } from '../clients/exchange.ts';
import {
  decodeBase64,
  findNoteFault,
  HASH_BYTES,
  hashLeaf,
  isConsistent,
  isEqualBytes,
  isIncluded,
  MAX_PROOF_HASHES,
  parseCheckpoint,
  type Checkpoint,
} from '../crypto/index.ts';
import type { TransparencyLog, TrustedRoot } from '../roots/trusted-root.ts';
import { findLogName } from './entry.ts';
import { TILE_WIDTH, tilePath, TreeReader } from './tree.ts';

export interface FollowedTree {
  readonly size: number;
  readonly root: Uint8Array;
}

export interface LogFollower {
  /** The newest checkpoint, signed by a trusted log. Throws `untrusted-root` when it is not. */
  head(signal?: AbortSignal): Promise<Checkpoint>;
  /** Whether the tree of the checkpoint goes on from the older one. */
  continues(older: FollowedTree, head: Checkpoint, signal?: AbortSignal): Promise<boolean>;
  /** Entries of the checkpoint's tree, in order, each proven to stand there. Throws `untrusted-root` for one that does not. */
  entries(head: Checkpoint, from: number, signal?: AbortSignal): AsyncIterable<Uint8Array>;
}

const WHAT = 'transparency log';
/** Entries of one answer of version 1. */
const BATCH = 10;

export function followLog(
  http: Http,
  log: { readonly url: string; readonly version: 1 | 2 },
  trusted: TrustedRoot,
): LogFollower {
  const base = log.url.replace(/\/$/, '');
  return log.version === 2 ? followTiles(http, base, trusted) : followVersion1(http, base, trusted);
}

function followTiles(http: Http, base: string, trusted: TrustedRoot): LogFollower {
  const get = async (path: string, signal?: AbortSignal): Promise<Uint8Array | undefined> => {
    const url = `${base}/api/v2/${path}`;
    const answer = await exchange(http, WHAT, { url, signal });
    if (answer.status === 404) return undefined;
    if (answer.status !== 200) throw refusal(answer, WHAT, url);
    return answer.bytes;
  };
  /** A part may be gone when the whole is there. */
  const getTile = async (kind: string, index: number, width: number, signal?: AbortSignal): Promise<Uint8Array> => {
    const path = `tile/${kind}/${tilePath(index)}`;
    const part = width === TILE_WIDTH ? undefined : await get(`${path}.p/${width}`, signal);
    const found = part ?? (await get(path, signal));
    if (found === undefined) throw new AppError('unavailable', `${WHAT} at ${base}: expected ${path}, found nothing`);
    return found;
  };
  const readerOf = (size: number, signal?: AbortSignal) => {
    const tiles = new Map<string, Promise<Uint8Array>>();
    return new TreeReader(size, async (level, index, width) => {
      const key = `${level}/${index}`;
      const tile = tiles.get(key) ?? getTile(String(level), index, width, signal);
      tiles.set(key, tile);
      const hashes = await tile;
      if (hashes.length < width * HASH_BYTES)
        throw damaged(base, `${width} hashes in tile ${key}`, `${hashes.length} bytes`);
      return hashes.subarray(0, width * HASH_BYTES);
    });
  };
  return {
    head: async (signal) => {
      const text = await get('checkpoint', signal);
      if (text === undefined) throw new AppError('not-found', `${WHAT} at ${base}: no checkpoint`);
      return trustedCheckpoint(new TextDecoder().decode(text), base, trusted);
    },
    continues: async (older, head, signal) => {
      if (older.size > head.size) return false;
      const reader = readerOf(head.size, signal);
      if (!isEqualBytes(await reader.root(), head.root)) return false;
      return isConsistent(older, head, await reader.consistencyProof(older.size));
    },
    entries: async function* (head, from, signal) {
      const reader = readerOf(head.size, signal);
      for (let index = from; index < head.size;) {
        const bundle = Math.floor(index / TILE_WIDTH);
        const width = Math.min(TILE_WIDTH, head.size - bundle * TILE_WIDTH);
        const entries = splitEntries(await getTile('entries', bundle, width, signal));
        for (; index < bundle * TILE_WIDTH + width; index += 1) {
          const entry = entries[index % TILE_WIDTH] ?? new Uint8Array();
          const leaf = { index, hash: hashLeaf(entry) };
          if (!isIncluded(leaf, await reader.inclusionProof(index), head))
            throw damaged(base, `entry ${index} as its checkpoint has it`, 'another');
          yield entry;
        }
      }
    },
  };
}

function splitEntries(bytes: Uint8Array): readonly Uint8Array[] {
  const entries: Uint8Array[] = [];
  for (let at = 0; at + 2 <= bytes.length && entries.length < TILE_WIDTH;) {
    const start = at + 2;
    at = start + (bytes[at] ?? 0) * 256 + (bytes[at + 1] ?? 0);
    entries.push(bytes.subarray(start, at));
  }
  return entries;
}

const state = object({ signedTreeHead: string, treeSize: natural });
const proof = object({ rootHash: string, hashes: arrayOf(string, MAX_PROOF_HASHES) });
const found = arrayOf(
  mapOf(
    object({
      body: string,
      logIndex: natural,
      verification: object({
        inclusionProof: object({
          hashes: arrayOf(string, MAX_PROOF_HASHES),
          logIndex: natural,
          treeSize: natural,
          rootHash: string,
        }),
      }),
    }),
  ),
  BATCH,
);

function followVersion1(http: Http, base: string, trusted: TrustedRoot): LogFollower {
  const getJson = async (path: string, signal?: AbortSignal) => {
    const url = `${base}/api/v1/${path}`;
    return jsonOf(await exchange(http, WHAT, { url, signal }), WHAT, url);
  };
  const prove = async (first: number, last: number, signal?: AbortSignal) =>
    proof(await getJson(`log/proof?firstSize=${first}&lastSize=${last}`, signal), 'proof').hashes.map(fromHex);
  return {
    head: async (signal) => trustedCheckpoint(state(await getJson('log', signal), 'log').signedTreeHead, base, trusted),
    continues: async (older, head, signal) => {
      if (older.size > head.size) return false;
      const hashes = older.size === 0 || older.size === head.size ? [] : await prove(older.size, head.size, signal);
      return isConsistent(older, head, hashes);
    },
    entries: async function* (head, from, signal) {
      for (let index = from; index < head.size;) {
        const logIndexes = Array.from({ length: Math.min(BATCH, head.size - index) }, (_, at) => index + at);
        const url = `${base}/api/v1/log/entries/retrieve`;
        const answer = await postJson(http, WHAT, url, { logIndexes }, { signal });
        const entries = found(jsonOf(answer, WHAT, url), url).flatMap((entry) => Object.values(entry));
        for (; index <= (logIndexes.at(-1) ?? 0); index += 1) {
          const entry = entries.find(({ logIndex }) => logIndex === index);
          if (entry === undefined) throw damaged(base, `entry ${index}`, 'none');
          const { hashes, logIndex, treeSize, rootHash } = entry.verification.inclusionProof;
          const body = decodeBase64(entry.body, `entry ${index}`);
          const tree = { size: treeSize, root: fromHex(rootHash) };
          const isThere = isIncluded({ index: logIndex, hash: hashLeaf(body) }, hashes.map(fromHex), tree);
          // the proof is in whatever tree was newest: that one must go on from the checkpoint's, or lead to it
          const isSame = treeSize === head.size && isEqualBytes(tree.root, head.root);
          const isLater =
            !isSame && treeSize > head.size && isConsistent(head, tree, await prove(head.size, treeSize, signal));
          if (!isThere || !(isSame || isLater))
            throw damaged(base, `entry ${index} as its checkpoint has it`, 'another');
          yield body;
        }
      }
    },
  };
}

function trustedCheckpoint(text: string, base: string, trusted: TrustedRoot): Checkpoint {
  const checkpoint = parseCheckpoint(text, `checkpoint of ${base}`);
  const isSigned = (log: TransparencyLog) => {
    const name = findLogName(log, checkpoint.origin);
    return name !== undefined && findNoteFault(checkpoint.note, { ...log, name }) === undefined;
  };
  if (!trusted.logs.some(isSigned))
    throw damaged(base, 'a checkpoint signed by a log of the trusted root', `one of ${checkpoint.origin}`);
  // nobody needs to have seen an empty log
  if (checkpoint.size > 0 && trusted.witnesses?.isSatisfiedBy(checkpoint.note) === false)
    throw damaged(
      base,
      'a checkpoint that the wanted witnesses cosigned',
      `one of ${checkpoint.size} entries by too few`,
    );
  return checkpoint;
}

function fromHex(hex: string): Uint8Array {
  return Buffer.from(hex, 'hex');
}

function damaged(base: string, expected: string, actual: string): AppError {
  return new AppError('untrusted-root', `${WHAT} at ${base}: expected ${expected}, found ${actual}`);
}
