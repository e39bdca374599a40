/** Whose certificate a log entry holds, for whoever watches a log. */
import { AppError, isRecord, parseJson, type IdentityRule } from '../../core/index.ts';
import { findIdentity, identitiesOf, type CertificateIdentity } from '../bundles/identity.ts';
import { findBase64, parseCertificate, parsePem, type Certificate } from '../crypto/index.ts';

export interface LoggedIdentity extends CertificateIdentity {
  /** `hashedrekord 0.0.2` */
  readonly kind: string;
  /** Serial number of the certificate, in hex. */
  readonly serial: string;
  readonly notBefore: Date;
}

const MAX_BODY_BYTES = 16 * 1024 * 1024;
/** Documents nest about eight deep. */
const MAX_DEPTH = 16;

/** Undefined when no rule takes it, or when it holds no certificate: a bare key, or a form that is not known. */
export function describeLogEntry(body: Uint8Array, rules: readonly IdentityRule[]): LoggedIdentity | undefined {
  const entry = findJson(body);
  if (!isRecord(entry)) return undefined;
  for (const certificate of findCertificates(entry, 0)) {
    const identity =
      rules.length === 0
        ? identitiesOf(certificate)[0]
        : rules.map((rule) => findIdentity(certificate, rule)).find((found) => found !== undefined);
    if (identity === undefined) continue;
    return {
      ...identity,
      kind: `${String(entry['kind'])} ${String(entry['apiVersion'])}`,
      serial: Buffer.from(certificate.serial).toString('hex'),
      notBefore: new Date(certificate.notBefore),
    };
  }
  return undefined;
}

function findJson(body: Uint8Array): unknown {
  try {
    return parseJson(body, { what: 'log entry', maxBytes: MAX_BODY_BYTES });
  } catch (error) {
    if (error instanceof AppError) return undefined; // another kind of log keeps other things
    throw error;
  }
}

/** Every text that is base64 of a certificate, as DER or as PEM, wherever the kind of entry keeps it. */
function* findCertificates(value: unknown, depth: number): Generator<Certificate> {
  if (depth > MAX_DEPTH) return;
  if (typeof value === 'string') {
    const found = findCertificate(value);
    if (found !== undefined) yield found;
  } else if (Array.isArray(value)) {
    for (const item of value) yield* findCertificates(item, depth + 1);
  } else if (isRecord(value)) {
    for (const item of Object.values(value)) yield* findCertificates(item, depth + 1);
  }
}

function findCertificate(text: string): Certificate | undefined {
  const bytes = findBase64(text);
  if (bytes === undefined || bytes.length < 64) return undefined;
  try {
    const isPem = bytes[0] === 0x2d;
    const der = isPem ? parsePem(new TextDecoder().decode(bytes), 'log entry').bytes : bytes;
    return parseCertificate(der, 'log entry');
  } catch (error) {
    if (error instanceof AppError) return undefined; // a key, a digest, a signature
    throw error;
  }
}
