/** Watches a signature log: that it only grows, and whose certificates appear in it. */
import { AppError, decodeJson, natural, object, string, type Ports } from '../core/index.ts';
import { describeLogEntry, followLog, type FollowedTree, type LoggedIdentity } from '../trust/index.ts';
import { identityRules, openTrustedRoot, type IdentityInput } from './open-signers.ts';

export interface MonitorInput {
  readonly url: string;
  readonly version: 1 | 2;
  readonly trustedRoot?: string | undefined;
  /** File of who must have cosigned its checkpoints. */
  readonly witnessPolicy?: string | undefined;
  /** File that keeps what was seen last; without one, everything is read each time. */
  readonly state?: string | undefined;
  /** Where to begin when nothing was seen yet; the newest entry when absent. */
  readonly from?: number | undefined;
  /** Whose entries are reported; everybody's when absent. */
  readonly identity?: IdentityInput | undefined;
}

export interface MonitoredLog {
  readonly origin: string;
  readonly size: number;
  /** Undefined the first time. */
  readonly previousSize: number | undefined;
  /** False: the log has shown two histories. */
  readonly isConsistent: boolean;
  readonly entriesRead: number;
  readonly found: readonly FoundEntry[];
}

export interface FoundEntry extends LoggedIdentity {
  readonly index: number;
}

const MAX_STATE_BYTES = 64 * 1024;
/** Reported at once; a state file lets the next run go on. */
const MAX_FOUND = 100_000;
const stateFile = object({ url: string, origin: string, size: natural, root: string });

export async function monitorLog(ports: Ports, input: MonitorInput, signal?: AbortSignal): Promise<MonitoredLog> {
  const trusted = await openTrustedRoot(ports, input);
  const rules = input.identity === undefined ? [] : identityRules(input.identity, true);
  const follower = followLog(ports.http, input, trusted);
  const seen = await readState(ports, input);
  const head = await follower.head(signal);
  const result = { origin: head.origin, size: head.size, previousSize: seen?.size, entriesRead: 0, found: [] };
  if (seen !== undefined && !(await follower.continues(seen, head, signal))) return { ...result, isConsistent: false };
  const found: FoundEntry[] = [];
  const first = Math.min(seen?.size ?? input.from ?? head.size, head.size);
  let index = first;
  for await (const entry of follower.entries(head, first, signal)) {
    const described = describeLogEntry(entry, rules);
    if (described !== undefined) found.push({ index, ...described });
    if (found.length > MAX_FOUND)
      throw new AppError('invalid-input', `${input.url}: expected at most ${MAX_FOUND} entries to report`);
    index += 1;
  }
  await writeState(ports, input, head);
  return { ...result, isConsistent: true, entriesRead: index - first, found };
}

async function readState(ports: Ports, { state, url }: MonitorInput): Promise<FollowedTree | undefined> {
  if (state === undefined || (await ports.files.stat(state)) === undefined) return undefined;
  const limits = { what: state, maxBytes: MAX_STATE_BYTES };
  const seen = decodeJson(await ports.files.read(state, MAX_STATE_BYTES), stateFile, limits);
  if (seen.url !== url)
    throw new AppError('usage', `${state}: expected the state of ${url}, found that of ${seen.url}`);
  return { size: seen.size, root: Buffer.from(seen.root, 'base64') };
}

async function writeState(
  ports: Ports,
  { state, url }: MonitorInput,
  head: FollowedTree & { readonly origin: string },
): Promise<void> {
  if (state === undefined) return;
  const { origin, size, root } = head;
  const value = { url, origin, size, root: Buffer.from(root).toString('base64') };
  await ports.files.writeAtomic(state, `${JSON.stringify(value, null, 2)}\n`);
}
