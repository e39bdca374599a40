/** Digest sets and resource descriptors of the in-toto attestation framework, version 1. */
import { AppError, mapOf, object, optional, record, string } from '../core/index.ts';
import type { Digest } from '../core/index.ts';
import { decodeBase64 } from '../trust/crypto/index.ts';

/** Algorithm or scheme name to value; names we do not know are kept and never match. */
export type DigestSet = Readonly<Record<string, string>>;

/** Lengths in hex digits. Git's own may be SHA-1 or SHA-256. */
const HEX_LENGTHS: Readonly<Record<string, readonly number[]>> = {
  sha1: [40],
  sha224: [56],
  sha256: [64],
  sha384: [96],
  sha512: [128],
  gitCommit: [40, 64],
  gitTree: [40, 64],
  gitBlob: [40, 64],
  gitTag: [40, 64],
};

/** Collisions are known or near in all others, so they never identify an artifact alone. */
const ACCEPTED = ['sha256', 'sha384', 'sha512'] as const;

const strings = mapOf(string);

/** Throws `invalid-input` for a known algorithm whose value is not lower-case hex of its length: silent inequality helps attackers. */
export function decodeDigestSet(value: unknown, path: string): DigestSet {
  const set = strings(value, path);
  for (const [algorithm, digest] of Object.entries(set)) {
    const lengths = HEX_LENGTHS[algorithm];
    if (lengths === undefined) continue;
    if (lengths.includes(digest.length) && /^[0-9a-f]+$/.test(digest)) continue;
    const expected = `${lengths.join(' or ')} lower-case hex digits`;
    throw new AppError('invalid-input', `${path}.${algorithm}: expected ${expected}, found ${JSON.stringify(digest)}`);
  }
  return set;
}

/** Whether the set names this artifact: by sha256 or sha512 only. */
export function isDigestInSet(set: DigestSet, artifact: Digest): boolean {
  const colon = artifact.indexOf(':');
  const algorithm = artifact.slice(0, colon);
  return Object.hasOwn(set, algorithm) && set[algorithm] === artifact.slice(colon + 1);
}

/** Two sets agree when an accepted algorithm is in both with one value, and no accepted one differs. */
export function digestSetsAgree(one: DigestSet, other: DigestSet): boolean {
  const shared = ACCEPTED.filter((algorithm) => Object.hasOwn(one, algorithm) && Object.hasOwn(other, algorithm));
  return shared.length > 0 && shared.every((algorithm) => one[algorithm] === other[algorithm]);
}

export interface ResourceDescriptor {
  readonly name?: string | undefined;
  readonly uri?: string | undefined;
  readonly digest?: DigestSet | undefined;
  readonly content?: string | undefined;
  readonly downloadLocation?: string | undefined;
  readonly mediaType?: string | undefined;
  readonly annotations?: Readonly<Record<string, unknown>> | undefined;
}

const fields = object({
  name: optional(string),
  uri: optional(string),
  digest: optional(decodeDigestSet),
  content: optional(string),
  downloadLocation: optional(string),
  mediaType: optional(string),
  annotations: optional(record),
});

/** Throws `invalid-input` when none of uri, digest and content says which resource it is. */
export function decodeResourceDescriptor(value: unknown, path: string): ResourceDescriptor {
  const descriptor = fields(value, path);
  if (descriptor.content !== undefined) decodeBase64(descriptor.content, `${path}.content`);
  if (descriptor.uri !== undefined || descriptor.digest !== undefined || descriptor.content !== undefined) {
    return descriptor;
  }
  throw new AppError('invalid-input', `${path}: expected uri, digest or content, found none of them`);
}
