import { anything, object, optional, string } from '../../core/index.ts';
import { keeping } from './predicate.ts';
import type { Predicate } from './predicate.ts';

/** Anything, wrapped as cosign does: the file's text and the time of signing. */
export const custom: Predicate = {
  shortNames: ['custom'],
  type: 'https://cosign.sigstore.dev/attestation/v1',
  accepts: (found) => found === 'https://cosign.sigstore.dev/attestation/v1',
  decode: keeping(object({ Data: anything, Timestamp: optional(string) })),
  fromFile: (content, context) => ({
    Data: new TextDecoder().decode(content),
    Timestamp: context.at.toISOString().replace(/\.\d+Z$/, 'Z'),
  }),
};
