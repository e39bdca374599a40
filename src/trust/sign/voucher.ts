/**
 * What vouches for signatures besides the key: a certificate for who signed, an entry in transparency logs, timestamps.
 *
 * Keyless signing makes a key for one run, has it certified for who an OpenID token is for, and forgets it: what remains is the proof
 * that it signed while the certificate was good.
 */
import { createHash } from 'node:crypto';
import { AppError, type Http, type Random } from '../../core/index.ts';
import type { Envelope } from '../../attestations/index.ts';
import { identitiesOf, type CertificateIdentity } from '../bundles/identity.ts';
import { requestCertificate } from '../clients/fulcio.ts';
import { logSignature, type LoggedEntry, type LogService } from '../clients/rekor.ts';
import { requestTimestamp } from '../clients/timestamp.ts';
import {
  encodeBase64,
  formatPem,
  generatePkcs8,
  importPkcs8,
  parseCertificate,
  type SigningKey,
} from '../crypto/index.ts';

export interface VoucherPorts {
  readonly http: Http;
  readonly random: Random;
}

/** Where signatures are logged and stamped; both may be empty for keys. */
export interface VouchingServices {
  readonly logs: readonly LogService[];
  /** Whole addresses. */
  readonly timestamps: readonly string[];
}

export interface Vouched {
  readonly signature: Uint8Array;
  /** What was signed. */
  readonly content: Uint8Array;
  /** Where that was the pre-authentication encoding of an envelope. */
  readonly envelope?: Envelope;
}

export interface SigningProof {
  /** DER: the certificate, then what leads to a root; undefined for a key. */
  readonly chain: readonly Uint8Array[] | undefined;
  readonly entries: readonly LoggedEntry[];
  /** TimeStampResp, each. */
  readonly timestamps: readonly Uint8Array[];
}

/** PEM of the certificate. */
export function leafOf(proof: SigningProof | undefined): string | undefined {
  const [leaf] = proof?.chain ?? [];
  return leaf === undefined ? undefined : formatPem({ label: 'CERTIFICATE', bytes: leaf });
}

/** The first timestamp in the JSON that cosign keeps it in. */
export function timestampOf(proof: SigningProof | undefined): string | undefined {
  const [stamp] = proof?.timestamps ?? [];
  return stamp === undefined ? undefined : JSON.stringify({ SignedRFC3161Timestamp: encodeBase64(stamp) });
}

export type Voucher = (signed: Vouched, signal?: AbortSignal) => Promise<SigningProof>;

export function createVoucher(
  ports: VoucherPorts,
  signer: { readonly key: SigningKey; readonly chain: readonly Uint8Array[] | undefined },
  services: VouchingServices,
): Voucher {
  return async ({ signature, content, envelope }, signal) => {
    const entry = {
      signature,
      digest: createHash('sha256').update(content).digest(),
      key: signer.key.publicKey,
      certificate: signer.chain?.[0],
      envelope,
    };
    const [entries, timestamps] = await Promise.all([
      Promise.all(services.logs.map((log) => logSignature(ports.http, log, entry, signal))),
      Promise.all(services.timestamps.map((url) => requestTimestamp(ports, url, signature, signal))),
    ]);
    return { chain: signer.chain, entries, timestamps };
  };
}

export interface KeylessServices extends VouchingServices {
  /** Base URL of the certificate authority. */
  readonly fulcio: string;
}

export interface KeylessSigner {
  readonly key: SigningKey;
  readonly voucher: Voucher;
  /** Whom the certificate names, and who says so. */
  readonly identity: CertificateIdentity;
}

/** A key, by default one for this run, and who it is certified for. The token is sent to the certificate authority alone. */
export async function createKeylessSigner(
  ports: VoucherPorts,
  services: KeylessServices,
  request: {
    readonly token: string;
    readonly key?: SigningKey | undefined;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<KeylessSigner> {
  const isTimed = services.timestamps.length > 0 || services.logs.some(({ version }) => version === 1);
  if (services.logs.length === 0 || !isTimed) {
    throw new AppError(
      'usage',
      'signing without a key: expected a log, and a timestamp authority or a log of version 1',
      {
        hint: 'nothing else can prove when the signature was made',
      },
    );
  }
  const key = request.key ?? importPkcs8(generatePkcs8(), 'key of this run');
  const chain = await requestCertificate(ports.http, services.fulcio, { ...request, key });

  const [identity = { subject: '', issuer: '' }] = identitiesOf(
    parseCertificate(chain[0] ?? new Uint8Array(), 'certificate'),
  );
  return { key, voucher: createVoucher(ports, { key, chain }, services), identity };
}
