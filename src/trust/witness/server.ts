/**
 * A witness of transparency logs (C2SP tlog-witness): cosigns a checkpoint when it is signed by a log it knows and its tree goes on from
 * the last one that it cosigned. So whoever sees the cosignature knows that all others see the same history.
 *
 * What it has cosigned is on the disk before the answer leaves. Cosignatures are `cosignature/v1` of Ed25519.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { AppError, type Clock, type Files, type WebHandler } from '../../core/index.ts';
import { answerRoute, problem, readBody, text } from '../authority/http.ts';
import {
  cosign,
  decodeBase64,
  findNoteFault,
  HASH_BYTES,
  isConsistent,
  isEqualBytes,
  MAX_PROOF_HASHES,
  NOTE_KEY_TYPE,
  parseCheckpoint,
  parseVerifierKey,
  type Checkpoint,
  type CosigningKey,
  type NoteSigner,
} from '../crypto/index.ts';

export interface WitnessOptions {
  readonly files: Files;
  readonly clock: Clock;
  /** Keeps the last checkpoint of each log. */
  readonly folder: string;
  readonly key: CosigningKey;
  /** Logs that it knows; each begins its checkpoints with its name. */
  readonly logs: readonly NoteSigner[];
}

const MAX_REQUEST_BYTES = 128 * 1024;
const MAX_CHECKPOINT_BYTES = 64 * 1024;
const EMPTY_ROOT = createHash('sha256').digest();

export function createWitness(options: WitnessOptions): WebHandler {
  /** Requests about one log, one after the other. */
  const last = new Map<string, Promise<unknown>>();
  const route = {
    method: 'POST' as const,
    path: /^\/add-checkpoint$/,
    answer: async ({ request }: { readonly request: Request }): Promise<Response> => {
      const asked = parseRequest(new TextDecoder().decode(await readBody(request, MAX_REQUEST_BYTES)));
      const { origin } = asked.checkpoint;
      const answer = (last.get(origin) ?? Promise.resolve()).then(async () => await addCheckpoint(options, asked));
      last.set(
        origin,
        answer.catch(() => undefined), // who asked hears of it
      );
      return await answer;
    },
  };
  return async (request) => (await answerRoute([route], request)) ?? problem(404, 'no such endpoint');
}

interface Asked {
  readonly older: number;
  readonly proof: readonly Uint8Array[];
  readonly checkpoint: Checkpoint;
  /** Of the checkpoint, with its signatures. */
  readonly note: string;
}

/** `old SIZE`, hashes of the proof, an empty line, the checkpoint. */
function parseRequest(body: string): Asked {
  const end = body.indexOf('\n\n');
  const [first = '', ...hashes] = body.slice(0, Math.max(end, 0)).split('\n');
  const older = /^old (0|[1-9]\d{0,15})$/.exec(first)?.[1];
  if (older === undefined || !Number.isSafeInteger(Number(older)))
    throw new AppError('invalid-input', 'body: expected "old SIZE", hashes, an empty line and a checkpoint');
  if (hashes.length >= MAX_PROOF_HASHES)
    throw new AppError('invalid-input', `proof: expected fewer than ${MAX_PROOF_HASHES} hashes`);
  const proof = hashes.map((hash, at) => decodeBase64(hash, `proof[${at}]`));
  if (proof.some((hash) => hash.length !== HASH_BYTES))
    throw new AppError('invalid-input', `proof: expected hashes of ${HASH_BYTES} bytes`);
  const note = body.slice(end + 2);
  return { older: Number(older), proof, checkpoint: parseCheckpoint(note, 'checkpoint'), note };
}

async function addCheckpoint({ files, clock, folder, key, logs }: WitnessOptions, asked: Asked): Promise<Response> {
  const { older, proof, checkpoint, note } = asked;
  const { origin, size, root } = checkpoint;
  const known = logs.filter(({ name }) => name === origin);
  if (known.length === 0) return problem(404, `expected a log that is known here, found ${origin}`);
  if (!known.some((log) => findNoteFault(checkpoint.note, log) === undefined))
    return problem(403, `expected a signature by the key of ${origin}`);
  if (older > size) return problem(400, `expected an old size of at most ${size}, found ${older}`);
  const path = join(folder, 'checkpoints', createHash('sha256').update(origin).digest('hex'));
  const seen = await readSeen(files, path);
  if (older !== seen.size) {
    const headers = { 'content-type': 'text/x.tlog.size' };
    return new Response(`${seen.size}\n`, { status: 409, headers });
  }
  if (size === seen.size && !isEqualBytes(root, seen.root))
    return problem(size === 0 ? 422 : 409, `expected the root that was cosigned for ${size} entries, found another`);
  if (!isConsistent(seen, checkpoint, proof)) return problem(422, 'expected a proof of consistency, found none');
  const line = await cosign(checkpoint.note.text, key, clock());
  if (size > 0) await files.writeAtomic(path, note);
  return text(line);
}

/** The tree of the last checkpoint, or the empty one. */
async function readSeen(files: Files, path: string): Promise<{ readonly size: number; readonly root: Uint8Array }> {
  if ((await files.stat(path)) === undefined) return { size: 0, root: EMPTY_ROOT };
  return parseCheckpoint(new TextDecoder().decode(await files.read(path, MAX_CHECKPOINT_BYTES)), path);
}

/** The verifier key of a log, `NAME+HINT+KEY`. Throws `invalid-input` naming `what`. */
export function parseLogKey(text: string, what: string): NoteSigner {
  return parseVerifierKey(text, NOTE_KEY_TYPE.ed25519, what);
}
