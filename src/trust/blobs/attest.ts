/** Signs statements about files. */
import {
  encodePreAuthentication,
  formatEnvelope,
  IN_TOTO_PAYLOAD_TYPE,
  signEnvelope,
  type Envelope,
} from '../../attestations/index.ts';
import { formatEnvelopeBundle } from '../bundles/bundle.ts';
import type { SigningKey } from '../crypto/index.ts';
import { leafOf, timestampOf, type SigningProof, type Voucher } from '../sign/voucher.ts';

export interface Vouching {
  readonly voucher?: Voucher | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface AttestedBlob {
  /** A DSSE envelope, as JSON. */
  readonly envelope: string;
  /** A Sigstore bundle of version 0.3. */
  readonly bundle: string;
  /** PEM, where the signer has one. */
  readonly certificate: string | undefined;
  /** The first of its timestamps, as cosign keeps it apart. */
  readonly timestamp: string | undefined;
}

/** `statement` is signed byte for byte. */
export async function attestBlob(
  statement: Uint8Array,
  key: SigningKey,
  vouching: Vouching = {},
): Promise<AttestedBlob> {
  const envelope = await signEnvelope(statement, IN_TOTO_PAYLOAD_TYPE, key);
  const proof = await proveEnvelope(envelope, vouching);
  return {
    envelope: formatEnvelope(envelope),
    bundle: formatEnvelopeBundle(envelope, { ...proof, hint: key.publicKey.hint }),
    certificate: leafOf(proof),
    timestamp: timestampOf(proof),
  };
}

/** What vouches for the first signature of an envelope. */
export async function proveEnvelope(envelope: Envelope, vouching: Vouching): Promise<SigningProof | undefined> {
  const content = encodePreAuthentication(envelope.payloadType, envelope.payload);
  const signature = envelope.signatures[0]?.sig ?? new Uint8Array();
  return await vouching.voucher?.({ signature, content, envelope }, vouching.signal);
}
