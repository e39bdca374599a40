/**
 * A certificate authority that gives short-lived certificates for identities, as Fulcio does, and logs each before it gives it
 * (RFC 6962): a certificate is not handed out unless the log has it on the disk.
 */
import { createHash } from 'node:crypto';
import { AppError, type Clock, type Random } from '../../core/index.ts';
import { CODE_SIGNING, positive, type PublicKey, type SigningKey } from '../crypto/index.ts';
import {
  encodeSct,
  encodeTbs,
  encodeTimestampedEntry,
  extension,
  NO_NAME,
  signCertificate,
  type CertificateContent,
} from './certificates.ts';
import type { Identity } from './identity.ts';
import type { TileLog } from './tile-log.ts';

/** As Fulcio: long enough to sign once, too short to be worth stealing. */
const CERTIFICATE_LIFE_MS = 10 * 60 * 1000;
const SERIAL_BYTES = 20;

export interface Issuer {
  readonly key: SigningKey;
  /** DER, its own certificate first, up to the root. */
  readonly chain: readonly Uint8Array[];
  /** DER of its name. */
  readonly name: Uint8Array;
  readonly notAfter: Date;
}

export interface CertificateLog {
  readonly log: TileLog;
  readonly key: SigningKey;
}

export interface CertificateAuthority {
  /** DER of the certificate and what leads from it to the root. The caller has seen that whoever asks holds the key. */
  issue(identity: Identity, key: PublicKey): Promise<readonly Uint8Array[]>;
  readonly chain: readonly Uint8Array[];
}

export function createCertificateAuthority(
  ports: { readonly clock: Clock; readonly random: Random },
  issuer: Issuer,
  ct: CertificateLog,
): CertificateAuthority {
  const logId = createHash('sha256').update(ct.key.publicKey.spki).digest();
  return {
    chain: issuer.chain,
    issue: async (identity, key) => {
      const at = ports.clock();
      const notAfter = new Date(at.getTime() + CERTIFICATE_LIFE_MS);
      if (notAfter > issuer.notAfter) {
        const end = issuer.notAfter.toISOString();
        throw new AppError('untrusted-root', `certificate authority: its own certificate ends at ${end}`);
      }
      const content: CertificateContent = {
        serial: positive(ports.random(SERIAL_BYTES)),
        issuer: issuer.name,
        subject: NO_NAME,
        notBefore: at,
        notAfter,
        publicKey: key,
        extensions: [
          extension.keyUsage('sign'),
          extension.purpose(CODE_SIGNING),
          extension.subjectKey(key),
          extension.issuerKey(issuer.key.publicKey),
          extension.name(identity.name),
          ...[...identity.claims].map(([number, text]) => extension.claim(number, text)),
        ],
      };
      const { signed, leaf } = encodeTimestampedEntry(at.getTime(), issuer.key.publicKey, encodeTbs(content));
      await ct.log.append(leaf, Buffer.concat(issuer.chain));
      const sct = encodeSct(logId, at.getTime(), await ct.key.sign(signed));
      return [await signCertificate(content, issuer.key, [extension.scts(sct)]), ...issuer.chain];
    },
  };
}
