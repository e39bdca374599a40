/**
 * Entries of transparency logs as bundles carry them (TransparencyLogEntry of sigstore_rekor.proto), and what the log says about them:
 * its promise (SET), and the proof that they stand in the tree of a checkpoint.
 *
 * Implements Rekor v1 and v2. The time of an entry is believed only under a promise; hashes and sizes only as the checkpoint has them.
 */
import { AppError, arrayOf, object, optional, string } from '../../core/index.ts';
import type { Decoder } from '../../core/index.ts';
import {
  decodeBase64,
  encodeBase64,
  findNoteFault,
  hashLeaf,
  isEqualBytes,
  isIncluded,
  MAX_PROOF_HASHES,
  parseCheckpoint,
  parseNote,
} from '../crypto/index.ts';
import type { Checkpoint, SignedNote } from '../crypto/index.ts';
import { findLogs } from '../roots/trusted-root.ts';
import type { TransparencyLog, TrustedRoot } from '../roots/trusted-root.ts';

export interface InclusionProof {
  /** In the tree, which is only a shard of what `logIndex` counts. */
  readonly index: number;
  readonly root: Uint8Array | undefined;
  readonly size: number | undefined;
  readonly hashes: readonly Uint8Array[];
  readonly checkpoint: string | undefined;
}

export interface LogEntry {
  readonly logId: Uint8Array;
  readonly logIndex: number;
  readonly kind: string;
  readonly version: string;
  /** Seconds since 1970, as the entry claims. */
  readonly integratedTime: number | undefined;
  /** The signed entry timestamp. */
  readonly promise: Uint8Array | undefined;
  readonly proof: InclusionProof | undefined;
  /** What the log hashed. */
  readonly body: Uint8Array;
}

const bytes: Decoder<Uint8Array> = (value, path) => decodeBase64(string(value, path), path);

/** A 64-bit number of proto3 JSON, which writes a string; beyond 2^53 nothing is counted here. */
const integer: Decoder<number> = (value, path) => {
  const found = typeof value === 'string' && /^(?:0|[1-9]\d{0,15})$/.test(value) ? Number(value) : value;
  if (Number.isSafeInteger(found) && (found as number) >= 0) return found as number;
  throw new AppError('invalid-input', `${path}: expected a whole number below 2^53, found ${JSON.stringify(value)}`);
};

const entry = object({
  logIndex: optional(integer),
  logId: object({ keyId: bytes }),
  kindVersion: object({ kind: string, version: string }),
  integratedTime: optional(integer),
  inclusionPromise: optional(object({ signedEntryTimestamp: bytes })),
  inclusionProof: optional(
    object({
      logIndex: optional(integer),
      rootHash: optional(bytes),
      treeSize: optional(integer),
      hashes: optional(arrayOf(bytes, MAX_PROOF_HASHES)),
      checkpoint: optional(object({ envelope: optional(string) })),
    }),
  ),
  canonicalizedBody: bytes,
});

/** Proto3 JSON leaves out zeros. */
export function decodeLogEntry(value: unknown, path: string): LogEntry {
  const source = entry(value, path);
  const { inclusionProof: proof, inclusionPromise: promise } = source;
  return {
    logId: source.logId.keyId,
    logIndex: source.logIndex ?? 0,
    kind: source.kindVersion.kind,
    version: source.kindVersion.version,
    integratedTime: source.integratedTime === 0 ? undefined : source.integratedTime,
    promise: promise?.signedEntryTimestamp,
    proof:
      proof === undefined
        ? undefined
        : {
            index: proof.logIndex ?? 0,
            root: proof.rootHash,
            size: proof.treeSize,
            hashes: proof.hashes ?? [],
            checkpoint: proof.checkpoint?.envelope,
          },
    body: source.canonicalizedBody,
  };
}

export type LogFault =
  | 'log-unknown'
  | 'log-not-valid-at-time'
  | 'inclusion-promise-missing'
  | 'inclusion-promise-mismatch'
  | 'inclusion-proof-missing'
  | 'inclusion-proof-mismatch'
  | 'checkpoint-missing'
  | 'checkpoint-malformed'
  | 'checkpoint-signature-missing'
  | 'checkpoint-signature-mismatch'
  | 'checkpoint-other-log'
  | 'checkpoint-other-tree'
  | 'checkpoint-not-witnessed';

/** Which of the two the form of the bundle cannot do without; what is there besides must verify too. */
export type RequiredProof = 'promise' | 'proof';

export interface LogVerdict {
  readonly log: TransparencyLog | undefined;
  /** Milliseconds since 1970, where a promise vouches for it. */
  readonly time: number | undefined;
  /** Where the entry stands: over all shards of the log where a promise says so, else in the tree of the checkpoint. */
  readonly index: number;
  readonly faults: readonly { readonly code: LogFault; readonly message: string }[];
}

