/**
 * Asks witnesses to cosign a log's checkpoints (C2SP tlog-witness): the checkpoint, with proof that its tree goes on from the one that
 * the witness has seen last.
 */
import { AppError, type Http, type Log } from '../../core/index.ts';
import { exchange, refusal, type Answer } from '../clients/exchange.ts';
import { encodeBase64, findCosignature, formatSignatureLine, parseNote } from '../crypto/index.ts';
import type { Witness, WitnessPolicy } from './policy.ts';

/** A checkpoint as its log signed it. */
export interface WitnessedHead {
  readonly size: number;
  readonly checkpoint: string;
}

/** Proof that the tree goes on from one of this size. */
export type Prove = (older: number) => Promise<readonly Uint8Array[]>;

/**
 * Gives the checkpoint with as many cosignatures as satisfy the policy, as soon as there are. Throws `unavailable` when there are not.
 */
export type CollectCosignatures = (head: WitnessedHead, prove: Prove) => Promise<string>;

const WHAT = 'witness';
/** Clients of the log wait for this; those of Rekor have 20 seconds for everything. */
const DEADLINE_MS = 10_000;
/** The first may only tell what the witness has seen; with another writer of the same log, the second may too. */
const MAX_TRIES = 3;
const MAX_ANSWER_BYTES = 64 * 1024;
/** What witnesses answer with when they have seen another tree than we said. */
const SIZE_TYPE = 'text/x.tlog.size';

export function createCollector(
  { http, log }: { readonly http: Http; readonly log: Log },
  policy: WitnessPolicy,
): CollectCosignatures {
  /** What each has seen last, as far as is known; it corrects us. */
  const seen = new Map<Witness, number>();
  return async (head, prove) => {
    const stop = new AbortController();
    const signal = AbortSignal.any([stop.signal, AbortSignal.timeout(DEADLINE_MS)]);
    const satisfied = Promise.withResolvers<void>();
    let cosigned = head.checkpoint;
    const failures: string[] = [];
    const ask = async (witness: Witness): Promise<void> => {
      try {
        const line = await askWitness(http, witness, { head, prove, signal, seen });
        cosigned += line;
        if (policy.isSatisfiedBy(parseNote(cosigned, 'checkpoint'))) satisfied.resolve();
      } catch (error) {
        if (stop.signal.aborted) return; // enough others have cosigned
        if (!(error instanceof AppError) && !signal.aborted) throw error;
        const message = error instanceof Error ? error.message : String(error);
        log.warn('witness did not cosign', { witness: witness.name, message });
        failures.push(message);
      }
    };
    const all = Promise.all(policy.witnesses.filter(({ url }) => url !== undefined).map(ask));
    try {
      await Promise.race([satisfied.promise, all]);
    } finally {
      stop.abort();
    }
    if (policy.isSatisfiedBy(parseNote(cosigned, 'checkpoint'))) return cosigned;
    throw new AppError('unavailable', `witnesses: expected a quorum, found too few: ${failures.join('; ')}`);
  };
}

interface Asking {
  readonly head: WitnessedHead;
  readonly prove: Prove;
  readonly signal: AbortSignal;
  readonly seen: Map<Witness, number>;
}

async function askWitness(http: Http, witness: Witness, { head, prove, signal, seen }: Asking): Promise<string> {
  const url = `${witness.url ?? ''}/add-checkpoint`;
  for (let attempt = 1; attempt <= MAX_TRIES; attempt += 1) {
    const older = seen.get(witness) ?? 0;
    const proof = (await prove(older)).map((hash) => `${encodeBase64(hash)}\n`).join('');
    const body = Buffer.from(`old ${older}\n${proof}\n${head.checkpoint}`);
    const answer = await exchange(http, WHAT, { method: 'POST', url, body, signal, maxBytes: MAX_ANSWER_BYTES });
    if (answer.status === 200) {
      const line = cosignatureOf(head.checkpoint, answer, witness);
      seen.set(witness, head.size);
      return line;
    }
    const size = sizeOf(answer);
    if (size === undefined) throw refusal(answer, WHAT, url);
    if (size > head.size)
      throw new AppError('untrusted-root', `${url}: expected to have seen at most ${head.size} entries, found ${size}`);
    seen.set(witness, size);
  }
  throw new AppError('unavailable', `${url}: expected a cosignature, found another size ${MAX_TRIES} times`);
}

/** Its own line alone, and only if it verifies. */
function cosignatureOf(checkpoint: string, answer: Answer, witness: Witness): string {
  const what = `${witness.name}: answer`;
  const { text, signatures } = parseNote(checkpoint + new TextDecoder().decode(answer.bytes), what);
  const own = signatures.find((one) => findCosignature({ text, signatures: [one] }, witness) !== undefined);
  if (own === undefined) throw new AppError('invalid-input', `${what}: expected a cosignature by its key, found none`);
  return formatSignatureLine(witness, own.signature);
}

function sizeOf({ status, headers, bytes }: Answer): number | undefined {
  if (status !== 409 || headers.get('content-type')?.[0] !== SIZE_TYPE) return undefined;
  const text = new TextDecoder().decode(bytes).trim();
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
