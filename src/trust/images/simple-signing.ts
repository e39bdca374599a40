/**
 * The signed payload of cosign's tag form: a Simple Signing document, byte for byte as Go's encoder writes it.
 * The docker-reference is written but never compared: images are copied between registries with their signatures.
 */
import { AppError, decodeJson, object, optional, parseDigest, record, string } from '../../core/index.ts';
import type { Digest } from '../../core/index.ts';

export const SIMPLE_SIGNING_MEDIA_TYPE = 'application/vnd.dev.cosign.simplesigning.v1+json';
const SIMPLE_SIGNING_TYPE = 'cosign container image signature';

/** Payloads are about 300 bytes; annotations may be long, but not this long. */
export const MAX_SIMPLE_SIGNING_BYTES = 1024 * 1024;

export interface SimpleSigning {
  readonly reference: string;
  readonly digest: Digest;
  readonly annotations: Readonly<Record<string, unknown>>;
}

export interface SimpleSigningInput {
  /** `registry/repository`. */
  readonly reference: string;
  readonly digest: Digest;
  readonly annotations: Readonly<Record<string, string>>;
}

export function encodeSimpleSigning(input: SimpleSigningInput): Uint8Array {
  const sorted = Object.entries(input.annotations).sort(([one], [other]) =>
    Buffer.compare(Buffer.from(one), Buffer.from(other)),
  );
  const document = {
    critical: {
      identity: { 'docker-reference': input.reference },
      image: { 'docker-manifest-digest': input.digest },
      type: SIMPLE_SIGNING_TYPE,
    },
    optional: null,
  };
  // An object would put keys like "1" first whatever the order given, so the map is written by hand.
  const map = sorted.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(',');
  const text = JSON.stringify(document).slice(0, -'null}'.length) + (sorted.length === 0 ? 'null}' : `{${map}}}`);
  return new TextEncoder().encode(escapeAsGo(text));
}

/** Go's encoder writes these five so that JSON can stand in HTML; none of them occurs outside strings. */
function escapeAsGo(json: string): string {
  return json.replace(/[<>&\u2028\u2029]/g, (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

const payload = object({
  critical: object({
    identity: object({ 'docker-reference': optional(string) }),
    image: object({ 'docker-manifest-digest': string }),
    type: string,
  }),
  optional: optional(record),
});

/** Throws `invalid-input` naming `what`: not JSON, not of this type, no digest. */
export function parseSimpleSigning(bytes: Uint8Array, what: string): SimpleSigning {
  const { critical, optional: annotations } = decodeJson(bytes, payload, { what, maxBytes: MAX_SIMPLE_SIGNING_BYTES });
  if (critical.type !== SIMPLE_SIGNING_TYPE) {
    const found = JSON.stringify(critical.type);
    throw new AppError('invalid-input', `${what}.critical.type: expected "${SIMPLE_SIGNING_TYPE}", found ${found}`);
  }
  return {
    reference: critical.identity['docker-reference'] ?? '',
    digest: parseDigest(critical.image['docker-manifest-digest']),
    annotations: annotations ?? {},
  };
}
