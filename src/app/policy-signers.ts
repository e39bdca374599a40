/** Signers that policies require, as trust understands them; the trusted root is read again when its file changes. */
import { AppError } from '../core/index.ts';
import type { Ports } from '../core/index.ts';
import type { KeylessSigner } from '../policies/index.ts';
import { NO_TRUST, parseTrustedRoot, restrictTrust, withOwnAuthorities } from '../trust/index.ts';
import type { SignerDemand, TrustedRoot } from '../trust/index.ts';
import { readTrustedRoot } from './open-signers.ts';
import { findTrustMaterial } from './trust-material.ts';

/** How long initialized material is used before it is looked at again. */
const REREAD_MS = 5 * 60 * 1000;

export interface PolicySigners {
  /** Throws `untrusted-root` when nobody is configured to be believed, or not the authority or log that is named. */
  demand(signer: KeylessSigner): Promise<SignerDemand>;
}

export function createPolicySigners(ports: Ports): PolicySigners {
  let kept: { readonly version: string; readonly root: TrustedRoot } | undefined;
  let initialized: { readonly until: number; readonly root: TrustedRoot | undefined } | undefined;
  const openInitialized = async (): Promise<TrustedRoot | undefined> => {
    const now = ports.clock().getTime();
    if (initialized === undefined || now >= initialized.until) {
      const material = await findTrustMaterial(ports);
      const root = material === undefined ? undefined : parseTrustedRoot(material.trustedRoot, 'trusted root');
      initialized = { until: now + REREAD_MS, root };
    }
    return initialized.root;
  };
  const openRoot = async (): Promise<TrustedRoot | undefined> => {
    const path = ports.settings.trustedRoot;
    if (path === undefined) return await openInitialized();
    const stat = await ports.files.stat(path);
    const version = `${stat?.modified.getTime()} ${stat?.size}`;
    if (kept?.version !== version) kept = { version, root: await readTrustedRoot(ports, path) };
    return kept.root;
  };
  return {
    async demand(signer) {
      const trusted = await openRoot();
      if (trusted === undefined && signer.roots === undefined) {
        throw new AppError('untrusted-root', 'expected a trusted root for keyless authorities, found none', {
          hint: 'run `plimsoll initialize`, give --trusted-root FILE, or set trustedRoot in the configuration',
        });
      }
      const { authority, log, roots } = signer;
      const root = withOwnAuthorities(restrictTrust(trusted ?? NO_TRUST, { authority, log }), { roots });
      const thresholds = { logs: 1, scts: signer.unsafeIgnoreScts ? 0 : 1 };
      return { kind: 'identities', identities: signer.identities, trust: { root, at: ports.clock(), thresholds } };
    },
  };
}
