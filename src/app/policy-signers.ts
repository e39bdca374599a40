/** Signers that policies require, as trust understands them; the trusted root is read again when its file changes. */
import { readTarGz } from '../artifacts/index.ts';
import { AppError, digestOf } from '../core/index.ts';
import type { Ports } from '../core/index.ts';
import type { KeylessSigner, KeySigner, RequiredSigner, TrustRootRef, TrustRootServices } from '../policies/index.ts';
import {
  createTrustedRoot,
  importPublicKey,
  NO_TRUST,
  parseTrustedRoot,
  restrictTrust,
  updateTuf,
  withOwnAuthorities,
} from '../trust/index.ts';
import type { SignerDemand, TrustedRoot, TufSource } from '../trust/index.ts';
import { KeptRoots } from './kept-roots.ts';
import type { OpenedRoot, TrustFault } from './kept-roots.ts';
import { readTrustedRoot } from './open-signers.ts';
import { findTrustMaterial } from './trust-material.ts';
import { openTufSource } from './tuf-source.ts';

/** How long what was initialized is used before it is looked at again: another process may have done it anew. */
const REREAD_MS = 5 * 60 * 1000;
/** TUF repositories of the field renew their timestamp every few days. */
const REMOTE_REREAD_MS = 60 * 60 * 1000;
/** Milliseconds before its end at which metadata is looked at again in any case. */
const MARGIN_MS = 10 * 60 * 1000;
/** What was initialized is asked for once a day. */
const STALE_MS = 25 * 60 * 60 * 1000;
/** Of a TUF repository in a policy. */
const MAX_UNPACKED_BYTES = 64 * 1024 * 1024;
const LOOK_MS = 1000;
/** A TrustRoot says nothing of when its logs began. */
const SINCE_EVER = '1970-01-01T00:00:00Z';

export interface PolicySigners {
  /** Throws `untrusted-root` when nobody is configured to be believed, or not the authority or log that is named. */
  demand(signer: RequiredSigner): Promise<SignerDemand>;
  /** Another text when others are believed than before; looked at once a second. */
  readonly epoch: () => Promise<string>;
  /** Looks again at what is due. Gives what is not up to date. */
  readonly refresh: () => Promise<readonly TrustFault[]>;
}

/** `isRefreshed`: somebody calls `refresh` every minute or so, and nobody else waits for what is only due. */
export function createPolicySigners(ports: Ports, { isRefreshed = false } = {}): PolicySigners {
  let changes = 0;
  const onChange = () => void (changes += 1);
  const roots = new KeptRoots(ports.clock, isRefreshed, onChange);
  const openDefault = openConfiguredRoot(ports, roots, onChange);
  const open = async (ref: TrustRootRef | undefined): Promise<TrustedRoot | undefined> => {
    if (ref === undefined) return await openDefault();
    const name = { key: ref.version, what: `TrustRoot ${ref.name}` };
    return await roots.get(name, async (previous) => await openTrustRoot(ports, ref, previous));
  };
  const demanded = async (ref: TrustRootRef | undefined): Promise<TrustedRoot> => {
    const root = await open(ref);
    if (root !== undefined) return root;
    throw new AppError('untrusted-root', 'expected a trusted root for keyless authorities and logs, found none', {
      hint: 'run `plimsoll initialize`, give --trusted-root FILE, or set trustedRoot in the configuration',
    });
  };
  /** Logs and timestamp authorities that the signer's terms name, in place of those of `root`. */
  const withTerms = async (root: TrustedRoot, { log, timestamps }: RequiredSigner): Promise<TrustedRoot> => {
    const named = log?.trustRoot === undefined ? undefined : await open(log.trustRoot);
    const logs = restrictTrust(named ?? root, { log: log?.host }).logs;
    const stampers = timestamps === undefined ? undefined : await open(timestamps);
    return { ...root, logs, timestampAuthorities: (stampers ?? root).timestampAuthorities };
  };
  const byKey = async (signer: KeySigner): Promise<SignerDemand> => {
    const keys = [importPublicKey(signer.key.pem, 'key')];
    const { log, timestamps } = signer;
    if (log === undefined && timestamps === undefined) return { kind: 'keys', keys };
    const needsDefault = log !== undefined && log.trustRoot === undefined;
    const root = await withTerms(needsDefault ? await demanded(undefined) : NO_TRUST, signer);
    return { kind: 'keys', keys, trust: { root, at: ports.clock(), thresholds: thresholdsOf(signer) } };
  };
  const keyless = async (signer: KeylessSigner): Promise<SignerDemand> => {
    const { authority, roots, trustRoot, identities } = signer;
    const trusted = roots === undefined ? await demanded(trustRoot) : ((await open(trustRoot)) ?? NO_TRUST);
    const own = withOwnAuthorities(restrictTrust(trusted, { authority }), { roots });
    const root = await withTerms(own, signer);
    const thresholds = { ...thresholdsOf(signer), scts: signer.unsafeIgnoreScts ? 0 : 1 };
    return { kind: 'identities', identities, trust: { root, at: ports.clock(), thresholds } };
  };
  let looked = -Infinity;
  let looking: Promise<unknown> = Promise.resolve();
  const epoch = async (): Promise<string> => {
    const now = ports.clock().getTime();
    if (now - looked >= LOOK_MS) {
      looked = now;
      // one that cannot be read is a change, and its users' affair
      looking = openDefault().catch(onChange);
    }
    await looking;
    return String(changes);
  };
  const refresh = async () => await roots.refresh();
  return { epoch, refresh, demand: async (signer) => await (signer.kind === 'key' ? byKey(signer) : keyless(signer)) };
}

