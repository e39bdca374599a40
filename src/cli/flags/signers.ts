/** Flags that say whose signature is wanted and whom to believe about it, as cosign names them. */
import type { IdentityInput, SignersInput } from '../../app/open-signers.ts';
import type { FlagValues, Flags } from '../command.ts';
import { VERIFY_COMPATIBILITY_FLAGS, VERIFYING_KEY_FLAG } from './trust.ts';

export const SIGNER_FLAGS = {
  ...VERIFYING_KEY_FLAG,
  'certificate-identity': {
    kind: 'list',
    value: 'NAME',
    description: 'e-mail address or URI that the certificate is about, exactly; repeated, any of them may have signed',
  },
  'certificate-identity-regexp': {
    kind: 'list',
    value: 'PATTERN',
    description: 'regular expression for it, which must match from the first character to the last',
  },
  'certificate-oidc-issuer': {
    kind: 'string',
    value: 'URL',
    description: 'who vouched for the identity, for example https://token.actions.githubusercontent.com',
  },
  'certificate-oidc-issuer-regexp': { kind: 'string', value: 'PATTERN', description: 'regular expression for it' },
  'certificate-github-workflow-name': { kind: 'string', value: 'NAME', description: 'name of the GitHub workflow' },
  'certificate-github-workflow-ref': { kind: 'string', value: 'REF', description: 'git reference it ran on' },
  'certificate-github-workflow-repository': { kind: 'string', value: 'NAME', description: 'OWNER/NAME it ran in' },
  'certificate-github-workflow-sha': { kind: 'string', value: 'SHA', description: 'commit it ran on' },
  'certificate-github-workflow-trigger': { kind: 'string', value: 'EVENT', description: 'event that started it' },
  'trusted-root': {
    kind: 'string',
    value: 'FILE',
    description:
      'Sigstore trusted root: CAs, logs and timestamp authorities to believe; with --key the log is then required too',
  },
  'witness-policy': {
    kind: 'string',
    value: 'FILE',
    description: 'who must have cosigned the checkpoint of the log (tlog-policy: witness, group and quorum lines)',
  },
  certificate: {
    kind: 'string',
    aliases: ['cert'],
    value: 'FILE',
    description: 'PEM certificate of the signer, for signatures that carry none',
  },
  sct: {
    kind: 'string',
    value: 'FILE',
    description: 'SCT beside the certificate: the JSON with which the log answered add-chain',
  },
  'certificate-chain': {
    kind: 'string',
    aliases: ['cert-chain'],
    value: 'FILE',
    description:
      'PEM chain of your own CA, from the issuer of signers to the root, instead of those of the trusted root',
  },
  'ca-roots': { kind: 'string', value: 'FILE', description: 'PEM roots of your own CAs' },
  'ca-intermediates': { kind: 'string', value: 'FILE', description: 'PEM CAs between those roots and signers' },
  'timestamp-certificate-chain': {
    kind: 'string',
    value: 'FILE',
    description: 'PEM chain of your own timestamp authority, from its certificate to the root',
  },
  'use-signed-timestamps': { kind: 'boolean', description: 'require an RFC 3161 timestamp' },
  'insecure-ignore-tlog': { kind: 'boolean', description: 'require no entry in a transparency log' },
  'insecure-ignore-sct': { kind: 'boolean', description: 'require no proof that the certificate was published' },
  ...VERIFY_COMPATIBILITY_FLAGS,
} as const satisfies Flags;

/** Where the signature of a file is. */
export const BLOB_PROOF_FLAGS = {
  bundle: { kind: 'string', value: 'FILE', description: 'Sigstore bundle, or the JSON of older cosign' },
  signature: { kind: 'string', value: 'FILE', description: 'base64 signature: a file, or the text itself' },
  'rfc3161-timestamp': {
    kind: 'string',
    value: 'FILE',
    description: 'timestamp of the signature, as cosign writes it, where there is no bundle',
  },
  explain: { kind: 'boolean', description: 'show step by step why the signature counts or does not' },
} as const satisfies Flags;

type SignerFlagValues = FlagValues<typeof SIGNER_FLAGS>;

export function signersOf(flags: SignerFlagValues): SignersInput {
  const identity = identityOf(flags);
  return {
    keys: flags.key,
    ...(identity === undefined ? {} : { identity }),
    certificate: flags.certificate,
    sct: flags.sct,
    trust: {
      offline: flags.offline,
      trustedRoot: flags['trusted-root'],
      witnessPolicy: flags['witness-policy'],
      roots: flags['ca-roots'],
      intermediates: flags['ca-intermediates'],
      chain: flags['certificate-chain'],
      timestampChain: flags['timestamp-certificate-chain'],
      unsafeIgnoreLog: flags['insecure-ignore-tlog'] || flags['private-infrastructure'],
      unsafeIgnoreScts: flags['insecure-ignore-sct'],
      timestamps: flags['use-signed-timestamps'],
    },
  };
}

/** Claims of Fulcio's certificates (1.3.6.1.4.1.57264.1.N) and the flags that ask for them. */
const CLAIM_FLAGS = [
  [2, 'certificate-github-workflow-trigger'],
  [3, 'certificate-github-workflow-sha'],
  [4, 'certificate-github-workflow-name'],
  [5, 'certificate-github-workflow-repository'],
  [6, 'certificate-github-workflow-ref'],
] as const;

type IdentityFlagValues = Pick<
  SignerFlagValues,
  'certificate-identity' | 'certificate-identity-regexp' | 'certificate-oidc-issuer' | 'certificate-oidc-issuer-regexp'
> &
  Partial<SignerFlagValues>;

/** Undefined only where no flag speaks of an identity: half of one is for the use case to refuse. */
export function identityOf(flags: IdentityFlagValues): IdentityInput | undefined {
  const claims = Object.fromEntries(
    CLAIM_FLAGS.flatMap(([number, name]) => (flags[name] === undefined ? [] : [[number, flags[name]]])),
  );
  const identity = {
    subjects: flags['certificate-identity'],
    subjectPatterns: flags['certificate-identity-regexp'],
    issuer: flags['certificate-oidc-issuer'],
    issuerPattern: flags['certificate-oidc-issuer-regexp'],
    claims,
  };
  const { issuer, issuerPattern, subjects, subjectPatterns } = identity;
  const isGiven =
    subjects.length + subjectPatterns.length + Object.keys(claims).length > 0 ||
    issuer !== undefined ||
    issuerPattern !== undefined;
  return isGiven ? identity : undefined;
}
