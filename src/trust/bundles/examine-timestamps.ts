import { parseTimestamp, verifyTimestamp } from '../crypto/index.ts';
import type { TrustedRoot } from '../roots/trusted-root.ts';
import { messageOf, Reasons } from './reasons.ts';
import type { TrustedTime } from './verify-bundle.ts';

const MESSAGES = {
  'timestamp-other-signature': 'a timestamp is over other bytes than the signature',
  'timestamp-authority-unknown': 'a timestamp is by no trusted authority',
  'timestamp-mismatch': 'a timestamp is not signed by the authority that it names',
  'timestamp-authority-not-valid-at-time': 'a timestamp is from a time at which its authority was not trusted',
  'timestamp-certificate-purpose': 'the certificate of a timestamp authority is not for timestamps alone',
  'timestamp-chain': 'the chain of a timestamp authority cannot be used',
  'timestamp-certificate-not-valid-at-time':
    'a timestamp is from a time at which the certificate of its authority was not valid',
} as const;

/** Times of the signature by distinct authorities, the same authority counting once, and what is wrong with the other timestamps. */
export function examineTimestamps(
  timestamps: readonly Uint8Array[],
  signature: Uint8Array,
  trusted: TrustedRoot,
): { readonly times: readonly TrustedTime[]; readonly faults: Reasons; readonly authorities: number } {
  const faults = new Reasons();
  const times: TrustedTime[] = [];
  for (const der of timestamps) {
    try {
      const verdict = verifyTimestamp(parseTimestamp(der, 'timestamp'), signature, trusted.timestampAuthorities);
      if (verdict.kind === 'refused') faults.add('time', verdict.fault, { message: MESSAGES[verdict.fault] });
      else times.push({ source: 'timestamp', by: verdict.authority.name, at: new Date(verdict.time) });
    } catch (error) {
      faults.add('time', 'timestamp-malformed', { message: messageOf(error) });
    }
  }
  return { times, faults, authorities: new Set(times.map(({ by }) => by)).size };
}
