/**
 * The certificate-transparency log of an authority, for whoever watches it (RFC 6962 4). Only the authority writes to it, so `add-chain`
 * and `add-pre-chain` are not offered.
 */
import { createHash } from 'node:crypto';
import { AppError, type Clock } from '../../core/index.ts';
import { encodeBase64, hashLeaf, uint64, vector } from '../crypto/index.ts';
import type { CertificateLog } from './ca.ts';
import { encodeDigitallySigned } from './certificates.ts';
import { json, problem, type Route } from './http.ts';
import { TILE_WIDTH } from './tree.ts';

/** Entries of one answer; clients ask for the rest. */
const MAX_ENTRIES = 512;

export interface CtServices extends CertificateLog {
  readonly clock: Clock;
  /** DER of the root. */
  readonly root: Uint8Array;
}

export function ctRoutes({ log, key, clock, root }: CtServices): readonly Route[] {
  return [
    {
      method: 'GET',
      path: /^\/ct\/v1\/get-sth$/,
      answer: async () => {
        const { head } = log;
        const timestamp = clock().getTime();
        const [version1, treeHash] = [0, 1];
        const signed = Buffer.concat([
          Uint8Array.of(version1, treeHash),
          uint64(timestamp),
          uint64(head.size),
          head.root,
        ]);
        return json(200, {
          tree_size: head.size,
          timestamp,
          sha256_root_hash: encodeBase64(head.root),
          tree_head_signature: encodeBase64(encodeDigitallySigned(await key.sign(signed))),
        });
      },
    },
    {
      method: 'GET',
      path: /^\/ct\/v1\/get-entries$/,
      answer: async ({ url }) => {
        const [start, end] = numbersOf(url, ['start', 'end']);
        if (start > end || start >= log.head.size) return problem(400, `expected start <= end < ${log.head.size}`);
        const last = Math.min(end, log.head.size - 1, start + MAX_ENTRIES - 1);
        const entries: unknown[] = [];
        for (let bundle = Math.floor(start / TILE_WIDTH); bundle <= Math.floor(last / TILE_WIDTH); bundle += 1) {
          for (const [at, { entry, extra }] of (await log.readBundle(bundle)).entries()) {
            const index = bundle * TILE_WIDTH + at;
            if (index < start || index > last) continue;
            entries.push({ leaf_input: encodeBase64(entry), extra_data: encodeBase64(vector(3, vector(3, extra))) });
          }
        }
        return json(200, { entries });
      },
    },
    {
      method: 'GET',
      path: /^\/ct\/v1\/get-sth-consistency$/,
      answer: async ({ url }) => {
        const [first, second] = numbersOf(url, ['first', 'second']);
        if (first > second || second > log.head.size)
          return problem(400, `expected first <= second <= ${log.head.size}`);
        return json(200, { consistency: (await log.consistencyProof(first, second)).map(encodeBase64) });
      },
    },
    {
      method: 'GET',
      path: /^\/ct\/v1\/get-proof-by-hash$/,
      answer: async ({ url }) => {
        const [size] = numbersOf(url, ['tree_size']);
        const index = await findLeaf(log, url.searchParams.get('hash') ?? '', Math.min(size, log.head.size));
        if (index === undefined || size > log.head.size) return problem(404, 'no such leaf in this tree');
        const proof = await log.inclusionProof(index, size);
        return json(200, { leaf_index: index, audit_path: proof.map(encodeBase64) });
      },
    },
    {
      method: 'GET',
      path: /^\/ct\/v1\/get-roots$/,
      answer: () => json(200, { certificates: [encodeBase64(root)] }),
    },
  ];
}

/** The log id of RFC 6962: the hash of its key. */
export function ctLogId({ key }: CertificateLog): Uint8Array {
  return createHash('sha256').update(key.publicKey.spki).digest();
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
