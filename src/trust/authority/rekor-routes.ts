/** Rekor's endpoints over tile logs: version 2 as tiles (C2SP tlog-tiles), version 1 as clients still call it. */
import { createHash } from 'node:crypto';
import { AppError, arrayOf, object, optional, string, type Clock } from '../../core/index.ts';
import { encodeBase64, formatPublicKey, hashLeaf } from '../crypto/index.ts';
import { content, json, problem, readJson, text, type Route } from './http.ts';
import { readEntryV1, readEntryV2 } from './rekor-entries.ts';
import type { Appended, LogHead, LogSigner, TileLog } from './tile-log.ts';

export interface Rekor2Services {
  readonly log: TileLog;
  readonly signer: LogSigner;
}

export function rekor2Routes({ log, signer }: Rekor2Services): readonly Route[] {
  return [
    {
      method: 'POST',
      path: /^\/api\/v2\/log\/entries$/,
      answer: async ({ request }) => {
        const { kind, version, body } = readEntryV2(await readJson(request));
        const appended = await log.append(body);
        return json(201, {
          logIndex: String(appended.index),
          logId: { keyId: encodeBase64(signer.keyId) },
          kindVersion: { kind, version },
          inclusionProof: {
            logIndex: String(appended.index),
            rootHash: encodeBase64(appended.head.root),
            treeSize: String(appended.head.size),
            hashes: appended.proof.map(encodeBase64),
            checkpoint: { envelope: appended.head.checkpoint },
          },
          canonicalizedBody: encodeBase64(body),
        });
      },
    },
    {
      method: 'GET',
      path: /^\/api\/v2\/(checkpoint|tile\/.+)$/,
      answer: async ({ parts: [path = ''] }) => {
        const bytes = await log.file(path);
        if (bytes === undefined) return problem(404, `no ${path}`);
        if (path === 'checkpoint') return text(new TextDecoder().decode(bytes));
        return content(bytes, 'application/octet-stream', { 'cache-control': 'public, max-age=31536000, immutable' });
      },
    },
  ];
}

export interface Rekor1Services extends Rekor2Services {
  readonly clock: Clock;
  /** Sixteen hex digits that tell this tree from others. */
  readonly treeId: string;
}

const MAX_SEARCHED = 100;
const search = object({
  logIndexes: optional(arrayOf((value: unknown) => Number(value), MAX_SEARCHED)),
  entryUUIDs: optional(arrayOf(string, MAX_SEARCHED)),
  /** As they were proposed. */
  entries: optional(arrayOf(readEntryV1, MAX_SEARCHED)),
});

export async function rekor1Routes(services: Rekor1Services): Promise<readonly Route[]> {
  const { log, signer, treeId } = services;
  const entries = await Entries.open(services);
  const found = (entry: unknown, name: string) =>
    entry === undefined ? problem(404, `no entry ${name}`) : json(200, entry);
  return [
    {
      method: 'POST',
      path: /^\/api\/v1\/log\/entries$/,
      answer: async ({ request }) => await entries.add(readEntryV1(await readJson(request))),
    },
    {
      method: 'GET',
      path: /^\/api\/v1\/log\/entries\/([0-9a-f]{64}|[0-9a-f]{80})$/,
      answer: async ({ parts: [uuid = ''] }) => found(await entries.findByUuid(uuid), uuid),
    },
    {
      method: 'GET',
      path: /^\/api\/v1\/log\/entries$/,
      answer: async ({ url }) => {
        const index = url.searchParams.get('logIndex') ?? '';
        if (!/^\d{1,15}$/.test(index)) throw new AppError('invalid-input', 'logIndex: expected a number');
        return found(await entries.find(Number(index)), index);
      },
    },
    {
      method: 'POST',
      path: /^\/api\/v1\/log\/entries\/retrieve$/,
      answer: async ({ request }) => {
        const { logIndexes = [], entryUUIDs = [], entries: proposed = [] } = search(await readJson(request), 'body');
        const all = [
          ...logIndexes.map((index) => entries.find(index)),
          ...[...entryUUIDs, ...proposed.map(leafHex)].map((uuid) => entries.findByUuid(uuid)),
        ];
        return json(
          200,
          (await Promise.all(all)).filter((entry) => entry !== undefined),
        );
      },
    },
    {
      method: 'GET',
      path: /^\/api\/v1\/log\/publicKey$/,
      answer: () =>
        new Response(formatPublicKey(signer.key), { headers: { 'content-type': 'application/x-pem-file' } }),
    },
    { method: 'GET', path: /^\/api\/v1\/log$/, answer: () => json(200, describeHead(log.head, treeId)) },
    { method: 'GET', path: /^\/api\/v1\/log\/proof$/, answer: ({ url }) => proveConsistency(log, url) },
  ];
}

