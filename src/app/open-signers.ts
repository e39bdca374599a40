/** From what a user says about signers and trust to whose signatures count: keys, identities, authorities, trusted root. */
import { AppError, exactly, parsePattern } from '../core/index.ts';
import type { IdentityRule, Ports, TextRule } from '../core/index.ts';
import {
  NO_TRUST,
  openPublicKey,
  parseDetachedSct,
  parseTrustedRoot,
  parseWitnessPolicy,
  withOwnAuthorities,
} from '../trust/index.ts';
import type { OwnAuthorities, SignerDemand, Trust, TrustedRoot, WitnessPolicy } from '../trust/index.ts';
import { findTrustMaterial } from './trust-material.ts';

/** Trusted roots of the field have ten kilobytes, lists of authorities a hundred. */
const MAX_TRUST_BYTES = 4 * 1024 * 1024;

export interface SignersInput {
  /** Names of public keys, files or `env://NAME`; a signature by any of them counts. */
  readonly keys: readonly string[];
  readonly identity?: IdentityInput;
  /** A path: PEM for signatures without a certificate of their own. */
  readonly certificate?: string | undefined;
  /** A path: the answer of a certificate-transparency log, in JSON, for certificates without an SCT inside. */
  readonly sct?: string | undefined;
  readonly trust?: TrustInput;
}

/** Subjects by one issuer; any of them counts. */
export interface IdentityInput {
  readonly subjects: readonly string[];
  readonly subjectPatterns: readonly string[];
  readonly issuer?: string | undefined;
  readonly issuerPattern?: string | undefined;
  /** Fulcio's claims by number; each must have this value. */
  readonly claims?: Readonly<Record<number, string>>;
}

/** Paths and choices; without a trusted root the configured one is used, else what was initialized. */
export interface TrustInput {
  /** Uses initialized material as it is, without the network. */
  readonly offline?: boolean;
  readonly trustedRoot?: string | undefined;
  /** Who must have cosigned the checkpoints of logs. */
  readonly witnessPolicy?: string | undefined;
  readonly roots?: string | undefined;
  readonly intermediates?: string | undefined;
  readonly chain?: string | undefined;
  readonly timestampChain?: string | undefined;
  /** Opt-outs of the transparency log, and of certificate transparency. */
  readonly unsafeIgnoreLog?: boolean;
  readonly unsafeIgnoreScts?: boolean;
  /** Demands a timestamp. */
  readonly timestamps?: boolean;
}

/** Throws `usage` when nobody is named, `untrusted-root` when there is nobody to believe, `invalid-input` for what cannot be read. */
export async function openSigners(ports: Ports, input: SignersInput, signal?: AbortSignal): Promise<SignerDemand> {
  const { keys, identity, trust = {} } = input;
  const isNamed = identity !== undefined && identity.subjects.length + identity.subjectPatterns.length > 0;
  if (keys.length > 0 && (identity !== undefined || input.certificate !== undefined)) {
    throw new AppError('usage', 'expected either a key or a certificate identity, found both');
  }
  if (keys.length > 0) return await openKeys(ports, keys, trust, signal);
  if (!isNamed) {
    throw new AppError('usage', 'expected whose signature is wanted, found neither a key nor a certificate identity', {
      hint: 'give --key FILE, or --certificate-identity NAME and --certificate-oidc-issuer URL',
    });
  }
  const certificate = input.certificate === undefined ? {} : { certificate: await readText(ports, input.certificate) };
  const sct =
    input.sct === undefined ? {} : { detachedSct: parseDetachedSct(await readText(ports, input.sct), input.sct) };
  const identities = identityRules(identity, hasOwnAuthorities(trust));
  return { kind: 'identities', identities, trust: await openTrust(ports, trust, signal), ...certificate, ...sct };
}

/** A key alone says who signed; logs and timestamps are looked at where somebody named whom to believe about them. */
async function openKeys(
  ports: Ports,
  names: readonly string[],
  input: TrustInput,
  signal: AbortSignal | undefined,
): Promise<SignerDemand> {
  const keys = await Promise.all(names.map((name) => openPublicKey(ports, name)));
  const isTrustGiven =
    input.trustedRoot !== undefined || input.witnessPolicy !== undefined || input.timestamps === true;
  return isTrustGiven ? { kind: 'keys', keys, trust: await openTrust(ports, input, signal) } : { kind: 'keys', keys };
}

function hasOwnAuthorities(input: TrustInput): boolean {
  return input.roots !== undefined || input.chain !== undefined;
}

async function openTrust(ports: Ports, input: TrustInput, signal: AbortSignal | undefined): Promise<Trust> {
  const { unsafeIgnoreLog = false, unsafeIgnoreScts = false, timestamps = false } = input;
  if (unsafeIgnoreLog) ports.log.warn('transparency log is ignored');
  if (unsafeIgnoreScts) ports.log.warn('certificate transparency is ignored');
  if (unsafeIgnoreLog && input.witnessPolicy !== undefined)
    throw new AppError('usage', 'expected witnesses of the log or to ignore the log, found both');
  if (input.chain !== undefined && (input.roots !== undefined || input.intermediates !== undefined)) {
    throw new AppError('usage', 'expected a certificate chain or root CAs, found both');
  }
  if (input.intermediates !== undefined && input.roots === undefined) {
    throw new AppError('usage', 'expected root CAs beside the intermediate ones, found none');
  }
  const root = withOwnAuthorities(await openTrustedRoot(ports, input, signal), await readOwn(ports, input));
  const thresholds = {
    logs: unsafeIgnoreLog ? 0 : 1,
    scts: unsafeIgnoreScts ? 0 : 1,
    timestamps: timestamps ? 1 : 0,
  };
  return { root, at: ports.clock(), thresholds };
}

