/**
 * The certificate-transparency log of an authority, for whoever watches it (RFC 6962 4). Only the authority writes to it, so `add-chain`
 * and `add-pre-chain` are not offered.
 */
import { AppError, type Clock } from '../../core/index.ts';
import { encodeBase64, hashLeaf, uint64, vector } from '../crypto/index.ts';
import type { CertificateLog } from './ca.ts';
import { encodeDigitallySigned } from './certificates.ts';
import { json, problem, type Route } from './http.ts';
import { TILE_WIDTH } from '../logs/tree.ts';

/** Entries of one answer; clients ask for the rest. */
const MAX_ENTRIES = 512;

export interface CtServices extends CertificateLog {
  readonly clock: Clock;
  /** DER of the root. */
  readonly root: Uint8Array;
}

export function ctRoutes(services: CtServices): readonly Route[] {
  const { log, root } = services;
  const get = (name: string, answer: Route['answer']): Route => ({
    method: 'GET',
    path: new RegExp(`^/ct/v1/${name}$`),
    answer,
  });
  return [
    get('get-sth', async () => json(200, await signTreeHead(services))),
    get('get-entries', async ({ url }) => {
      const [start, end] = numbersOf(url, ['start', 'end']);
      if (start > end || start >= log.head.size) return problem(400, `expected start <= end < ${log.head.size}`);
      const last = Math.min(end, log.head.size - 1, start + MAX_ENTRIES - 1);
      return json(200, { entries: await readEntries(log, start, last) });
    }),
    get('get-sth-consistency', async ({ url }) => {
      const [first, second] = numbersOf(url, ['first', 'second']);
      if (first > second || second > log.head.size) return problem(400, `expected first <= second <= ${log.head.size}`);
      return json(200, { consistency: (await log.consistencyProof(first, second)).map(encodeBase64) });
    }),
    get('get-proof-by-hash', async ({ url }) => {
      const [size] = numbersOf(url, ['tree_size']);
      const index = await findLeaf(log, url.searchParams.get('hash') ?? '', Math.min(size, log.head.size));
      if (index === undefined || size > log.head.size) return problem(404, 'no such leaf in this tree');
      return json(200, { leaf_index: index, audit_path: (await log.inclusionProof(index, size)).map(encodeBase64) });
    }),
    get('get-roots', () => json(200, { certificates: [encodeBase64(root)] })),
  ];
}

/** RFC 6962 3.5 and 4.3. */
async function signTreeHead({ log, key, clock }: CtServices): Promise<unknown> {
  const { size, root } = log.head;
  const timestamp = clock().getTime();
  const [version1, treeHash] = [0, 1];
  const signed = Buffer.concat([Uint8Array.of(version1, treeHash), uint64(timestamp), uint64(size), root]);
  return {
    tree_size: size,
    timestamp,
    sha256_root_hash: encodeBase64(root),
    tree_head_signature: encodeBase64(encodeDigitallySigned(await key.sign(signed))),
  };
}

async function readEntries(log: CtServices['log'], first: number, last: number): Promise<readonly unknown[]> {
  const entries: unknown[] = [];
  for (let bundle = Math.floor(first / TILE_WIDTH); bundle <= Math.floor(last / TILE_WIDTH); bundle += 1) {
    for (const [at, { entry, extra }] of (await log.readBundle(bundle)).entries()) {
      const index = bundle * TILE_WIDTH + at;
      if (index < first || index > last) continue;
      entries.push({ leaf_input: encodeBase64(entry), extra_data: encodeBase64(vector(3, vector(3, extra))) });
    }
  }
  return entries;
}

async function findLeaf(log: CtServices['log'], hash: string, size: number): Promise<number | undefined> {
  for (let bundle = 0; bundle * TILE_WIDTH < size; bundle += 1) {
    const at = (await log.readBundle(bundle)).findIndex(({ entry }) => encodeBase64(hashLeaf(entry)) === hash);
    if (at !== -1 && bundle * TILE_WIDTH + at < size) return bundle * TILE_WIDTH + at;
  }
  return undefined;
}

function numbersOf<const N extends readonly string[]>(url: URL, names: N): { readonly [K in keyof N]: number } {
  return names.map((name) => {
    const given = url.searchParams.get(name) ?? '';
    if (!/^\d{1,15}$/.test(given)) throw new AppError('invalid-input', `${name}: expected a number`);
    return Number(given);
  }) as { readonly [K in keyof N]: number };
}
