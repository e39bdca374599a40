/** Brings what policies name and nobody stores beside them: texts from elsewhere, public keys of key services. */
import { AppError } from '../core/index.ts';
import type { Ports } from '../core/index.ts';
import { describeNeed } from '../policies/index.ts';
import type { Need } from '../policies/index.ts';
import { exchange, formatPublicKey, openPublicKey, refusal } from '../trust/index.ts';

/** Of a policy's text from elsewhere. */
const MAX_REMOTE_BYTES = 1024 * 1024;
/** Milliseconds for all of one. */
const DEADLINE = 20_000;

/** By description. Throws what fetching throws. */
export async function bringResources(ports: Ports, needs: readonly Need[]): Promise<ReadonlyMap<string, string>> {
  const brought = needs.map(async (need): Promise<readonly (readonly [string, string])[]> => {
    const name = describeNeed(need);
    if (need.kind === 'remote') return [[name, await fetchText(ports, need.url)]];
    if (need.kind === 'kms') return [[name, await fetchKey(ports, need.reference)]];
    return [];
  });
  return new Map((await Promise.all(brought)).flat());
}

/** No redirects are followed: the address is the one that was written. */
async function fetchText(ports: Ports, url: string): Promise<string> {
  const signal = AbortSignal.timeout(DEADLINE);
  const answer = await exchange(ports.http, 'policy', { url, maxBytes: MAX_REMOTE_BYTES, signal });
  if (answer.status !== 200) throw refusal(answer, 'policy', url);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(answer.bytes);
  } catch (cause) {
    throw new AppError('invalid-input', `policy at ${url}: expected UTF-8`, { cause });
  }
}

async function fetchKey(ports: Ports, reference: string): Promise<string> {
  return formatPublicKey(await openPublicKey(ports, reference, AbortSignal.timeout(DEADLINE)));
}