/** A log, a timestamp, or both where both are named; somebody must vouch for the time of a certificate's use. */
function thresholdsOf({ kind, log, timestamps }: RequiredSigner) {
  const wantsLog = log !== undefined || (kind === 'keyless' && timestamps === undefined);
  return { logs: wantsLog ? 1 : 0, timestamps: timestamps === undefined ? 0 : 1, scts: 0 };
}

/** The file of the settings, else what was initialized. */
function openConfiguredRoot(
  ports: Ports,
  roots: KeptRoots,
  onChange: () => void,
): () => Promise<TrustedRoot | undefined> {
  let kept: { readonly version: string; readonly root: TrustedRoot } | undefined;
  return async () => {
    const path = ports.settings.trustedRoot;
    if (path === undefined) return await roots.get({ key: '', what: 'trust material' }, () => openInitialized(ports));
    const stat = await ports.files.stat(path);
    const version = `${stat?.modified.getTime()} ${stat?.size}`;
    if (kept?.version !== version) {
      kept = { version, root: await readTrustedRoot(ports, path) };
      onChange();
    }
    return kept.root;
  };
}

async function openInitialized(ports: Ports): Promise<OpenedRoot> {
  const now = ports.clock().getTime();
  const due = now + REREAD_MS;
  const material = await findTrustMaterial(ports);
  if (material === undefined) return { root: undefined, content: '', due, expires: due, files: new Map() };
  const { trustedRoot, roles, refreshed, mirror } = material;
  const isOld = now - refreshed.getTime() > STALE_MS;
  return {
    root: parseTrustedRoot(trustedRoot, 'trusted root'),
    content: digestOf(trustedRoot),
    due,
    expires: Math.min(...roles.map(({ expires }) => expires.getTime())),
    files: new Map(),
    ...(isOld ? { fault: `${mirror}: not to be had since ${refreshed.toISOString()}` } : {}),
  };
}

async function openTrustRoot(
  ports: Ports,
  { name, definition }: TrustRootRef,
  previous: OpenedRoot | undefined,
): Promise<OpenedRoot> {
  const what = `TrustRoot ${name}`;
  if (definition.kind === 'keys') {
    const root = rootOf(definition.services, what);
    return { root, content: '', due: Infinity, expires: Infinity, files: new Map() };
  }
  const isRemote = definition.kind === 'remote';
  const source = isRemote
    ? openTufSource(ports, definition.mirror)
    : archiveSource(readTarGz(definition.archive, what, MAX_UNPACKED_BYTES), definition.targets);
  const at = ports.clock();
  const repository = await updateTuf({ trusted: definition.root, previous: previous?.files ?? new Map(), source, at });
  const found = await repository.findTarget(definition.target);
  if (found === undefined)
    throw new AppError('untrusted-root', `${what}: expected a target ${definition.target}, found none`);
  const expires = Math.min(...repository.roles().map((role) => role.expires.getTime()));
  return {
    root: parseTrustedRoot(found, what),
    content: digestOf(found),
    // what is in the document changes with it
    due: isRemote ? Math.min(at.getTime() + REMOTE_REREAD_MS, expires - MARGIN_MS) : expires,
    expires,
    files: isRemote ? repository.files : new Map(),
  };
}

/** Metadata at the top or below the one folder that holds all; targets below their own. */
function archiveSource(files: ReadonlyMap<string, Uint8Array>, targets: string): TufSource {
  const [base = ''] = [...files.keys()]
    .filter((path) => /(?:^|\/)timestamp\.json$/.test(path))
    .map((path) => path.slice(0, path.length - 'timestamp.json'.length));
  return async (path, maxBytes) => {
    const inside = path.startsWith('targets/') ? `${targets}/${path.slice('targets/'.length)}` : path;
    const found = files.get(`${base}${inside}`);
    if (found !== undefined && found.length > maxBytes)
      throw new AppError('invalid-input', `${path}: expected at most ${maxBytes} bytes, found ${found.length}`);
    return found;
  };
}

function rootOf({ authorities, logs, ctLogs, timestampAuthorities }: TrustRootServices, what: string): TrustedRoot {
  const since = <T>(entry: T) => ({ ...entry, start: SINCE_EVER });
  const document = createTrustedRoot({
    fulcio: authorities,
    rekor: logs.map(since),
    ctfe: ctLogs.map(since),
    tsa: timestampAuthorities,
  });
  return parseTrustedRoot(JSON.stringify(document), what);
}
