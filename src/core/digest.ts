import { createHash } from 'node:crypto';
import { AppError } from './errors.ts';

/** `algorithm:encoded` as in the OCI image specification, with an algorithm that we can compute. */
export type Digest = string & { readonly __brand: 'Digest' };

export type DigestAlgorithm = 'sha256' | 'sha512';

/** Registered algorithms and the length of their lower-case hex form. */
const HEX_LENGTHS: ReadonlyMap<string, number> = new Map([
  ['sha256', 64],
  ['sha512', 128],
]);

const GRAMMAR = /^[a-z0-9]+(?:[+._-][a-z0-9]+)*:[a-zA-Z0-9=_-]+$/;

/** Throws `invalid-input` for bad grammar, an unknown algorithm or a wrong length. */
export function parseDigest(text: string): Digest {
  const found = findDigest(text);
  if (found !== undefined) return found;
  const shown = text.length > 160 ? `${text.slice(0, 160)}...` : text;
  throw new AppError('invalid-input', `expected a digest like sha256:<64 lower-case hex digits>, found "${shown}"`);
}

/** The digest that the text is, or undefined. */
export function findDigest(text: string): Digest | undefined {
  if (!GRAMMAR.test(text)) return undefined;
  const length = HEX_LENGTHS.get(text.slice(0, text.indexOf(':')));
  const encoded = text.slice(text.indexOf(':') + 1);
  return length !== undefined && encoded.length === length && /^[0-9a-f]+$/.test(encoded)
    ? (text as Digest)
    : undefined;
}

export function algorithmOf(digest: Digest): DigestAlgorithm {
  return digest.slice(0, digest.indexOf(':')) as DigestAlgorithm;
}

export function hexOf(digest: Digest): string {
  return digest.slice(digest.indexOf(':') + 1);
}

export function digestOf(bytes: Uint8Array | string, algorithm: DigestAlgorithm = 'sha256'): Digest {
  return `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}` as Digest;
}

/** Streaming form of digestOf. */
export interface Hasher {
  update(chunk: Uint8Array): void;
  digest(): Digest;
}

export function createHasher(algorithm: DigestAlgorithm = 'sha256'): Hasher {
  const hash = createHash(algorithm);
  return {
    update: (chunk) => void hash.update(chunk),
    digest: () => `${algorithm}:${hash.digest('hex')}` as Digest,
  };
}