/** What the log itself proves about the entry; whether the entry is about the signature is another question. */
export function verifyLogEntry(source: LogEntry, trusted: TrustedRoot, required: RequiredProof): LogVerdict {
  const known = findLogs(trusted, source.logId);
  const time =
    source.promise === undefined || source.integratedTime === undefined ? undefined : source.integratedTime * 1000;
  const log = known.find((candidate) => time === undefined || candidate.isValidAt(time)) ?? known[0];
  const index = source.promise === undefined ? (source.proof?.index ?? 0) : source.logIndex;
  if (log === undefined) {
    return {
      log,
      time: undefined,
      index,
      faults: [fault('log-unknown', `no trusted log has the id ${encodeBase64(source.logId)}`)],
    };
  }
  const faults = [
    ...promiseFaults(source, log, required),
    ...proofFaults(source, log, required),
    ...witnessFaults(source, trusted),
  ];
  if (time !== undefined && !log.isValidAt(time)) {
    faults.push(
      fault('log-not-valid-at-time', `the log ${log.name} was not trusted at ${new Date(time).toISOString()}`),
    );
  }
  return { log, time: faults.length === 0 ? time : undefined, index, faults };
}

function fault(code: LogFault, message: string): LogVerdict['faults'][number] {
  return { code, message };
}

function promiseFaults(
  source: LogEntry,
  log: TransparencyLog,
  required: RequiredProof,
): LogVerdict['faults'][number][] {
  if (source.promise === undefined) {
    return required === 'promise'
      ? [fault('inclusion-promise-missing', 'the entry has no signed entry timestamp')]
      : [];
  }
  // RFC 8785: keys in the order of their characters, so logID stands before logIndex.
  const payload = JSON.stringify({
    body: encodeBase64(source.body),
    integratedTime: source.integratedTime ?? 0,
    logID: Buffer.from(source.logId).toString('hex'),
    logIndex: source.logIndex,
  });
  if (log.key.verifyStrictly('sha256', Buffer.from(payload), source.promise)) return [];
  return [fault('inclusion-promise-mismatch', `the signed entry timestamp is not by the log ${log.name}`)];
}

function proofFaults(source: LogEntry, log: TransparencyLog, required: RequiredProof): LogVerdict['faults'][number][] {
  const { proof } = source;
  if (proof === undefined) {
    return required === 'proof' ? [fault('inclusion-proof-missing', 'the entry has no proof of inclusion')] : [];
  }
  if (proof.checkpoint === undefined || proof.checkpoint === '') {
    const missing = required === 'proof' ? [fault('checkpoint-missing', 'the proof has no checkpoint')] : [];
    return [...missing, ...pathFaults(source, proof, { size: proof.size ?? 0, root: proof.root ?? new Uint8Array() })];
  }
  let checkpoint: Checkpoint;
  try {
    checkpoint = parseCheckpoint(proof.checkpoint, 'checkpoint');
  } catch (error) {
    if (error instanceof AppError && error.kind === 'invalid-input')
      return [fault('checkpoint-malformed', error.message)];
    throw error;
  }
  return [...checkpointFaults(checkpoint, proof, log), ...pathFaults(source, proof, checkpoint)];
}

function checkpointFaults(
  checkpoint: Checkpoint,
  proof: InclusionProof,
  log: TransparencyLog,
): LogVerdict['faults'][number][] {
  const faults: LogVerdict['faults'][number][] = [];
  const name = findLogName(log, checkpoint.origin);
  if (name === undefined) {
    faults.push(fault('checkpoint-other-log', `the checkpoint is of ${checkpoint.origin}, not of ${log.name}`));
  }
  const noteFault = findNoteFault(checkpoint.note, { ...log, name: name ?? log.name });
  if (noteFault === 'no-line-of-signer') {
    faults.push(fault('checkpoint-signature-missing', `no line of the checkpoint is by the key of ${log.name}`));
  } else if (noteFault !== undefined) {
    faults.push(fault('checkpoint-signature-mismatch', `the checkpoint is not signed by ${log.name}`));
  }
  const isSameRoot = proof.root === undefined || isEqualBytes(proof.root, checkpoint.root);
  if (!isSameRoot || (proof.size ?? checkpoint.size) !== checkpoint.size) {
    faults.push(fault('checkpoint-other-tree', 'the proof is for another tree than the checkpoint'));
  }
  return faults;
}

/** The name of the log in checkpoints of this origin, behind which Rekor v1 writes the tree's number; undefined when it is another's. */
export function findLogName({ names }: TransparencyLog, origin: string): string | undefined {
  if (names === undefined) return origin.replace(/ - .*$/, '');
  return names.find((known) => origin === known || origin.startsWith(`${known} - `));
}

/** A promise has no witnesses: where they are wanted, only a checkpoint will do. */
function witnessFaults({ proof }: LogEntry, { witnesses }: TrustedRoot): LogVerdict['faults'][number][] {
  if (witnesses === undefined || witnesses.isSatisfiedBy(noteOf(proof?.checkpoint))) return [];
  return [
    fault('checkpoint-not-witnessed', 'too few of the wanted witnesses have cosigned a checkpoint with the entry'),
  ];
}

/** A malformed one, which is a fault of its own, is signed by nobody. */
function noteOf(checkpoint: string | undefined): SignedNote {
  try {
    return parseNote(checkpoint ?? '\n\n', 'checkpoint');
  } catch (error) {
    if (error instanceof AppError && error.kind === 'invalid-input') return { text: '', signatures: [] };
    throw error;
  }
}

function pathFaults(
  source: LogEntry,
  proof: InclusionProof,
  head: { readonly size: number; readonly root: Uint8Array },
): LogVerdict['faults'][number][] {
  if (isIncluded({ index: proof.index, hash: hashLeaf(source.body) }, proof.hashes, head)) return [];
  return [
    fault('inclusion-proof-mismatch', `the proof does not lead from the entry to the root of ${head.size} entries`),
  ];
}
