/** The keyless authority of a ClusterImagePolicy: identities, and whose certificates and logs count. */
import {
  anything,
  AppError,
  arrayOf,
  boolean,
  digestOf,
  exactly,
  optional,
  parsePattern,
  strictObject,
  string,
} from '../../core/index.ts';
import type { IdentityRule, TextRule } from '../../core/index.ts';
import type { KeylessSigner } from '../policy.ts';
import { requireOne } from './require-one.ts';

const MAX_IDENTITIES = 256;

const decodeIdentity = strictObject({
  issuer: optional(string),
  issuerRegExp: optional(string),
  subject: optional(string),
  subjectRegExp: optional(string),
});

const decodeFields = strictObject({
  url: optional(string),
  identities: optional(arrayOf(anything, MAX_IDENTITIES)),
  'ca-cert': optional(
    strictObject({
      data: optional(string),
      secretRef: optional(anything),
      kms: optional(anything),
      hashAlgorithm: optional(anything),
    }),
  ),
  trustRootRef: optional(anything),
  insecureIgnoreSCT: optional(boolean),
});

const decodeLog = strictObject({ url: optional(string), trustRootRef: optional(anything) });

/** `ctlog` stands beside `keyless`. Throws `invalid-input` for what is malformed, contradictory or not supported yet. */
export function decodeKeyless(
  value: unknown,
  ctlog: unknown,
  where: { readonly keyless: string; readonly ctlog: string },
): KeylessSigner {
  const fields = decodeFields(value, where.keyless);
  const log = ctlog === undefined ? undefined : decodeLog(ctlog, where.ctlog);
  const path = where.keyless;
  if (fields.identities === undefined || fields.identities.length === 0) {
    throw new AppError('invalid-input', `${path}.identities: expected at least one identity, found none`);
  }
  const identities = fields.identities.map((entry, index) => compileIdentity(entry, `${path}.identities[${index}]`));
  const authorities = [fields.url, fields['ca-cert'], fields.trustRootRef].filter((entry) => entry !== undefined);
  if (authorities.length > 1) {
    throw new AppError('invalid-input', `${path}: expected at most one of url, ca-cert, trustRootRef, found more`);
  }
  if (fields.trustRootRef !== undefined) throw unsupported(`${path}.trustRootRef`);
  if (log?.trustRootRef !== undefined) throw unsupported(`${where.ctlog}.trustRootRef`);
  const roots = fields['ca-cert'] === undefined ? undefined : fields['ca-cert'].data;
  if (fields['ca-cert'] !== undefined && roots === undefined) throw unsupported(`${path}.ca-cert without data`);
  return {
    kind: 'keyless',
    id: digestOf(JSON.stringify([fields, log ?? null])),
    identities,
    authority: hostOf(fields.url, `${path}.url`),
    log: hostOf(log?.url, `${where.ctlog}.url`),
    roots,
    unsafeIgnoreScts: fields.insecureIgnoreSCT ?? false,
  };
}

function compileIdentity(value: unknown, where: string): IdentityRule {
  const { issuer, issuerRegExp, subject, subjectRegExp } = decodeIdentity(value, where);
  requireOne({ issuer, issuerRegExp }, ['issuer', 'issuerRegExp'], where);
  requireOne({ subject, subjectRegExp }, ['subject', 'subjectRegExp'], where);
  return {
    issuer: compileRule({ text: issuer, pattern: issuerRegExp }, `${where}.issuer`),
    subject: compileRule({ text: subject, pattern: subjectRegExp }, `${where}.subject`),
  };
}

/** A pattern must match the whole name, so that none lets a longer one pass. */
function compileRule(
  given: { readonly text: string | undefined; readonly pattern: string | undefined },
  where: string,
): TextRule {
  try {
    return given.text === undefined ? parsePattern(given.pattern ?? '', `${where}RegExp`) : exactly(given.text);
  } catch (cause) {
    const message = cause instanceof AppError ? cause.message : String(cause);
    throw new AppError('invalid-input', `${where}: ${message}`, { cause });
  }
}

function hostOf(url: string | undefined, where: string): string | undefined {
  if (url === undefined) return undefined;
  const host = URL.parse(url)?.host ?? '';
  if (host !== '') return host;
  throw new AppError('invalid-input', `${where}: expected a URL, found "${url}"`);
}

function unsupported(where: string): AppError {
  return new AppError(
    'invalid-input',
    `${where}: not supported yet; the policy is refused rather than enforced in part`,
  );
}
