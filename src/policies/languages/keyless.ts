/** The keyless authority of a ClusterImagePolicy: identities, and whose certificates count. */
import {
  AppError,
  arrayOf,
  anything,
  boolean,
  exactly,
  optional,
  parsePattern,
  strictObject,
  string,
} from '../../core/index.ts';
import type { IdentityRule, TextRule } from '../../core/index.ts';
import type { KeylessSigner } from '../policy.ts';
import { requireText, requireTrustRoot } from '../resources.ts';
import type { Need, PolicyResources } from '../resources.ts';
import { decodeSecretRef, secretNeed } from './key.ts';
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
      secretRef: optional(decodeSecretRef),
      kms: optional(string),
      hashAlgorithm: optional(string),
    }),
  ),
  trustRootRef: optional(string),
  insecureIgnoreSCT: optional(boolean),
});

/** What of a keyless signer `keyless` itself says. */
export type KeylessTerms = Pick<KeylessSigner, 'identities' | 'authority' | 'trustRoot' | 'roots' | 'unsafeIgnoreScts'>;

/** Throws `invalid-input` for what is malformed or contradictory. */
export function readKeyless(
  value: unknown,
  where: string,
): {
  readonly needs: readonly Need[];
  readonly trustRootRef: string | undefined;
  open(resources: PolicyResources): KeylessTerms;
} {
  const fields = decodeFields(value, where);
  const { url, trustRootRef, 'ca-cert': caCert } = fields;
  if (fields.identities === undefined || fields.identities.length === 0) {
    throw new AppError('invalid-input', `${where}.identities: expected at least one identity, found none`);
  }
  const identities = fields.identities.map((entry, index) => compileIdentity(entry, `${where}.identities[${index}]`));
  if (url !== undefined && caCert !== undefined)
    throw new AppError('invalid-input', `${where}: expected at most one of url, ca-cert, found both`);
  if (caCert !== undefined) requireOne(caCert, ['data', 'secretRef', 'kms'], `${where}.ca-cert`);
  const secret = caCert?.secretRef === undefined ? undefined : secretNeed(caCert.secretRef);
  const authority = hostOf(url, `${where}.url`);
  return {
    needs: [
      ...(secret === undefined ? [] : [secret]),
      ...(trustRootRef === undefined ? [] : [{ kind: 'trust-root' as const, name: trustRootRef }]),
    ],
    trustRootRef,
    open: (resources) => {
      if (caCert?.kms !== undefined)
        throw new AppError(
          'invalid-input',
          `${where}.ca-cert.kms: expected data or secretRef, for a key is no certificate`,
        );
      const roots = secret === undefined ? caCert?.data : requireText(resources, secret, `${where}.ca-cert.secretRef`);
      return {
        identities,
        ...(authority === undefined ? {} : { authority }),
        ...(roots === undefined ? {} : { roots }),
        ...(trustRootRef === undefined
          ? {}
          : { trustRoot: requireTrustRoot(resources, trustRootRef, `${where}.trustRootRef`) }),
        unsafeIgnoreScts: fields.insecureIgnoreSCT ?? false,
      };
    },
  };
}

function compileIdentity(value: unknown, where: string): IdentityRule {
  const { issuer, issuerRegExp, subject, subjectRegExp } = decodeIdentity(value, where);
  if (isAnything(issuerRegExp) && isAnything(subjectRegExp))
    throw new AppError('invalid-input', `${where}: expected somebody, found patterns that anybody matches`);
  requireOne({ issuer, issuerRegExp }, ['issuer', 'issuerRegExp'], where);
  requireOne({ subject, subjectRegExp }, ['subject', 'subjectRegExp'], where);
  return {
    issuer: compileRule({ text: issuer, pattern: issuerRegExp }, `${where}.issuer`),
    subject: compileRule({ text: subject, pattern: subjectRegExp }, `${where}.subject`),
  };
}

function isAnything(pattern: string | undefined): boolean {
  return pattern !== undefined && /^\^*\(?\.[*+]\)?\$*$/.test(pattern);
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

export function hostOf(url: string | undefined, where: string): string | undefined {
  if (url === undefined) return undefined;
  const host = URL.parse(url)?.host ?? '';
  if (host !== '') return host;
  throw new AppError('invalid-input', `${where}: expected a URL, found "${url}"`);
}
