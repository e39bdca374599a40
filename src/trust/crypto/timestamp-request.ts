/** Requests for timestamps (RFC 3161 2.4.1). */
import { createHash } from 'node:crypto';
import { natural, octets, oid, sequence, TRUE } from './der-build.ts';

const SHA256 = sequence(oid('2.16.840.1.101.3.4.2.1'));

/** A TimeStampReq for the SHA-256 of these bytes, with certificates asked for; and the hash. */
export function encodeTimestampRequest(
  content: Uint8Array,
  nonce: Uint8Array,
): { readonly request: Uint8Array; readonly digest: Uint8Array } {
  const digest = createHash('sha256').update(content).digest();
  return { request: sequence(natural(1), sequence(SHA256, octets(digest)), natural(...nonce), TRUE), digest };
}