/** Entries by their place and by their leaf hash, so that each is logged once. */
class Entries {
  readonly #services: Rekor1Services;
  /** Leaf hash -> index, or whether it was logged while that is not yet known. */
  readonly #known = new Map<string, number | Promise<Appended>>();

  private constructor(services: Rekor1Services) {
    this.#services = services;
  }

  static async open(services: Rekor1Services): Promise<Entries> {
    const entries = new Entries(services);
    const { log } = services;
    for (let bundle = 0, index = 0; index < log.head.size; bundle += 1) {
      for (const { entry } of await log.readBundle(bundle)) {
        entries.#known.set(leafHex(entry), index);
        index += 1;
      }
    }
    return entries;
  }

  async add(body: Uint8Array): Promise<Response> {
    const { log, clock, treeId } = this.#services;
    const leaf = leafHex(body);
    const place = { location: `/api/v1/log/entries/${treeId}${leaf}` };
    const found = this.#known.get(leaf);
    if (found !== undefined) {
      await found;
      return json(409, { code: 409, message: `an equivalent entry already exists: ${place.location}` }, place);
    }
    const time = Buffer.from(String(Math.floor(clock().getTime() / 1000)));
    const appending = log.append(body, time);
    this.#known.set(leaf, appending);
    let appended: Appended;
    try {
      appended = await appending;
    } catch (error) {
      this.#known.delete(leaf);
      throw error;
    }
    this.#known.set(leaf, appended.index);
    return json(201, await this.find(appended.index, appended), place);
  }

  async findByUuid(uuid: string): Promise<unknown> {
    const { treeId } = this.#services;
    const index = this.#known.get(uuid.startsWith(treeId) ? uuid.slice(treeId.length) : uuid);
    return typeof index === 'number' ? await this.find(index) : undefined;
  }

  /** With its proof, in the tree that it was appended to or in the newest. */
  async find(index: number, at?: Pick<Appended, 'head' | 'proof'>): Promise<unknown> {
    const { log, signer, treeId } = this.#services;
    const kept = await log.read(index);
    if (kept === undefined) return undefined;
    const head = at?.head ?? log.head;
    const proof = at?.proof ?? (await log.inclusionProof(index, head.size));
    const integratedTime = Number(new TextDecoder().decode(kept.extra));
    const entry = { body: kept.entry, integratedTime, index };
    return { [treeId + leafHex(kept.entry)]: await describeEntry(entry, { head, proof }, signer) };
  }
}

async function proveConsistency(log: TileLog, url: URL): Promise<Response> {
  const [first, last] = ['firstSize', 'lastSize'].map((name) => Number(url.searchParams.get(name) ?? Number.NaN));
  if (!isSize(first) || !isSize(last) || first > last || last > log.head.size)
    throw new AppError('invalid-input', `expected firstSize <= lastSize <= ${log.head.size}`);
  const hashes = await log.consistencyProof(first, last);
  return json(200, { rootHash: hex(await log.root(last)), hashes: hashes.map(hex) });
}

function isSize(value: number | undefined): value is number {
  return Number.isSafeInteger(value) && (value ?? -1) >= 0;
}

async function describeEntry(
  entry: { readonly body: Uint8Array; readonly integratedTime: number; readonly index: number },
  at: Pick<Appended, 'head' | 'proof'>,
  signer: LogSigner,
): Promise<unknown> {
  // RFC 8785: keys in the order of their characters
  const payload = {
    body: encodeBase64(entry.body),
    integratedTime: entry.integratedTime,
    logID: hex(createHash('sha256').update(signer.key.spki).digest()),
    logIndex: entry.index,
  };
  return {
    ...payload,
    verification: {
      inclusionProof: {
        checkpoint: at.head.checkpoint,
        hashes: at.proof.map(hex),
        logIndex: entry.index,
        rootHash: hex(at.head.root),
        treeSize: at.head.size,
      },
      signedEntryTimestamp: encodeBase64(await signer.signing.sign(Buffer.from(JSON.stringify(payload)))),
    },
  };
}

function describeHead(head: LogHead, treeId: string): unknown {
  return {
    inactiveShards: [],
    rootHash: hex(head.root),
    signedTreeHead: head.checkpoint,
    treeID: String(BigInt(`0x${treeId}`)),
    treeSize: head.size,
  };
}

function leafHex(entry: Uint8Array): string {
  return hex(hashLeaf(entry));
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
