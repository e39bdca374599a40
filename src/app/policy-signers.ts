/** Signers that policies require, as trust understands them; the trusted root is read again when its file changes. */
import { readTarGz } from '../artifacts/index.ts';
import { AppError, toAppError } from '../core/index.ts';
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
import { readTrustedRoot } from './open-signers.ts';
import { findTrustMaterial } from './trust-material.ts';
import { openTufSource } from './tuf-source.ts';

/** How long trust material from elsewhere is used before it is looked at again. */
const REREAD_MS = 5 * 60 * 1000;
/** TUF repositories of the field renew their timestamp every few days. */
const REMOTE_REREAD_MS = 60 * 60 * 1000;
/** Of a TUF repository in a policy. */
const MAX_UNPACKED_BYTES = 64 * 1024 * 1024;
const LOOK_MS = 1000;
/** TrustRoots that are kept open; few clusters have more than two. */
const MAX_KEPT = 64;
/** A TrustRoot says nothing of when its logs began. */
const SINCE_EVER = '1970-01-01T00:00:00Z';

export interface PolicySigners {
  /** Throws `untrusted-root` when nobody is configured to be believed, or not the authority or log that is named. */
  demand(signer: RequiredSigner): Promise<SignerDemand>;
  /** Another text when others are believed than before; looked at once a second. */
  readonly epoch: () => Promise<string>;
}

export function createPolicySigners(ports: Ports): PolicySigners {
  let changes = 0;
  const onChange = () => void (changes += 1);
  const openDefault = openConfiguredRoot(ports, onChange);
  const openRef = openTrustRoots(ports, onChange);
  const open = async (ref: TrustRootRef | undefined): Promise<TrustedRoot | undefined> =>
    ref === undefined ? await openDefault() : await openRef(ref);
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
  return { epoch, demand: async (signer) => await (signer.kind === 'key' ? byKey(signer) : keyless(signer)) };
}

/** A log, a timestamp, or both where both are named; somebody must vouch for the time of a certificate's use. */
function thresholdsOf({ kind, log, timestamps }: RequiredSigner) {
  const wantsLog = log !== undefined || (kind === 'keyless' && timestamps === undefined);
  return { logs: wantsLog ? 1 : 0, timestamps: timestamps === undefined ? 0 : 1, scts: 0 };
}

/** The file of the settings, else what was initialized. */
function openConfiguredRoot(ports: Ports, onChange: () => void): () => Promise<TrustedRoot | undefined> {
  let kept: { readonly version: string; readonly root: TrustedRoot } | undefined;
  let initialized: { readonly until: number; readonly root: TrustedRoot | undefined } | undefined;
  return async () => {
    const path = ports.settings.trustedRoot;
    if (path !== undefined) {
      const stat = await ports.files.stat(path);
      const version = `${stat?.modified.getTime()} ${stat?.size}`;
      if (kept?.version !== version) {
        kept = { version, root: await readTrustedRoot(ports, path) };
        onChange();
      }
      return kept.root;
    }
    const now = ports.clock().getTime();
    if (initialized === undefined || now >= initialized.until) {
      const material = await findTrustMaterial(ports);
      const root = material === undefined ? undefined : parseTrustedRoot(material.trustedRoot, 'trusted root');
      initialized = { until: now + REREAD_MS, root };
      onChange();
    }
    return initialized.root;
  };
}

interface Opened {
  /** Milliseconds of the epoch: when it is looked at again, and until when it may be believed. */
  readonly until: number;
  readonly expires: number;
  readonly root: TrustedRoot;
  /** Metadata of a repository elsewhere: no update may go back behind it. */
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/** One that cannot be asked again is used on until its metadata expires. */
function openTrustRoots(ports: Ports, onChange: () => void): (ref: TrustRootRef) => Promise<TrustedRoot> {
  const kept = new Map<string, Opened>();
  return async (ref) => {
    const known = kept.get(ref.version);
    const now = ports.clock().getTime();
    if (known !== undefined && now < known.until) return known.root;
    const opened = await openTrustRoot(ports, ref, known?.files ?? new Map()).catch((error: unknown) => {
      if (known === undefined || now >= known.expires || toAppError(error).kind !== 'unavailable') throw error;
      return { ...known, until: Math.min(now + REREAD_MS, known.expires) };
    });
    onChange();
    kept.delete(ref.version);
    kept.set(ref.version, opened);
    for (const oldest of kept.keys()) {
      if (kept.size <= MAX_KEPT) break;
      kept.delete(oldest);
    }
    return opened.root;
  };
}

async function openTrustRoot(
  ports: Ports,
  { name, definition }: TrustRootRef,
  previous: ReadonlyMap<string, Uint8Array>,
): Promise<Opened> {
  const what = `TrustRoot ${name}`;
  if (definition.kind === 'keys')
    return { until: Infinity, expires: Infinity, root: rootOf(definition.services, what), files: new Map() };
  const source =
    definition.kind === 'remote'
      ? openTufSource(ports, definition.mirror)
      : archiveSource(readTarGz(definition.archive, what, MAX_UNPACKED_BYTES), definition.targets);
  const at = ports.clock();
  const repository = await updateTuf({ trusted: definition.root, previous, source, at });
  const found = await repository.findTarget(definition.target);
  if (found === undefined)
    throw new AppError('untrusted-root', `${what}: expected a target ${definition.target}, found none`);
  const expires = Math.min(...repository.roles().map((role) => role.expires.getTime()));
  return {
    until: Math.min(at.getTime() + REMOTE_REREAD_MS, expires),
    expires,
    root: parseTrustedRoot(found, what),
    files: definition.kind === 'remote' ? repository.files : new Map(),
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