export async function openTrustedRoot(ports: Ports, input: TrustInput, signal?: AbortSignal): Promise<TrustedRoot> {
  const { witnessPolicy: policy } = input;
  const witnesses = policy === undefined ? {} : { witnesses: await readWitnessPolicy(ports, policy) };
  const own = input.trustedRoot === undefined ? await readOwn(ports, trustVariables(ports)) : {};
  return { ...withOwnAuthorities(await findTrustedRoot(ports, input, signal), own), ...witnesses };
}

/** What cosign reads where no trusted root is given, and takes in place of the same kind of a Sigstore's. */
const VARIABLES = {
  SIGSTORE_ROOT_FILE: 'authorities',
  SIGSTORE_TSA_CERTIFICATE_FILE: 'timestampChain',
  SIGSTORE_REKOR_PUBLIC_KEY: 'logKey',
  SIGSTORE_CT_LOG_PUBLIC_KEY_FILE: 'ctLogKey',
} as const;

function trustVariables({ environment }: Pick<Ports, 'environment'>): OwnAuthorities {
  const named = Object.entries(VARIABLES).map(([name, kind]) => [kind, environment[name] ?? ''] as const);
  return Object.fromEntries(named.filter(([, path]) => path !== ''));
}

/** From the file of this name. */
export async function readWitnessPolicy(ports: Ports, path: string): Promise<WitnessPolicy> {
  return parseWitnessPolicy(await readText(ports, path), path);
}

async function findTrustedRoot(ports: Ports, input: TrustInput, signal?: AbortSignal): Promise<TrustedRoot> {
  const path = input.trustedRoot ?? ports.settings.trustedRoot;
  if (path !== undefined) return await readTrustedRoot(ports, path);
  if (hasOwnAuthorities(input)) return NO_TRUST;
  const material = await findTrustMaterial(ports, { offline: input.offline ?? false, signal });
  if (material !== undefined) return parseTrustedRoot(material.trustedRoot, `trusted root of ${material.mirror}`);
  if (Object.keys(trustVariables(ports)).length > 0) return NO_TRUST;
  throw new AppError('untrusted-root', 'expected a trusted root, found none', {
    hint: 'run `plimsoll initialize`, give --trusted-root FILE, or set trustedRoot in the configuration',
  });
}

/** From the file of this name. */
export async function readTrustedRoot(ports: Ports, path: string): Promise<TrustedRoot> {
  return parseTrustedRoot(await ports.files.read(path, MAX_TRUST_BYTES), path);
}

/** Texts of files that are named by path. */
async function readOwn(ports: Ports, paths: OwnAuthorities): Promise<OwnAuthorities> {
  const { roots, intermediates, chain, timestampChain, authorities, logKey, ctLogKey } = paths;
  const named = { roots, intermediates, chain, timestampChain, authorities, logKey, ctLogKey };
  const read = async ([kind, path]: readonly [string, string | undefined]) =>
    [kind, path === undefined ? undefined : await readText(ports, path)] as const;
  return Object.fromEntries(await Promise.all(Object.entries(named).map(read)));
}

async function readText(ports: Ports, path: string): Promise<string> {
  return new TextDecoder().decode(await ports.files.read(path, MAX_TRUST_BYTES));
}

/** One rule for each subject. The issuer may be left open only for authorities of one's own: theirs name none. */
export function identityRules(input: IdentityInput, isOwn: boolean): readonly IdentityRule[] {
  const issuer = issuerRule(input, isOwn);
  const subjects = [
    ...input.subjects.map(exactly),
    ...input.subjectPatterns.map((source) => parsePattern(source, 'certificate identity')),
  ];
  return subjects.map((subject) => ({
    issuer,
    subject,
    ...(input.claims === undefined ? {} : { claims: input.claims }),
  }));
}

function issuerRule({ issuer, issuerPattern }: IdentityInput, isOwn: boolean): TextRule {
  if (issuer !== undefined && issuerPattern !== undefined) {
    throw new AppError('usage', 'expected an issuer or a pattern of issuers, found both');
  }
  if (issuer !== undefined) return exactly(issuer);
  if (issuerPattern === undefined) {
    if (isOwn) return { kind: 'unsafe-any' };
    throw new AppError('usage', 'expected the issuer of the identity, found none', {
      hint: 'give --certificate-oidc-issuer URL, such as https://token.actions.githubusercontent.com',
    });
  }
  const rule = parsePattern(issuerPattern, 'issuer');
  return isOwn && rule.kind === 'pattern' && rule.pattern.test('') ? { kind: 'unsafe-any' } : rule;
}
